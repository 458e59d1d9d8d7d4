"""What the tests of the slice's pages share."""

import html
import re

HTMX = {"HX-Request": "true"}
HTML = {"Accept": "text/html"}


def words(markup):
    """What a piece of a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def text(answer):
    """What a page says, without its markup."""
    return words(answer.text)


def fact_html(answer, field):
    """The row of a field."""
    return re.search(rf'id="fact-{field}".*?(?=<div class="fact |</dl>)', answer.text, re.S)[0]


def fact(answer, field):
    """What the row of a field says."""
    return words(fact_html(answer, field))


async def post(browser, path, headers=(), **fields):
    """Send a form."""
    return await browser.post(path, data=fields, headers=dict(headers))
