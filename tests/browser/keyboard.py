"""Getting about without a mouse."""

from playwright.async_api import Page

FOCUSED = """() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const names = [element.getAttribute("aria-label"), element.labels?.[0]?.textContent, element.textContent, element.placeholder];
    return {
        says: names.join(" ").replace(/\\s+/g, " ").trim(),
        tag: element.tagName.toLowerCase(),
        shows: style.outlineStyle !== "none" || style.boxShadow !== "none",
    };
}"""
MOST = 80


async def tab_to(page: Page, words: str, tag: str | None = None) -> None:
    """Press Tab until what has the focus says these words (and is such an element). Each stop on the way has to show that it has it."""
    stops = []
    for _ in range(MOST):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(FOCUSED)
        stops.append(focused["says"][:60])
        assert focused["shows"] or focused["tag"] == "body", f"nobody sees that this has the focus: {focused}"
        if words in focused["says"] and tag in (None, focused["tag"]):
            return
    raise AssertionError(f"{words!r} is not reached by Tab: {stops}")
