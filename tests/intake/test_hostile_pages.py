"""What a lead file says is text, wherever it is shown: never markup, never a link that runs, never a header."""

import re
import uuid
from html.parser import HTMLParser

from outrider import intake, ops
from outrider.intake.tasks import TASKS
from outrider.tenancy import Actor

HTML = {"Accept": "text/html"}
ACTOR = Actor("user", "test")
EVIL = "\"'><x-evil onclick=a()>{{7*7}}"
FILE = "\"'><x-evil>.csv"
ATTRIBUTES = frozenset({"href", "src", "action", "formaction", "hx-get", "hx-post", "hx-sse:connect"})
SAFE = re.compile(r"/(?![/\\])|[#?]|https?://|otpauth://|mailto:[^?]*$|$")
MOST = 150
"""Pages that are looked at: what leads on from there looks like these."""


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


HEADER = ["Email", "Full Name", "Company", "Website", "LinkedIn", "Tags", "Title", "Campaign", "Phone", f"=cmd {EVIL}"]
ROWS = [
    [
        "ana@acme.example",
        f"Ana {EVIL}",
        f"Acme {EVIL}",
        "javascript:alert(1)//acme.com",
        "javascript:alert(1)",
        EVIL,
        EVIL,
        EVIL,
        EVIL,
        EVIL,
    ],
    ["eva@acme.example", f"Eva {EVIL}", "Acme", "data:text/html,<x-evil>", "//evil.example/in/eva", EVIL, EVIL, EVIL, EVIL, "=1+1"],
    ["x?bcc=eva&y=@evil.example", "=HYPERLINK(1)", EVIL, EVIL, "JaVaScRiPt:alert(1)", EVIL, EVIL, EVIL, EVIL, EVIL],
    [f"no {EVIL}", EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL],
]
CSV = "\n".join(",".join(map(quoted, row)) for row in [HEADER, *ROWS]).encode()


class Page(HTMLParser):
    """The elements and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith(("on", "hx-on")) or name == "style"]
        self.addresses += [value or "" for name, value in attrs if name in ATTRIBUTES]


async def brought(browser, organization):
    """Bring the file in, and write what is hostile wherever else a person may; returns the import's id."""
    answer = await browser.post("/imports", files=[("files", (FILE, CSV, "text/csv"))], headers=HTML)
    assert answer.status_code == 303, answer.text
    number = uuid.UUID(answer.headers["location"].rpartition("/")[2])
    assert (await browser.get(f"/imports/{number}", headers=HTML)).status_code == 200
    form = {"action": "dry-run", "mode": "overwrite", "promote": "on", "source": EVIL, "goes": "campaign", "campaign": EVIL}
    assert (await browser.post(f"/imports/{number}", data=form, headers=HTML)).status_code == 303
    found = await intake.get_import(organization, ACTOR, number)
    await ops.run_job_here(organization, found.dry_run_job_id, TASKS)
    assert (await browser.get(f"/imports/{number}", headers=HTML)).status_code == 200
    assert (await browser.post(f"/imports/{number}", data=form | {"action": "start"}, headers=HTML)).status_code == 303
    found = await intake.get_import(organization, ACTOR, number)
    await ops.run_job_here(organization, found.job_id, TASKS)
    assert (await intake.get_import(organization, ACTOR, number)).rows_failed == 1
    person = (await browser.get("/people/ana@acme.example", headers=HTML)).headers["location"]
    assert (await browser.post(f"{person}/notes", data={"body": EVIL}, headers=HTML)).status_code == 303
    assert (await browser.post("/account", data={"name": EVIL, "time_zone": "UTC"}, headers=HTML)).status_code == 303
    assert (await browser.post("/settings/keys", data={"name": EVIL, "role": "member", "lasts": ""}, headers=HTML)).status_code == 200
    assert (await browser.post("/settings/organization", data={"name": EVIL, "time_zone": "UTC"}, headers=HTML)).status_code == 303
    return number


async def test_what_a_lead_file_says_is_text_on_every_page(signed_in, organization):
    browser = await signed_in("owner")
    number = await brought(browser, organization)
    asked = [
        "/",
        f"/imports/{number}",
        f"/imports/{number}/rejects?columns=all",
        "/palette?q=Ana",
        "/palette?q=%3Cx-evil%3E",
        "/profiles?q=Ana",
    ]
    seen: set[str] = set()
    names = 0
    while asked and len(seen) < MOST:
        path = asked.pop(0)
        seen.add(path)
        answer = await browser.get(path, headers=HTML)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status_code < 500, path
        names += answer.text.count("x-evil")
        page = Page(answer.text)
        assert "x-evil" not in page.tags, path
        assert page.handlers == [], path
        assert "a()&gt;49" not in answer.text, path  # what looks like a template is none
        for address in page.addresses:
            assert SAFE.match(address), (path, address)
            local = address.partition("#")[0]
            if local.startswith("/") and local not in seen and local not in asked and not local.startswith(("/assets/", "/sign-")):
                asked.append(local)
    assert names > 100  # it was there to be found
    assert len(seen) > 40
