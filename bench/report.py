"""How figures are printed: aligned lines, one measurement each."""

from collections.abc import Iterable


def say(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)


def heading(text: str) -> None:
    """Print a title."""
    say(f"\n== {text}")


def table(rows: Iterable[tuple[str, str]]) -> None:
    """Print labels and their figures, aligned."""
    lines = list(rows)
    width = max(len(label) for label, _ in lines)
    for label, figure in lines:
        say(f"  {label.ljust(width)}  {figure}")


def rate(rows: int, seconds: float) -> str:
    """Rows a second, with the seconds."""
    return f"{rows / seconds:>10,.0f} rows/s  ({seconds:,.1f} s)"


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """p50 and p95 in milliseconds."""
    ordered = sorted(seconds)
    return ordered[len(ordered) // 2] * 1000, ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1000
