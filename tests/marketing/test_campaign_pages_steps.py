"""Writing a campaign: steps in the form, saved and not, their preview, and what a change means for people on their way."""

import pytest

from outrider.kit.errors import InvalidInput
from outrider.marketing.campaign_pages import step_forms
from outrider.marketing.campaign_pages.step_forms import TypedStep, TypedVariant
from outrider.marketing.paragraphs import to_html, to_typed

from .pages import HELLO, HTML, HTMX, made, post, text, words, written
from .test_campaign_pages import a_ready_one
from .test_campaigns import AGAIN, do, write
from .test_campaigns import HELLO as STEP

SECOND = {"s2.channel": "phone", "s2.delay": "2", "s2.delay_unit": "days", "s2.condition": "no_reply", "s2.instructions": "Call"}


async def steps_of(client, path):
    return (await client.get(f"/api{path}")).json()["steps"]


async def test_steps_are_written_and_read_again(signed_in, client):
    owner = await signed_in()
    path = await made(owner)
    form = {**HELLO, "s1.v1.subject": "Hello", "s1.v1.body": "Hi {{ first_name }},\n\nHow are\nyou?", **SECOND, "do": "save"}
    assert (await post(owner, f"{path}/steps", form)).headers["location"] == f"{path}/steps"
    email, call = await steps_of(client, path)
    assert email["variants"][0]["body"] == "<p>Hi {{ first_name }},</p>\n<p>How are<br>you?</p>"
    assert (call["channel"], call["delay"], call["delay_unit"], call["condition"], call["instructions"]) == (
        "phone", 2, "days", "no_reply", "Call",
    )  # fmt: skip
    page = (await owner.get(f"{path}/steps", headers=HTML)).text
    assert "Hi {{ first_name }},\n\nHow are\nyou?</textarea>" in page
    assert "&lt;p&gt;" not in page.partition("<iframe")[0]


async def test_a_new_campaign_begins_with_an_empty_email(signed_in):
    owner = await signed_in()
    page = (await owner.get(f"{await made(owner)}/steps", headers=HTML)).text
    assert 'name="s1.v1.subject"' in page
    assert 'name="s2.channel"' not in page


async def test_adding_a_step_keeps_what_was_typed_and_saves_nothing(signed_in, client):
    owner = await signed_in()
    path = await made(owner)
    form = {**HELLO, "s1.v1.subject": "Half a thou", "do": "add:linkedin"}
    page = (await post(owner, f"{path}/steps", form, 200)).text
    assert 'value="Half a thou"' in page
    assert "Not saved yet" in page
    assert '<option value="linkedin" selected>' in page.partition('name="s2.channel"')[2]
    assert await steps_of(client, path) == []
    part = (await owner.post(f"{path}/steps", data=form, headers=HTMX)).text
    assert part.lstrip().startswith("<form")


async def test_a_step_with_a_template_says_its_text(signed_in, client, add_person):
    await add_person("ana@one.example")
    template = (await client.post("/api/templates", json={"name": "Short", "subject": "Short one", "body": "<p>Hello</p>"})).json()["id"]
    owner = await signed_in()
    path = await made(owner)
    await post(owner, f"{path}/steps", {**HELLO, "s1.v1.template": template, "s1.v1.subject": "mine", "do": "save"})
    variant = (await steps_of(client, path))[0]["variants"][0]
    assert (variant["template_id"], variant["subject"]) == (template, "")
    assert "Short one" in await text(owner, f"{path}/preview")


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({**HELLO, **SECOND, "s2.delay": "soon"}, "Step 2: 'soon' is no whole number."),
        ({**HELLO, **SECOND, "s2.delay": ""}, "Step 2: say how long after the step before"),
        ({**HELLO, **SECOND, "s2.delay": "999"}, "Step 2: delay is 999"),
        ({**HELLO, **SECOND, "s2.channel": "pigeon"}, "Step 2: channel is"),
        ({**HELLO, "s1.v1.weight": "heavy"}, "Step 1: "),
        ({**HELLO, "s1.v1.template": "none"}, "Step 1: variant A names a template that is not there."),
        ({**HELLO, "s1.v1.body": "Hi {{ first_name"}, "Step 1: body: {{ is opened and never closed"),
        ({**HELLO, "s1.v2.label": "A", "s1.v2.weight": "1"}, "Step 1: variants need labels"),
    ],
)
async def test_what_cannot_be_saved_is_said_at_its_step_and_kept_as_typed(signed_in, client, form, told):
    owner = await signed_in()
    path = await made(owner)
    answer = await post(owner, f"{path}/steps", {**form, "s1.v1.subject": "As typed", "do": "save"}, 422)
    assert told in words(answer.text).replace("&#39;", "'")
    assert 'value="As typed"' in answer.text
    assert await steps_of(client, path) == []


async def test_a_change_of_a_running_campaign_is_told_before_it_is_saved(signed_in, client, add_person, scene):
    await add_person("ana@one.example")
    await add_person("bo@one.example")
    owner = await signed_in()
    path = await a_ready_one(client, scene, STEP, AGAIN)
    await do(client, f"/api{path}", "start")
    ids = {f"s{number}.id": one["id"] for number, one in enumerate(await steps_of(client, path), 1)}
    form = {**HELLO, "s1.v1.subject": "Other", "s1.v1.body": "words", **SECOND, "s3.channel": "phone", "s3.delay": "1", **ids}
    page = words((await post(owner, f"{path}/steps", {**form, "do": "save"}, 200)).text)
    for told in (
        "Step 1 changes: 2 people have it still to come, and will get the new one.",
        "Step 2 changes: 2 people",
        "Step 3 is new: 2 people will get it.",
    ):
        assert told in page
    assert len(await steps_of(client, path)) == 2
    await post(owner, f"{path}/steps", {**form, "do": "confirm"})
    assert len(await steps_of(client, path)) == 3
    kept = {**HELLO, "s1.id": ids["s1.id"], "s1.v1.subject": "Other", "s1.v1.body": "words"}
    gone = words((await post(owner, f"{path}/steps", kept, 200)).text)
    assert "What was step 3 goes: 2 people have it still to come, and will not get it." in gone


