"""An SMTP server that writes down what it accepts and can be told to misbehave, in a thread or as a process of its own:
`python -m tests.sending.sink PORT FILE BEHAVIOUR SECONDS`. One line per accepted message: when, Message-ID, recipient.

A behaviour is a comma-separated list of `what=share`: 421, 450, 550 (at RCPT), data450, data554, drop_before (at DATA), drop_after (accepted,
no answer), lose_after (not accepted, no answer), hang (accepted, no answer for long), latin1 (accepted, and said in another encoding). What is
drawn for a recipient is drawn once: the second time the message is taken, except for 550 and data554.
"""  # noqa: E501

import asyncio
import hashlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path

HANG_SECONDS = 3600


@dataclass
class Sink:
    """Listens on `port` (0: any) of this machine; `accepted` are (time, Message-ID, recipient) of what it took."""

    behaviour: str = ""
    file: Path | None = None
    port: int = 0
    accepted: list[tuple[float, str, str]] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    delay: float = 0.0

    def __post_init__(self) -> None:
        self.shares = [(name, float(share)) for name, _, share in (part.partition("=") for part in self.behaviour.split(",") if part)]

    def does(self, recipient: str) -> str | None:
        """What is done to a message to this recipient, this time."""
        point = int.from_bytes(hashlib.sha256(recipient.encode()).digest()[:8]) / 2**64
        for name, share in self.shares:
            if point < share:
                again = self.tries[recipient] > 0 and name not in ("550", "data554")
                return None if again else name
            point -= share
        return None

    def take(self, data: bytes, recipient: str) -> None:
        """Write a message down as accepted, before it is answered."""
        head = data.partition(b"\r\n\r\n")[0]
        mid = next(line.partition(b":")[2].strip().decode() for line in head.split(b"\r\n") if line.lower().startswith(b"message-id:"))
        self.accepted.append((time.time(), mid, recipient))
        self.messages.append(data)
        if self.file is not None:
            with self.file.open("a") as lines:
                lines.write(f"{time.time():.6f} {mid} {recipient}\n")

    def parsed(self) -> list[Message]:
        """The accepted messages."""
        return [message_from_bytes(data) for data in self.messages]

    async def serve(self, on_ready: Callable[[int], None] = lambda _: None) -> None:
        """Serve until cancelled."""
        server = await asyncio.start_server(self._session, "127.0.0.1", self.port, limit=2**24)
        self.port = server.sockets[0].getsockname()[1]
        on_ready(self.port)
        async with server:
            await server.serve_forever()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        say("220 sink ESMTP")
        recipient, does = "", None
        while line := await reader.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            self.commands.append(verb.upper())
            match verb.upper():
                case "EHLO":
                    say("250-sink")
                    say("250-8BITMIME" if not self.passwords else "250-AUTH PLAIN XOAUTH2")
                    say("250 SIZE 10000000")
                case "AUTH":
                    say("235 2.7.0 come in" if rest in self.passwords.values() else "535 5.7.8 bad username or password")
                case "RCPT":
                    recipient = rest.partition("<")[2].rstrip(">")
                    does = self.does(recipient)
                    self.tries[recipient] += 1
                    if does == "421":
                        say("421 4.3.2 too busy")
                        return
                    say({"450": "450 4.2.1 slow down", "550": "550 5.1.1 no such user"}.get(does or "", "250 2.1.5 ok"))
                case "DATA":
                    if does == "drop_before":
                        return
                    say("354 go on")
                    data = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                    if self.delay:
                        await asyncio.sleep(self.delay)
                    if does == "lose_after":
                        return
                    if does in ("data450", "data554"):
                        say("450 4.3.0 later" if does == "data450" else "554 5.7.1 looks like spam")
                        continue
                    self.take(data, recipient)
                    if does == "drop_after":
                        return
                    if does == "hang":
                        await asyncio.sleep(HANG_SECONDS)
                    writer.write(b"250 2.0.0 re\xe7u\0\r\n" if does == "latin1" else b"250 2.0.0 queued\r\n")
                case "QUIT":
                    say("221 bye")
                    return
                case "MAIL" | "RSET" | "NOOP":
                    say("250 2.0.0 ok")
                case _:
                    say("502 5.5.1 no")
            await writer.drain()


class SinkThread:
    """`with SinkThread(Sink(...)) as sink`: the sink serves in a thread of its own."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self.sink.serve(lambda _: self._ready.set()))
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pending = asyncio.all_tasks(self._loop)
            for task in pending:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))

    def __enter__(self) -> Sink:
        self._thread.start()
        assert self._ready.wait(10)
        return self.sink

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)


if __name__ == "__main__":
    port, file, behaviour, delay = sys.argv[1:]
    asyncio.run(Sink(behaviour, Path(file), int(port), delay=float(delay)).serve())
