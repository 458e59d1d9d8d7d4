"""Where the browser of the tests is: `python -m tests.browser.chromium` prints its path; `--install` first gets one if there is none.

The system's Chromium is preferred: the one that Playwright downloads needs a network that lets it, and libraries that may not be there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELSEWHERE = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
FLAGS = (
    "--no-sandbox",  # as root, and in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
MISSING = (
    "The browser tests need Chromium, and none was found: install it (apt-get install chromium, or .venv/bin/playwright install chromium), "
    'or set OUTRIDER_CHROMIUM to one; without them: make test ARGS="--ignore=tests/browser"'
)


def find() -> Path | None:
    """Return the browser: OUTRIDER_CHROMIUM, the system's, or Playwright's own; None when there is none."""
    if chosen := os.environ.get("OUTRIDER_CHROMIUM"):
        return Path(chosen) if Path(chosen).exists() else None
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    return next((path for path in (*ELSEWHERE, _playwrights()) if path.exists()), None)


def _playwrights() -> Path:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def install() -> None:
    """Get a browser: the system's where we may install packages, else Playwright's. What goes wrong is told and not raised."""
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        ways = [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"], *ways]
    print("Getting Chromium for the browser tests ...", file=sys.stderr)
    for way in ways:
        try:
            subprocess.run(way, check=False, stdout=subprocess.DEVNULL, timeout=600)
        except (OSError, subprocess.TimeoutExpired) as error:
            print(f"{way[0]}: {error}", file=sys.stderr)
        if find() is not None:
            return


def main() -> None:
    """Print where the browser is, or how to get one. Succeeds without one too: the tests that need it say so themselves."""
    if find() is None and "--install" in sys.argv:
        install()
    found = find()
    print(found or MISSING, file=sys.stdout if found else sys.stderr)


if __name__ == "__main__":
    main()
