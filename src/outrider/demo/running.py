"""The demo while `outrider up` runs: the mail server, the crowd, and the campaign the first time."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from outrider import engagement, marketing, runtime, tenancy
from outrider.kit import outgoing
from outrider.kit.pages import NavItem
from outrider.web import Addition

from . import campaign
from .crowd import Crowd, Hook
from .mails import Mails
from .pages import make_router
from .server import HOST, serving

HOOK = "Demo crowd"
NAVIGATION = (NavItem("Demo mails", "/demo/mails", "inbox", "mailboxes:read", "Sending", 40),)
Say = Callable[[str], None]


def addition_of(organization: tenancy.OrganizationId, home: Path) -> Addition:
    """Return the pages with the demo's mails."""
    return Addition(make_router(_mails(home), organization), NAVIGATION)


@asynccontextmanager
async def running(organization: tenancy.OrganizationId, home: Path, port: int, base: str, say: Say) -> AsyncIterator[bool]:
    """Take mail on a port of this machine and have the demo's people read it, for the time of the block; make the
    campaign if none is there.

    `base` is where our own server answers. The block's value is whether mail is taken: not when the port is somebody else's.
    """
    readers = Crowd(base, await _make_hook(organization, base))
    async with AsyncExitStack() as server:
        try:
            await server.enter_async_context(serving(_mails(home), port, readers.take))
        except OSError:  # of the port alone: what goes wrong in the block is the block's
            say(f"port {port} is taken, so the demo sends no mail: set OUTRIDER_DEMO_MAIL_PORT to another one")
            yield False
            return
        server.push_async_callback(readers.close)
        outgoing.allow(HOST, port)
        people = await _make_campaign(organization, port)
        if people:
            say(f"a campaign writes to {people} people of the demo; read their mails at {base}/demo/mails")
        yield True


def _mails(home: Path) -> Mails:
    return Mails(home / "demo-mails")


async def _make_campaign(organization: tenancy.OrganizationId, port: int) -> int:
    """Make and start the campaign, unless there are campaigns; returns how many people are in it."""
    async with tenancy.transaction(organization, runtime.me(), readonly=True) as connection:
        if (await marketing.Campaigns(connection, organization).page(limit=1)).items:
            return 0
    return await campaign.make(organization, port)


async def _make_hook(organization: tenancy.OrganizationId, base: str) -> Hook:
    """Make a webhook for the answers; the one of the last time goes, since nobody knows its address any more."""
    async with tenancy.transaction(organization, runtime.me()) as connection:
        sources = engagement.WebhookSources(connection, organization)
        for source in (await sources.page(limit=200)).items:
            if source.name == HOOK:
                await sources.delete(source.id)
        made = await sources.create("generic", HOOK)
    return Hook(f"{base}{made.path}", made.secret or "")
