"""What providers send becomes happenings: each by its own type, nothing guessed, nothing silently lost, nothing raised by strange input."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.engagement.shapes import SHAPES, Unreadable, read
from outrider.engagement.shapes.common import EARLIEST
from tests.thorough import TIMES

from .samples import AT, GENERIC, LEMLIST, SENDGRID, SMARTLEAD, as_json

WHEN = datetime.fromtimestamp(AT, UTC)


def one(kind, event):
    shaped = read(kind, as_json([event] if kind == "sendgrid" else event))
    assert shaped.ignored == {}
    return shaped.happenings[0]


def test_sendgrids_events_are_what_they_mean_here():
    shaped = read("sendgrid", as_json(SENDGRID))
    types = ["deferred", "delivered", "open", "click", "bounce", "bounce", "spam_report", "unsubscribe", "unsubscribe"]
    assert [happening.type for happening in shaped.happenings] == types
    assert sorted(why.partition(":")[0] for why in shaped.ignored) == ["group_resubscribe", "processed"]
    assert {happening.rfc_message_id for happening in shaped.happenings} == {"<m1@sender.example>"}
    assert len({happening.key for happening in shaped.happenings}) == len(types)
    assert shaped.happenings[5].payload["event"] == "dropped"
    click = shaped.happenings[3]
    assert (click.url, click.address, click.user_agent) == ("https://example.org/a", "192.0.2.7", "Mozilla/5.0 (Macintosh)")
    assert click.occurred_at == WHEN + timedelta(seconds=4)


def test_sendgrids_custom_argument_names_the_message():
    message = uuid4()
    assert one("sendgrid", {**SENDGRID[2], "outrider_message_id": str(message)}).message_id == message


def test_sendgrid_says_when_a_machine_opened():
    assert one("sendgrid", {**SENDGRID[3], "sg_machine_open": True}).payload["sg_machine_open"] is True


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("emailsSent", "sent"),
        ("emailsOpened", "open"),
        ("emailsClicked", "click"),
        ("emailsReplied", "reply"),
        ("emailsBounced", "bounce"),
        ("emailsUnsubscribed", "unsubscribe"),
        ("linkedinReplied", "linkedin_reply"),
        ("linkedinInviteAccepted", "linkedin_invite_accepted"),
    ],
)
def test_lemlists_activities_are_what_they_mean_here(name, type):
    happening = one("lemlist", {**LEMLIST, "type": name})
    assert (happening.type, happening.platform, happening.email, happening.occurred_at) == (type, "lemlist", "ana@example.org", WHEN)
    assert happening.key == f"lemlist:{name}:act_1"
    assert happening.payload["campaignName"] == "Autumn"
    assert "secret" not in happening.payload


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("EMAIL_SENT", "sent"),
        ("EMAIL_OPEN", "open"),
        ("EMAIL_LINK_CLICK", "click"),
        ("EMAIL_REPLY", "reply"),
        ("EMAIL_BOUNCE", "bounce"),
        ("LEAD_UNSUBSCRIBED", "unsubscribe"),
        ("EMAIL_REPLIED", "reply"),
    ],
)
def test_smartleads_events_are_what_they_mean_here(name, type):
    happening = one("smartlead", {**SMARTLEAD, "event_type": name})
    assert (happening.type, happening.email, happening.rfc_message_id) == (type, "ana@example.org", "<m1@sender.example>")
    assert happening.url == ("https://example.org/a" if type == "click" else None)
    assert "secret_key" not in happening.payload
    assert "sent_message" not in happening.payload


def test_smartleads_older_and_other_fields_are_read_too():
    older = {"event_type": "EMAIL_OPEN", "time_opened": "2025-11-20T08:00:00Z", "to_email": "ana@example.org", "campaign_id": 1}
    assert one("smartlead", older).occurred_at == WHEN
    other = {
        "event": "EMAIL_CLICKED",
        "timestamp": "2025-11-20T08:00:00Z",
        "lead": {"email": "ana@example.org"},
        "link": {"url": "https://example.org/b"},
    }
    assert (one("smartlead", other).email, one("smartlead", other).url) == ("ana@example.org", "https://example.org/b")


def test_our_own_shape_takes_one_event_an_array_or_an_object_with_events():
    event = GENERIC["events"][0]
    for body in (event, [event], GENERIC):
        shaped = read("generic", as_json(body))
        assert [(found.type, found.platform, found.key) for found in shaped.happenings] == [
            ("trial_started", "product", "product:trial_started:1")
        ]


def test_what_cannot_be_used_is_counted_and_keeps_nothing_else_back():
    shaped = read("sendgrid", as_json([SENDGRID[2], {"event": "invented", "timestamp": AT}, {**SENDGRID[2], "timestamp": "soon"}, 7, {}]))
    assert len(shaped.happenings) == 1
    assert shaped.ignored == {"unknown event invented": 1, "timestamp is no time": 1, "not an object": 1, "it names no event": 1}


def test_an_event_that_is_nested_without_end_keeps_no_other_back():
    deep: object = 1
    for _ in range(100):
        deep = [deep]
    event = {"type": "reply", "occurred_at": AT, "email": "ana@example.org"}
    shaped = read("generic", as_json({"events": [event, {**event, "payload": {"deep": deep}}]}))
    assert (len(shaped.happenings), list(shaped.ignored)) == (1, ["nested deeper than 50"])


def test_nobody_else_speaks_for_our_own_platform():
    event = {"type": "unsubscribe", "occurred_at": AT, "email": "ana@example.org", "platform": "outrider", "payload": {"scope": "campaign"}}
    assert read("generic", as_json({"events": [event]})).happenings == []


@pytest.mark.parametrize("at", [0, 5, AT + 10**9, 1e300, "1999-01-01", "9999-12-31T23:59:59Z", True, [], {"a": 1}])
def test_a_time_that_cannot_be_true_is_left_out(at):
    assert read("sendgrid", as_json([{**SENDGRID[2], "timestamp": at}])).happenings == []


def test_two_events_under_long_ids_stay_two():
    ids = ["x" * 400 + "1", "x" * 400 + "2"]
    keys = {one("generic", {**GENERIC["events"][0], "id": id}).key for id in ids}
    assert len(keys) == 2
    assert all(len(key) <= 200 for key in keys)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("sendgrid", b"{}"),
        ("sendgrid", b"7"),
        ("generic", b'{"events": 1}'),
        ("lemlist", b'"x"'),
        ("smartlead", b"null"),
        ("generic", b"{"),
        ("generic", b""),
        ("generic", b"\xff\xfe"),
    ],
)
def test_a_body_of_another_shape_is_said_to_be_one(kind, body):
    with pytest.raises(Unreadable):
        read(kind, body)


def test_nul_characters_are_dropped_and_backslashes_are_not():
    happening = one("generic", {**GENERIC["events"][0], "payload": {"a": "x\0y", "b": "\\u0000"}})
    assert happening.payload == {"a": "xy", "b": "\\u0000"}


PLAIN = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)
WRONG = st.sampled_from(
    [[], {}, [[]], [{"url": 1}], {"message_id": "a@b"}, "<>", "@", "a@b@c", "::1", "\0", "x" * 9000, "<a@b.example>", [None]]
)
VALUES = PLAIN | WRONG
NAMES = st.sampled_from(
    sorted({name for sample in (*SENDGRID, LEMLIST, SMARTLEAD, *GENERIC["events"]) for name in sample} | {"reply_message", "link", "email"})
)
EVENTS = st.dictionaries(NAMES, VALUES, max_size=6)


@settings(max_examples=100 * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(sorted(SHAPES)), base=st.sampled_from([*SENDGRID, LEMLIST, SMARTLEAD, GENERIC["events"][0]]), changes=EVENTS)
def test_whatever_stands_in_an_event_it_becomes_a_happening_or_is_counted(kind, base, changes):
    event = {**base, **changes}
    shaped = read(kind, json.dumps([event], ensure_ascii=True).encode("utf-8"))
    assert len(shaped.happenings) + sum(shaped.ignored.values()) == 1
    for happening in shaped.happenings:
        assert EARLIEST <= happening.occurred_at <= datetime.now(UTC) + timedelta(days=1)
        assert len(happening.email or "") <= 254
        assert len(happening.key or "") <= 200
        assert len(happening.url or "") <= 8000
