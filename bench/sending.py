"""From the ledger to a mail server on this machine: personalised, tracked, signed; against aiosmtplib sending prepared bytes over as many
connections. And the claim of 100 at a million queued."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from uuid import UUID

import aiosmtplib
import psutil

from outrider.kit import outgoing, public_address
from outrider.sending import Habits, Pace, Watch, credentials, ledger, run_sender
from outrider.sending.dkim import make_key
from outrider.tenancy import transaction
from tests.sending.scene import Scene

from .lab import Lab
from .report import heading, percentiles, table

SINK = """
import asyncio, sys
async def session(reader, writer):
    writer.write(b"220 sink\\r\\n")
    try:
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\\r\\n")
                await reader.readuntil(b"\\r\\n.\\r\\n")
            elif verb == b"QUIT":
                return
            writer.write(b"250 ok\\r\\n")
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()
async def main():
    server = await asyncio.start_server(session, "127.0.0.1", 0, limit=2**22)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
import uvloop; uvloop.run(main())
"""
CONNECTIONS = 12
WORKERS = 2
BRIEF = 20_000  # messages for what needs no long run: only memory does
SENT = """
SELECT count(*) AS sent, extract(epoch FROM max(sent_at))::float8 AS last FROM sending.messages
WHERE organization_id = kit.f_organization() AND campaign_id = $1 AND status = 'sent'
"""
BODY = '<p>Dear {{first_name}},</p><p>{We saw|We noticed} what {{company|"your company"}} does. <a href="https://example.org/a">One</a> ' + (
    "<a href='https://example.org/b'>two</a> words about it. " * 8
) + "</p>"  # fmt: skip


async def run(lab: Lab, messages: int, queued: int) -> None:
    """Print the figures."""
    heading(f"Sending: {messages:,} messages over {CONNECTIONS} connections; the claim at {queued:,} queued")
    async with _sink() as port:
        await _domain(lab)
        bare = await _bare(port, min(messages, BRIEF))
        rate, memory = await _ledger(lab, port, messages)
        several = await _workers(lab, port, min(messages, BRIEF), WORKERS)
    claims = await _claims(lab, queued)
    p50, p95 = percentiles(claims)
    late = "" if p50 < 20 else "  OVER the aim of 20 ms"
    table(
        [
            ("prepared bytes with aiosmtplib", f"{bare:,.0f} messages/s"),
            ("from ledger to server, one worker", f"{rate:,.0f} messages/s (aim 300), {rate / bare:.2f} of that (aim 0.25)"),
            (f"from ledger to server, {WORKERS} workers", f"{several:,.0f} messages/s, {several / bare:.2f} of that"),
            ("memory at a fifth, and at the end", " MB, ".join(f"{megabytes:,.0f}" for megabytes in memory) + " MB"),
            (f"claim of 100 at {queued:,} queued", f"p50 {p50:.1f} ms  p95 {p95:.1f} ms{late}"),
        ]
    )


@contextlib.asynccontextmanager
async def _sink() -> AsyncIterator[int]:
    process = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


async def _bare(port: int, messages: int) -> float:
    """Messages a second of aiosmtplib alone."""
    data = b"Subject: Hello\r\nFrom: a@sender.example\r\nTo: b@example.org\r\n\r\n" + (b"x" * 70 + b"\r\n") * 50
    left = iter(range(messages))

    async def one() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="bench") as client:
            for _ in left:
                await client.sendmail("a@sender.example", ["b@example.org"], data)

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return messages / (time.perf_counter() - begun)


async def _queue(lab: Lab, port: int, messages: int) -> tuple[Scene, UUID]:
    """A paused campaign with so many messages due, of two mailboxes."""
    scene = Scene(lab.admin, lab.organization)
    mailboxes = [await scene.mailbox(smtp_port=port) for _ in range(2)]
    campaign = await scene.campaign(*mailboxes, steps=0, state="paused")
    await scene.step(campaign, 1, subject="Hello {{first_name}}", body=BODY)
    for mailbox in mailboxes:
        await scene.queue(campaign, mailbox, messages // 2)
    for name in ("sending.messages", "marketing.enrollments"):
        await lab.admin.execute(f"VACUUM ANALYZE {name}")
    return scene, campaign


async def _sent(scene: Scene, campaign: UUID, messages: int) -> tuple[float, list[float]]:
    """Let the campaign go; messages a second until all are sent, and this process's memory in MB at a fifth of them and at the end."""
    process, memory, begun = psutil.Process(os.getpid()), list[float](), time.time()
    await scene.run("UPDATE marketing.campaigns SET state = 'sending' WHERE campaign_id = $1", campaign)
    while (row := (await scene.run(SENT, campaign))[0])["sent"] < messages // 2 * 2:
        if not memory and row["sent"] > messages / 5:
            memory.append(process.memory_info().rss / 2**20)
        await asyncio.sleep(1)
    return row["sent"] / (row["last"] - begun), [*memory, process.memory_info().rss / 2**20]


