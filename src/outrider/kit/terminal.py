"""What commands show: tables, records, progress, one sentence for an error.

For people on a terminal, for pipes, or as JSON.

On a terminal: a table that fits its width. Into a pipe: the same columns, aligned, never wrapped. With `--json`: every
field. Never asks a question, and never lets a control character out of the data reach the terminal.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import typer

from .errors import InvalidInput, OutriderError

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print JSON; an error becomes a problem object on standard error.")]
Count = Annotated[int, typer.Option("--limit", min=1, max=500, help="Most to show.")]
From = Annotated[str | None, typer.Option("--cursor", help="Where to go on: the cursor told by the page before.", show_default=False)]
Org = Annotated[
    str | None,
    typer.Option("--org", metavar="NAME", help="The organization to act in: its slug, name or id.", show_default=False),
]

EXIT_CODES = {
    0: "it worked; for up, serve and worker also: stopped with Ctrl-C",
    1: "it did not work",
    2: "bad usage: an unknown command or option, or a value that cannot be used",
    3: "there is no such thing",
    4: "it contradicts what is there",
    5: "the database or the machine is not in a state to work",
    6: "not allowed",
    130: "interrupted with Ctrl-C",
    143: "ended by SIGTERM",
}
_CODE_OF_STATUS = {400: 2, 413: 2, 422: 2, 404: 3, 409: 4, 412: 4, 503: 5, 429: 5, 401: 6, 403: 6}
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    9: " ",
    10: " ",
    13: " ",
    0x2028: " ",
    0x202E: "\\u202e",
}
_CONTROL |= {code: f"\\u{code:04x}" for code in (0x200E, 0x200F, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_WIDEST_PROGRESS_NOTE = 60


def exit_code(error: OutriderError) -> int:
    """Return the exit code that goes with an error's HTTP status; 1 for one that has none."""
    return _CODE_OF_STATUS.get(error.status, 1)


