"""axe-core on a page: what would stand in the way of somebody who uses a screen reader or sees colours less well."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from playwright.async_api import Page

SOURCE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (rules) => {
    const found = await axe.run(document, { resultTypes: ["violations"], ...(rules && { runOnly: rules }) });
    return found.violations.map((rule) => `${rule.id}: ${rule.help}\\n` + rule.nodes.slice(0, 4).map(
        (node) => `    ${node.target.join(" ")}  ${node.any.concat(node.all, node.none).map((check) => check.message).join("; ")}`
    ).join("\\n"));
}"""


@cache
def _source() -> str:
    assert SOURCE.exists(), "axe-core was not collected: run make assets"
    return SOURCE.read_text()


COLOURS = ("color-contrast", "link-in-text-block")
"""The rules whose answer depends on the theme."""


async def violations(page: Page, rules: Sequence[str] | None = None) -> list[str]:
    """Return what axe finds on the page as it is now, by all rules or some.

    The script comes by the debugger, which the Content-Security-Policy does not bind.
    """
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(_source())
    found: list[str] = await page.evaluate(RUN, rules)
    return found
