"""Templates: what they may say, what they become, and what they can never do."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.kit.errors import InvalidInput
from outrider.marketing.rendering import MissingVariable, outline, parse, render_message, render_text, to_text, variables_in
from outrider.marketing.rendering.messages import _fill
from outrider.marketing.rendering.plain import inlined
from outrider.marketing.rendering.prepared import prepared

ANA = {"first_name": "Ana", "company": "Acme & Sons", "title": " "}


def text(template: str, seed: str = "s", **more: str) -> str:
    return render_text(template, {**ANA, **more}, seed=seed)


@pytest.mark.parametrize("written", ["{{first_name}}", "{{ First_Name }}", "{{firstName}}", "{{ FIRST NAME }}", "{{ first-name }}"])
def test_a_variable_is_known_however_it_is_written(written):
    assert text(f"Hi {written},") == "Hi Ana,"


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ('{{ title | default("there") }}', "there"),
        ("{{ title | default('there') }}", "there"),
        ('{{title|company|"you"}}', "Acme & Sons"),
        ('{{title|nickname|"you | me"}}', "you | me"),
        ('{{ first_name | default("there") }}', "Ana"),
        ('{{ title | "" }}', ""),
    ],
)
def test_the_first_that_has_a_value_stands(template, shown):
    assert text(template) == shown


@pytest.mark.parametrize("template", ["{{ title }}", "{{ nickname }}", "{{ title | nickname }}", "{a|{{ nickname }}}"])
def test_nobody_gets_a_hole(template):
    with pytest.raises(MissingVariable):
        text(template)


@pytest.mark.parametrize(
    "template", ["{{ first_name", '{{ "only text" }}', "{{ }}", "{{ a.b() }}", "{{ x | upper(1) }}", "{{ __class__ }}", "{{ 'x' | name }}"]
)
def test_what_cannot_be_read_is_said_so(template):
    with pytest.raises(InvalidInput):
        parse(template)


def test_spintax_draws_every_option_and_always_the_same_for_a_seed():
    template = "{Hi|Hello|{Good|Nice} day} {{first_name}}"
    drawn = {text(template, seed=str(n)) for n in range(200)}
    assert drawn == {"Hi Ana", "Hello Ana", "Good day Ana", "Nice day Ana"}
    assert len({text(template, seed="one") for _ in range(20)}) == 1


def test_braces_without_a_bar_are_text():
    assert text("p { color: red } and { unclosed") == "p { color: red } and { unclosed"
    assert text("a } b | c") == "a } b | c"


def test_values_are_never_read_as_templates():
    assert text("{x{{v}}|x{{v}}}", v="{a|b} {{ company }} }") == "x{a|b} {{ company }} }"


def test_html_is_escaped_in_the_body_and_not_in_the_subject():
    message = render_message("For {{ company }}", "<p>{{ company }}</p>", ANA, seed="s")
    assert message.subject == "For Acme & Sons"
    assert "Acme &amp; Sons" in message.html
    assert message.text == "Acme & Sons\n"


def test_a_subject_is_one_line():
    assert render_message("a\r\nBcc: x@example.com", "", {}, seed="s").subject == "a Bcc: x@example.com"


def test_styles_are_inlined_and_links_are_in_the_plain_text():
    message = render_message("s", '<style>p{color:red}</style><p>Read <a href="https://x.example/a">this</a></p>', {}, seed="s")
    assert 'style="color: red' in message.html
    assert "https://x.example/a" in message.text


def test_what_a_template_needs_is_known_without_rendering_it():
    assert variables_in(parse('{{ a }} {{ b | "x" }} {{{ c }}|d} {{ b }}')) == {"a": False, "b": False, "c": False}


def test_templates_are_bounded():
    with pytest.raises(InvalidInput):
        parse("x" * 500_001)
    with pytest.raises(InvalidInput):
        parse("{a|b}" * 501)
    assert text("{ " * 50_000 + "|" + "} " * 50_000)


@given(st.text(alphabet="{}|ab \"'", max_size=60))
def test_any_text_is_read_or_refused_and_never_breaks(template):
    with suppress(InvalidInput, MissingVariable):
        text(template, a="1", b="2", ab="3")


def test_a_template_is_said_in_words_where_it_is_not_written():
    pieces = outline(
        '{Hi {{ last_name }}|Hello {{ first_name }}|} {{ firstName | company | default("there") }}, {{ title | "" }} { not a choice }'
    )
    assert "".join(piece.text for piece in pieces) == "Hi last name first name, title { not a choice }"
    assert [(piece.note, piece.is_choice) for piece in pieces if piece.note] == [
        ("Each person gets one of: Hi «last_name» / Hello «first_name» / (nothing)", True),
        ("Each person's last name", False),
        ("Each person's first name, else their company, else “there”", False),
        ("Each person's title, else nothing", False),
    ]


def test_what_cannot_be_read_is_shown_as_it_stands():
    assert [piece.text for piece in outline("Hi {{ first_name")] == ["Hi {{ first_name"]


PIECES = st.sampled_from(
    """<p> </p> <b> </b> <br> Hi &amp; <ul><li> </ul> <div_style='color:red'> </div> <h1> </h1> <a_href="https://x.example/?a=1&amp;b=2">
    <a_href="https://x.example/{{a}}"> </a> <p_{{a}}> <!--_{{a}}_--> <table><tr><td> </table> <pre> </pre> {{a}} {{b}} {{_a_}} ( [ ] < >
    {{c|default('')}} {one|{{a}}_{{b}}|<i>x</i>} \ue0000\ue001 <style>p_{color:red}</style> <span_style="white-space:pre"> </span> <script>
    </script> _""".replace("\n", "").split()
).map(lambda piece: piece.replace("_", " "))
VALUES = st.text(st.sampled_from("aZé€😀 \t\n\xa0\u200b<>&\"'[]()\ue000\ue0010{}|:/."), min_size=1, max_size=12).filter(str.strip)


@given(st.lists(PIECES, max_size=14), VALUES, VALUES)
def test_a_prepared_text_filled_is_what_the_filled_text_becomes(pieces, a, b):
    body, variables = "".join(pieces), {"a": a, "b": b}
    try:
        html = inlined(_fill(parse(body), variables, "s/body", as_html=True))
    except InvalidInput:
        return
    message = render_message("x", body, variables, seed="s")
    assert (message.html, message.text) == (html, to_text(html))


def test_a_text_of_everyday_is_prepared():
    message = render_message(
        "Hi", "<p>Dear {{a}},</p><p>{One|Two} <a href='https://x.example'>{{b}}</a></p>", {"a": "Ana", "b": "B"}, seed="s"
    )
    before = prepared.cache_info().hits
    other = render_message(
        "Hi", "<p>Dear {{a}},</p><p>{One|Two} <a href='https://x.example'>{{b}}</a></p>", {"a": "O'<b>", "b": "C"}, seed="s"
    )
    assert prepared.cache_info().hits == before + 1
    assert other.html == message.html.replace("Ana", "O'&lt;b&gt;").replace(">B<", ">C<")
    assert other.text.startswith("Dear O'<b>,")
