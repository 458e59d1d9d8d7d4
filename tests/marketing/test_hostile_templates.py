"""Texts that are made to end or hold up the process: refused, in no time, wherever they come in."""

import time
from uuid import UUID

import pytest

from outrider.kit.errors import InvalidInput
from outrider.kit.pages import preview
from outrider.kit.signing import Signer
from outrider.marketing import render_message, to_text
from outrider.marketing.rendering import parse
from outrider.sending.links import Links

DEEP = ("<b>" * 16_000 + "x", "<div>" * 500, "<table><tr><td>" * 4000, "".join(f"<p><b x={n}>" for n in range(4000)), "<b></z>" * 5000)


@pytest.mark.parametrize("body", DEEP)
def test_what_is_nested_too_deep_is_refused_before_it_is_read(body):
    for attempt in (lambda: parse(body), lambda: render_message("x", body, {}, seed="s"), lambda: to_text(body)):
        with pytest.raises(InvalidInput, match="lie in each other"):
            attempt()


def test_mail_as_people_write_it_is_not():
    body = "<table>" + "<tr><td><p>One<li>two" * 3000 + "</table>" + "<p>x<br>" * 5000 + "<b>bold</b>" * 5000
    assert "bold" in render_message("x", body, {}, seed="s").html


def test_variables_do_not_multiply_a_text_beyond_what_is_sent():
    with pytest.raises(InvalidInput, match="characters"):
        render_message("x", "{{a}}" * 20_000, {"a": "y" * 10_000}, seed="s")


@pytest.mark.parametrize("inside", ["“" * 16_000, '"' * 16_000, "a | " * 5_000])
def test_a_variable_is_short(inside):
    begun = time.process_time()
    with pytest.raises(InvalidInput):
        parse("{{ " + inside + " }}")
    assert time.process_time() - begun < 1


HOSTILE = (
    "<!-- " + "<a " * 80_000 + "-->",
    "<a " * 80_000,
    "<a href=" * 40_000,
    '<a href="' * 40_000,
    "<a" + " x" * 100_000,
    "<style>" + "url( " * 50_000,
)


@pytest.mark.parametrize("html", HOSTILE)
def test_links_and_previews_take_no_time_with_any_text(html):
    links = Links(Signer([bytes(32)]), "https://out.example", UUID(int=1), UUID(int=2))
    begun = time.process_time()
    links.rewritten(html)
    preview(html)
    assert time.process_time() - begun < 2


def test_a_preview_leads_and_loads_nowhere():
    html = (
        '<a title=">" href="https://evil.example">x</a><img src=https://evil.example/p.gif><img src="data:image/gif;base64,AA">'
        "<form action=/x>"
        '<p style="background:url(https://evil.example/b.gif)">y</p><table background="https://evil.example/t"></table><style>p{background:url("//evil.example")}</style>'
    )
    shown = preview(html).body.decode()
    assert "evil.example/" not in shown.replace("url(data:,https://evil.example/b.gif)", "")
    assert "href" not in shown
    assert "data:image/gif" in shown


def test_the_plain_text_shows_where_links_lead():
    assert to_text('<p>Read <a href="https://a.example/x">the guide</a> now.</p>') == "Read the guide (https://a.example/x) now.\n"
