"""Writes docs/cli.md from the commands themselves: `python -m outrider.cli_reference`.

A test holds the file against them.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from outrider import cli
from outrider.kit import terminal

TARGET = Path(__file__).parent.parent.parent / "docs" / "cli.md"
HEAD = """# Command line

*Written by `python -m outrider.cli_reference` from the commands' own help; do not edit.*

`outrider COMMAND --help` says the same in the terminal, and `outrider --install-completion` makes the shell complete
commands and options.

Commands act in the default organization unless `--org NAME` (or `OUTRIDER_ORG`) names another by slug, name or id; it
may stand before the command or after it. With `--json`, the answer is one JSON value on standard output and an error
one problem object on standard error. On a terminal lists are tables that fit it; into a pipe they are aligned columns that
never wrap. Times are in the machine's zone, in JSON with their offset.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *_exit_codes(), *_commands()]).rstrip() + "\n"


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes\n"
    yield "| Code | Meaning |\n|---|---|"
    yield from (f"| {code} | {meaning} |" for code, meaning in terminal.EXIT_CODES.items())
    yield "\n`outrider psql` passes on the exit code of psql.\n"


def _commands() -> Iterator[str]:
    panel = None
    for name, entry in cli.ENTRIES.items():
        command = cli.load(name)
        if command is None:
            continue
        if entry.panel != panel:
            panel = entry.panel
            yield f"## {panel}\n"
        yield from _describe(command, f"outrider {name}")


def _describe(command: Any, path: str) -> Iterator[str]:
    context = typer.Context(command, info_name=path)
    yield f"### {path}\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    children = getattr(command, "commands", None)
    if not children:
        yield f"```\n{path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    rows = [row for parameter in command.params if (row := _row(parameter, context))]
    if rows:
        yield "| Argument or option | Meaning |\n|---|---|"
        yield from rows
        yield ""
    for name, child in (children or {}).items():
        if not child.hidden:
            yield from _describe(child, f"{path} {name}")


def _row(parameter: Any, context: typer.Context) -> str | None:
    if getattr(parameter, "hidden", False):
        return None
    record = parameter.get_help_record(context)
    if record is None:
        return None
    name, text = record
    return f"| `{name.strip()}` | {_in_cell(text or '')} |"


def _in_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the page."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page())
    print(f"Wrote {TARGET}")


if __name__ == "__main__":
    main()
