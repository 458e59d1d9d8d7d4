"""A web server and a worker in one process, for the browser tests: `python -m tests.browser.program APP_URL WORKER_URL FOLDER PORT`.

Prints its address once it listens. Ends when its standard input does, so that it never outlives the tests.
"""

import asyncio
import os
import sys
import threading
from pathlib import Path

from outrider import runtime, web, worker
from outrider.kit import database, keyring, outgoing, public_address, spool
from tests.api.fixtures import test_settings

CONNECTIONS = 16


async def main(app_url: str, worker_url: str, folder: str, port: str) -> None:
    """Serve and work until standard input ends."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    spool.configure(Path(folder))
    keyring.configure([bytes(32)])  # as tests/conftest.py has it, and the next lines too
    outgoing.configure(allow_private=True)
    public_address.configure("https://out.example")
    settings = test_settings(port=int(port), log_level="WARNING")
    async with database.connect(app_url, size=CONNECTIONS, name="outrider web"):
        serving = web.serve(settings, manage_pool=False, on_listening=lambda address: print(address, flush=True))
        await asyncio.gather(serving, worker.run(worker_url, stop=asyncio.Event()))


def _end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(0)  # nobody waits for what an open stream of events would take to close


if __name__ == "__main__":
    runtime.run(main(*sys.argv[1:]))
