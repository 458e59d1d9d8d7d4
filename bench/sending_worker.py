"""One of several sending processes: `python -m bench.sending_worker COUNT` says "ready", and sends until SIGTERM."""

import asyncio
import signal
import sys

from outrider import runtime
from outrider.sending import Watch, run_sender

from .sending import habits


async def main() -> None:
    """Send in the installation that the environment names."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with runtime.opened(migrate=False, announce=False, program="worker") as place:
        print("ready", flush=True)
        await run_sender(habits(workers=int(sys.argv[1])), Watch(place.home, is_shared=False), stop=stop)


if __name__ == "__main__":
    runtime.run(main())
