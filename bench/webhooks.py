"""Events through a webhook: SendGrid's array over HTTP, signed, kept, and worked on by the job; against plain INSERT of as many rows into a
table of the same columns and indexes, in the same run."""

import asyncio
import subprocess
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import orjson

from outrider import ops
from outrider.engagement.deliveries import WORK
from outrider.engagement.sources import WebhookSources
from outrider.engagement.tasks import TASKS
from outrider.tenancy import transaction
from tests.engagement.samples import SendGridKey
from tests.sending.scene import Scene

from .ingesting import free_port, until_ready
from .lab import Lab
from .report import heading, percentiles, table

TYPES = ("delivered", "open", "click")
SENDERS = 4


async def run(lab: Lab, events: int, in_each: int = 100) -> None:
    """Print the figures."""
    heading(f"Webhooks: {events:,} events of SendGrid, {in_each} in a delivery, over {SENDERS} connections")
    key = SendGridKey()
    async with transaction(lab.organization, lab.actor) as connection:
        made = await WebhookSources(connection, lab.organization).create("sendgrid", "bench", key.public)
    bodies = [orjson.dumps(some) for some in await _told(lab, events, in_each)]
    taken, answers = await _deliver(lab, made.path, key, bodies)
    begun = time.perf_counter()
    jobs = await _work(lab)
    worked = time.perf_counter() - begun
    kept = await lab.tenant("SELECT count(*) FROM engagement.events WHERE organization_id = $1", lab.organization)
    assert kept >= events, f"{kept} of {events} events were recorded"
    plain = await _plain(lab)
    rate, bare = events / (taken + worked), kept / plain
    p50, p95 = percentiles(answers)
    table(
        [
            ("plain INSERT of the same events", f"{bare:,.0f} events/s"),
            ("over HTTP, checked, kept and recorded", f"{rate:,.0f} events/s, {rate / bare:.2f} of that"),
            ("an answer of the address", f"p50 {p50:.1f} ms  p95 {p95:.1f} ms, {events / taken:,.0f} events/s taken"),
            ("the job", f"{events / worked:,.0f} events/s ({jobs} deliveries, one after another)"),
        ]
    )


async def _told(lab: Lab, events: int, in_each: int) -> list[list[dict[str, object]]]:
    """What SendGrid would tell of messages that were sent: each delivered, opened and clicked."""
    scene = Scene(lab.admin, lab.organization)
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    messages = await scene.queue(campaign, mailbox, -(-events // len(TYPES)))
    at = datetime.now(UTC) - timedelta(hours=1)
    await scene.run("UPDATE sending.messages SET status = 'sent', sent_at = $2, counted_at = $2 WHERE campaign_id = $1", campaign, at)
    rows = await scene.run("SELECT id, message_id, recipient FROM sending.messages WHERE id = ANY ($1::uuid[])", messages)
    for name in ("sending.messages", "marketing.enrollments", "vault.contacts", "people.master"):
        await lab.admin.execute(f"VACUUM ANALYZE {name}")
    told = [
        {"email": row["recipient"], "timestamp": int(at.timestamp()) + 600 * (number + 1), "event": type, "sg_event_id": uuid4().hex,
         "smtp-id": row["message_id"], "ip": "198.51.100.7", "useragent": "Mozilla/5.0 (Macintosh)", "url": "https://example.org/a"}
        for row in rows for number, type in enumerate(TYPES)
    ][:events]  # fmt: skip
    return [told[start : start + in_each] for start in range(0, len(told), in_each)]


async def _deliver(lab: Lab, path: str, key: SendGridKey, bodies: list[bytes]) -> tuple[float, list[float]]:
    """Seconds that a server in a process of its own took for all deliveries, and for each."""
    port = free_port()
    server = subprocess.Popen(
        lab.outrider("serve"), env={**lab.environment, "OUTRIDER_PORT": str(port)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            await until_ready(client)
            left, answers = iter(bodies), []

            async def one() -> None:
                for body in left:
                    headers = key.headers(body)
                    begun = time.perf_counter()
                    answer = await client.post(path, content=body, headers=headers)
                    answers.append(time.perf_counter() - begun)
                    assert answer.status_code == 202, answer.text

            begun = time.perf_counter()
            await asyncio.gather(*(one() for _ in range(SENDERS)))
            return time.perf_counter() - begun, answers
    finally:
        server.terminate()
        await asyncio.to_thread(server.wait)


async def _work(lab: Lab) -> int:
    """Run the jobs that wait, one after another; how many."""
    done, cursor = 0, None
    waiting: list[UUID] = []
    while True:
        page = await ops.list_jobs(lab.organization, lab.actor, name=WORK, limit=500, cursor=cursor)
        waiting += [job.id for job in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    for id in waiting:
        job = await ops.run_job_here(lab.organization, id, TASKS)
        assert job.state == "completed", job.error
        done += 1
    return done


async def _plain(lab: Lab) -> float:
    """Seconds to INSERT the events that were recorded into a table like theirs, 500 a statement."""
    await lab.admin.execute("CREATE SCHEMA bench")
    await lab.admin.execute("CREATE TABLE bench.events (LIKE engagement.events INCLUDING ALL)")
    rows = await lab.admin.fetch("SELECT to_jsonb(e) AS row FROM engagement.events AS e")
    documents = [row["row"] for row in rows]
    begun = time.perf_counter()
    for start in range(0, len(documents), 500):
        await lab.admin.execute(
            "INSERT INTO bench.events SELECT * FROM jsonb_populate_recordset(NULL::bench.events, $1)", documents[start : start + 500]
        )
    return time.perf_counter() - begun