def console(*, stderr: bool = False) -> "Console":
    """Return a Rich console on the process's present standard output, or standard error."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False)


def say(text: str = "", *, style: str | None = None, stderr: bool = False) -> None:
    """Print a line as it is, in a style if the stream is a terminal; never wraps."""
    stream = sys.stderr if stderr else sys.stdout
    if style and stream.isatty():
        console(stderr=stderr).print(text, style=style, soft_wrap=True)
    else:
        print(text, file=stream, flush=True)


def warn(text: str) -> None:
    """Print a line on standard error."""
    say(text, style="yellow", stderr=True)


def show_json(value: Any, *, stderr: bool = False) -> None:
    """Print a value as JSON: indented on a terminal, in one line into a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    options = orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if stream.isatty() else 0)
    print(orjson.dumps(value, default=_plain, option=options).decode(), file=stream, flush=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):  # asyncpg.Record among them
        return dict(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def problem(error: OutriderError) -> dict[str, Any]:
    """Return an error as an RFC 9457 problem with the exit code that goes with it."""
    title = error.code.replace("_", " ")
    return {
        "title": title[:1].upper() + title[1:], "status": error.status, "detail": error.message, "code": error.code,
        "field": error.field, "exit_code": exit_code(error), **error.extra,
    }  # fmt: skip


def show_error(error: OutriderError, *, json: bool) -> None:
    """Print an error on standard error: one sentence, or a problem object."""
    if json:
        show_json(problem(error), stderr=True)
        return
    text = printable(error.message)
    if text.split(" ", 1)[0].isalpha():  # an address or an option at the start stays as it is
        text = text[:1].upper() + text[1:]
    say(f"Error: {text}{'' if text.endswith(('.', '!', '?', ')')) else '.'}", style="red", stderr=True)


def parsed_id(text: str, field: str = "id") -> UUID:
    """Return an id that a person typed. Raises `InvalidInput` naming the argument or option."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(f"{field} is {text[:60]!r}; it must be an id such as the lists show", field=field) from None


def printable(text: str) -> str:
    """Return text with breaks as spaces and control characters spelled out: data must not drive a terminal."""
    return text.translate(_CONTROL)


def shown(value: Any) -> str:
    """Return a value as a person reads it: times in the machine's zone, '' for None, yes and no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone() if value.tzinfo else value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and any(isinstance(item, Mapping) for item in value)):
        return printable(orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode())
    if isinstance(value, list | tuple | set | frozenset):
        return printable(", ".join(shown(item) for item in value))
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return printable(str(value))


def _titles(columns: Iterable[str]) -> list[str]:
    return [column.replace("_", " ") for column in columns]


def _numeric(rows: list[dict[str, Any]], column: str) -> bool:
    values = [row.get(column) for row in rows]
    numbers = [v for v in values if isinstance(v, int | float | Decimal) and not isinstance(v, bool)]
    return bool(numbers) and len(numbers) == len([v for v in values if v is not None])


def show_table(rows: list[dict[str, Any]], columns: list[str], *, json: bool, empty: str) -> None:
    """Print rows: those columns as a table, `empty` when there are none; with `json` an array with every field of every
    row.
    """
    if json:
        show_json(rows)
    elif not rows:
        say(empty)
    elif sys.stdout.isatty():
        _show_on_terminal(rows, columns)
    else:
        _show_in_pipe(rows, columns)


def _show_in_pipe(rows: list[dict[str, Any]], columns: list[str]) -> None:
    lines = [
        [title.upper() for title in _titles(columns)],
        *([shown(row.get(column)) for column in columns] for row in rows),
    ]
    right = [_numeric(rows, column) for column in columns]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        cells = (cell.rjust(width) if r else cell.ljust(width) for cell, width, r in zip(line, widths, right, strict=True))
        print("  ".join(cells).rstrip())


def _show_on_terminal(rows: list[dict[str, Any]], columns: list[str]) -> None:
    from rich.table import Table

    out = console()
    cells = [[shown(row.get(column)) for column in columns] for row in rows]
    titles = _titles(columns)
    narrowest = [max(len(title), min(14, max(len(line[i]) for line in cells))) for i, title in enumerate(titles)]
    if sum(narrowest) + 2 * len(columns) > out.width:  # too narrow for a table: one block a row, as psql's \x auto
        for number, row in enumerate(rows):
            if number:
                say()
            _show_fields({column: row.get(column) for column in columns})
        return
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column, title in zip(columns, titles, strict=True):
        table.add_column(title, justify="right" if _numeric(rows, column) else "left", overflow="fold")
    for line in cells:
        table.add_row(*line)
    out.print(table)


def show_record(record: dict[str, Any], *, json: bool) -> None:
    """Print one thing: a line a field, or as a JSON object."""
    if json:
        show_json(record)
    else:
        _show_fields(record)


def _show_fields(record: dict[str, Any]) -> None:
    width = max((len(key) for key in record), default=0)
    if not sys.stdout.isatty():
        for key, value in record.items():
            print(f"{key.replace('_', ' ').ljust(width)}  {shown(value)}".rstrip())
        return
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in record.items():
        table.add_row(key.replace("_", " "), shown(value))
    console().print(table)


def duration(seconds: float) -> str:
    """Return a time as a person says it: '0.4 s', '12 s', '3 min 05 s', '2 h 10 min'."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


class Progress:
    """How far a job is: rows done of how many, rate and time left.

    A bar on a terminal, a line now and then into a pipe.

    Goes to standard output, or with `json` to standard error, where it does not mix with the answer.
    """

    def __init__(self, label: str, *, unit: str = "rows", json: bool = False, every: float = 5.0) -> None:
        self.label, self.unit, self.every = label, unit, every
        self.done, self.total, self.note = 0, None, ""  # type: int, int | None, str
        self._first: tuple[float, int] | None = None
        self._printed = time.monotonic()
        self._stream: IO[str] = sys.stderr if json else sys.stdout
        self._bar: Any = None
        self._json = json

    def __enter__(self) -> "Progress":
        if self._stream.isatty():
            from rich.live import Live

            self._bar = Live(console=console(stderr=self._json), get_renderable=self._render, refresh_per_second=8, transient=False)
            self._bar.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif kind is None and self.done:
            self._line()

    def update(self, done: int, total: int | None = None, note: str | None = None) -> None:
        """Say where it stands; `total` None means that it is not known, or still as last said.

        Cheap: call it as often as you like.
        """
        now = time.monotonic()
        self.done, self.total = done, total if total is not None else self.total
        self.note = printable(note)[:_WIDEST_PROGRESS_NOTE] if note is not None else self.note
        self._first = self._first or (now, done)
        if self._bar is None and now - self._printed >= self.every:
            self._printed = now
            self._line()

    @property
    def rate(self) -> float:
        """Rows a second since the first `update`; 0 while it cannot be told."""
        if self._first is None or (elapsed := time.monotonic() - self._first[0]) < 0.2:
            return 0.0
        return (self.done - self._first[1]) / elapsed

    def facts(self) -> list[str]:
        """Return what is known, in words: '40,000 of 100,000 rows', '20,000 rows/s', '3.0 s left', the note."""
        parts = [f"{self.done:,}{f' of {self.total:,}' if self.total is not None else ''} {self.unit}"]
        if self.rate > 0:
            parts.append(f"{self.rate:,.0f} {self.unit}/s")
            if self.total is not None and self.done < self.total:
                parts.append(f"{duration((self.total - self.done) / self.rate)} left")
        return [*parts, self.note] if self.note else parts

    def _line(self) -> None:
        print(f"{self.label}: {', '.join(self.facts())}", file=self._stream, flush=True)

    def _render(self) -> Any:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True)
        grid.add_column(width=24)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        bar = ProgressBar(total=self.total, completed=self.done, pulse=self.total is None, width=24)
        grid.add_row(self.label, bar, " · ".join(self.facts()))
        return grid


def progress(label: str, *, unit: str = "rows", json: bool = False) -> Progress:
    """Return a `Progress` to use in a `with` block."""
    return Progress(label, unit=unit, json=json)


@contextmanager
def reporting(*, json: bool) -> Iterator[None]:
    """Turn what goes wrong in the block into one sentence (or problem) on standard error and `typer.Exit` with its
    code.

    A defect of ours is not dressed up: it keeps its traceback.
    """
    from .failures import Terminated, explain

    try:
        yield
    except KeyboardInterrupt as error:
        ended = isinstance(error, Terminated)
        say("Terminated." if ended else "Interrupted.", stderr=True)
        raise typer.Exit(143 if ended else 130) from None
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        show_error(known, json=json)
        raise typer.Exit(exit_code(known)) from error