async def test_a_campaign_that_is_over_is_read_not_written(signed_in, client, add_person, scene):
    await add_person("ana@one.example")
    owner, path = await signed_in(), await a_ready_one(client, scene)
    await do(client, f"/api{path}", "cancel")
    page = (await owner.get(f"{path}/steps", headers=HTML)).text
    assert "About company" in words(page)
    assert "<textarea" not in page
    answer = await post(owner, f"{path}/steps", {**HELLO, "do": "save"}, 409)
    assert "nothing of it changes any more" in words(answer.text)


async def test_the_preview_names_the_variable_that_is_missing(signed_in, add_person):
    await add_person("ana@one.example")
    owner = await signed_in()
    path = await made(owner)
    form = {
        **HELLO,
        "s1.v1.subject": "Hi {{ first_name }}",
        "s1.v1.body": "At {{ company }}",
        "showing": "1.1",
        "person": "ana@one.example",
    }
    part = words((await owner.post(f"{path}/preview", data=form, headers=HTMX)).text)
    assert "{{ company }} has no value for Ana Lima" in part
    shown = (await owner.post(f"{path}/preview", data={**form, "s1.v1.body": "At work"}, headers=HTMX)).text
    assert "Hi Ana" in words(shown)
    assert 'sandbox=""' in shown
    assert "At work" in shown


async def test_the_preview_says_who_is_not_there_and_what_cannot_be_read(signed_in, add_person):
    owner = await signed_in()
    path = await made(owner)
    assert "There is no step to show yet." in await text(owner, f"{path}/preview")
    await written(owner, path)
    assert "There is nobody to show it for yet." in await text(owner, f"{path}/preview")
    await add_person("ana@one.example")
    assert "Nobody here is called or reached at" in await text(owner, f"{path}/preview?person=zoe@nowhere.example")
    assert "as Ana Lima gets it" in await text(owner, f"{path}/preview?step=9.9&person=ana@one.example")
    part = await owner.post(f"{path}/preview", data={**HELLO, "s1.v1.body": "{{ x"}, headers=HTMX)
    assert "never closed" in part.text


async def test_a_task_is_previewed_too(signed_in, client, add_person):
    await add_person("ana@one.example")
    owner = await signed_in()
    path = await made(owner)
    await write(client, f"/api{path}", STEP, {"channel": "phone", "instructions": "Call {{ first_name }}\nabout the fair"})
    assert "Call Ana about the fair" in await text(owner, f"{path}/preview?step=2.1")


async def test_what_a_mail_holds_cannot_break_out_of_its_frame(signed_in, add_person):
    await add_person("ana@one.example")
    owner = await signed_in()
    path = await made(owner)
    await written(owner, path, body='<p>x"></iframe><script>alert(1)</script></p>')
    page = await owner.get(f"{path}/preview", headers=HTML)
    assert "<script>alert" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_a_plain_text_becomes_paragraphs_and_comes_back_as_it_was():
    typed = 'Hi {{ first_name | default("there") }},\n\n5 < 6 & so on\nnext line'
    html = to_html(typed)
    assert html == '<p>Hi {{ first_name | default("there") }},</p>\n<p>5 &lt; 6 &amp; so on<br>next line</p>'
    assert to_typed(html) == typed


@pytest.mark.parametrize("html", ["<p>Hi <b>you</b></p>", '<p class="x">Hi</p>', "<ul><li>a</li></ul>", ""])
def test_html_stays_as_it_is(html):
    assert to_html(html) == html
    assert to_typed(html) == html


ONE, TWO = TypedStep(delay="0", variants=(TypedVariant(subject="one"),)), TypedStep("phone", delay="4", instructions="two")


def test_steps_change_places_and_the_delay_stays_with_the_place():
    assert [(step.channel, step.delay) for step in step_forms.changed([ONE, TWO], "up:2")] == [("phone", "0"), ("email", "4")]
    assert step_forms.changed([ONE, TWO], "down:1") == step_forms.changed([ONE, TWO], "up:2")
    for nothing in ("up:1", "down:2", "up:9", "drop:1.1", "remove:x", "dance"):
        assert step_forms.changed([ONE, TWO], nothing) == [ONE, TWO]


def test_steps_and_variants_come_and_go():
    assert [step.channel for step in step_forms.changed([ONE], "add:linkedin")] == ["email", "linkedin"]
    assert step_forms.changed([ONE, TWO], "remove:1") == [TWO]
    [both] = step_forms.changed([ONE], "variant:1")
    assert [(one.label, one.subject) for one in both.variants] == [("A", "one"), ("B", "one")]
    [left] = step_forms.changed([both], "drop:1.1")
    assert [one.label for one in left.variants] == ["B"]
    with pytest.raises(InvalidInput, match="at most 50 steps"):
        step_forms.changed([ONE] * 50, "add:email")
