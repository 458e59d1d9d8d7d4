"""What a shape lets through can be written down, however strange: one event never makes a whole delivery fail."""

import random
from typing import Any

from outrider import tenancy
from outrider.engagement import record
from outrider.engagement.shapes import SHAPES, read

from .samples import GENERIC, LEMLIST, SENDGRID, SMARTLEAD, as_json

BASES = [*SENDGRID, LEMLIST, SMARTLEAD, GENERIC["events"][0]]
OTHERS = {"ip", "payload", "url", "outrider_message_id", "person_id", "campaign_id", "enrollment_id", "reply_message", "link", "user_agent"}
NAMES = sorted({name for base in BASES for name in base} | OTHERS)
STRANGE: list[Any] = [
    [], {}, [[]], [{"url": 1}], {"message_id": "a@b"}, "<>", "@", "a@b@c", "::1", "\0", "x" * 9000, "<a@b.example>", [None], None, True, 5,
    -1, 2**63, 1.5, "fe80::1%eth0", "a@" + "b" * 250 + ".de", "<" + "a" * 995 + "@b.de>", "😀", "' OR 1=1", "1.2.3.4/24", "a" * 999,
    {"a": {"b": [1, {"c": "\0"}]}}, "2025-11-20T08:00:00", 1763625600123, "1763625600.5", "ana@example.org\n", {"scope": "campaign"},
]  # fmt: skip


async def test_whatever_a_shape_lets_through_is_recorded(organization):
    draw = random.Random(7)
    told = []
    while len(told) < 300:
        event = {**draw.choice(BASES), **{draw.choice(NAMES): draw.choice(STRANGE) for _ in range(draw.randint(1, 4))}}
        told += read(draw.choice(sorted(SHAPES)), as_json([event])).happenings
    async with tenancy.transaction(organization, tenancy.Actor("user", "test")) as connection:
        recorded = await record(connection, organization, told)
        again = await record(connection, organization, told)
    assert len(recorded) == len(told)
    assert not any(one.is_new for one in again)