async def _ledger(lab: Lab, port: int, messages: int) -> tuple[float, list[float]]:
    """Messages a second from the ledger by a sender in this process, and the process's memory."""
    outgoing.configure(allow_private=True)
    public_address.configure("https://out.example")
    scene, campaign = await _queue(lab, port, messages)
    stop = asyncio.Event()
    sender = asyncio.create_task(run_sender(habits(workers=1), Watch(lab.folder / "home", is_shared=False), stop=stop))
    try:
        return await _sent(scene, campaign, messages)
    finally:
        stop.set()
        await sender


async def _workers(lab: Lab, port: int, messages: int, count: int) -> float:
    """Messages a second from the ledger by so many worker processes."""
    scene, campaign = await _queue(lab, port, messages)
    environment = {**lab.environment, "OUTRIDER_ALLOW_PRIVATE_HOSTS": "true", "OUTRIDER_PUBLIC_URL": "https://out.example"}
    command = [sys.executable, "-m", "bench.sending_worker", str(count)]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(count)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert await asyncio.to_thread(process.stdout.readline) == b"ready\n"
        return (await _sent(scene, campaign, messages))[0]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            await asyncio.to_thread(process.wait)


def habits(workers: int) -> Habits:
    """How each of so many senders works, that together have `CONNECTIONS` for two mailboxes."""
    pace = Pace(connections=CONNECTIONS // 2 // workers)
    return Habits(claim=200, look_every=0.1, plan_every=30, pace=pace)


async def _domain(lab: Lab) -> None:
    """Give the organization what messages need: an address, and a key to sign with."""
    scene = Scene(lab.admin, lab.organization)
    await scene.run("UPDATE tenancy.organizations SET physical_address = '1 Long Street' WHERE id = $1", lab.organization)
    pem, public = await asyncio.to_thread(make_key)
    await scene.run(
        "INSERT INTO sending.domains (domain, dkim_selector, dkim_private_key_encrypted, dkim_public_key) VALUES ('sender.example', 'x', $1, $2)",
        credentials.seal_key(pem, lab.organization, "sender.example"), public,
    )  # fmt: skip


async def _claims(lab: Lab, queued: int) -> list[float]:
    """Seconds of claims of 100, with so many queued for ten mailboxes of two campaigns."""
    scene = Scene(lab.admin, lab.organization)
    mailboxes = [await scene.mailbox() for _ in range(10)]
    campaigns = [await scene.campaign(*mailboxes) for _ in range(2)]
    await scene.queue(campaigns[0], mailboxes[0], 1)
    await lab.admin.execute("SET session_replication_role = replica")  # a million people need no checks here
    for campaign in campaigns:
        await scene.run(
            """
            WITH person AS (
                INSERT INTO marketing.enrollments (campaign_id, person_id, contact_id, email, next_step)
                SELECT $1, uuidv7(), (SELECT contact_id FROM vault.contacts LIMIT 1), format('p%s@d%s.example', n, n % 100), 1
                FROM generate_series(1, $2::integer) AS n RETURNING id, person_id, contact_id, email
            )
            INSERT INTO sending.messages (
                campaign_id, enrollment_id, step_id, sequence_step, mailbox_id, person_id, contact_id, recipient, message_id, scheduled_at
            )
            SELECT $1, id, (SELECT id FROM marketing.steps WHERE campaign_id = $1), 1, ($3::uuid[])[1 + row_number() OVER () % 10], person_id,
                contact_id, email, id::text, now() FROM person
            """,
            campaign, queued // len(campaigns), mailboxes,
        )  # fmt: skip
    await lab.admin.execute("SET session_replication_role = origin")
    for name in ("sending.messages", "marketing.enrollments"):
        await lab.admin.execute(f"VACUUM ANALYZE {name}")
    seconds = []
    for _ in range(40):
        begun = time.perf_counter()
        async with transaction(lab.organization, ledger.SENDER) as connection:
            assert len(await ledger.claim(connection, "bench", 100)) == 100
        seconds.append(time.perf_counter() - begun)
    return seconds
