"""Numbers as people say them."""

UNITS = ("bytes", "KB", "MB", "GB", "TB")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return '1 job', '1,204 jobs'; `plural` for a noun that takes more than an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: float) -> str:
    """Return bytes as pages show them: '812 bytes', '12.4 KB', '812 MB', '1.4 GB'."""
    unit = 0
    while abs(number) >= 1000 and unit < len(UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} {UNITS[unit]}" if unit == 0 or abs(number) >= 100 else f"{number:.1f} {UNITS[unit]}"


def share(part: float) -> str:
    """Return a share as a percentage: '23%', 'under 1%', '99.4%' where the last per cent is what matters."""
    if 0 < part < 0.01:
        return "under 1%"
    if 0.98 < part < 1:
        return f"{int(part * 1000) / 10:.1f}%"
    return f"{part:.0%}"


def duration(seconds: float) -> str:
    """Return a length of time in its largest two units: '3 days 4 h', '2 min 5 s', '340 ms'."""
    if seconds < 1:
        return f"{seconds * 1000:,.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:,.1f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 and whole < 600 else "")
    if whole < 86400:
        return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 // 60 else "")
    return counted(whole // 86400, "day") + (f" {whole % 86400 // 3600} h" if whole % 86400 // 3600 and whole < 7 * 86400 else "")


def portion(part: int, whole: int) -> str:
    """Return a part of a whole as a percentage: '4.1%' below ten, '12%' above; '0%' of nothing."""
    if not whole:
        return "0%"
    return f"{100 * part / whole:.1f}%" if part * 10 < whole else f"{100 * part / whole:.0f}%"
