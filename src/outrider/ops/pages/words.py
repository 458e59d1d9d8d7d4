"""What jobs and schedules look like in words: how fast, how long yet, what went wrong and what to do, when a cron line comes. Pure."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from ..types import Job

SOONEST = 2.0
"""Seconds that an attempt has to run before its speed says anything."""

DAYS = {"0": "Sunday", "1": "Monday", "2": "Tuesday", "3": "Wednesday", "4": "Thursday", "5": "Friday", "6": "Saturday", "7": "Sunday"}
ADVICE = {
    "WorkerDied": (
        "The worker died each time that it ran this",
        "Usually the machine ran out of memory, or somebody killed it. See the worker's log, then retry.",
    ),
    "JobExpired": (
        "It ran longer than it may",
        "Retry it when less is going on. If it expires again, there is more to do than its limit allows.",
    ),
    "UnknownJob": (
        "The worker does not know this kind of job",
        "It is an older version than the rest, or the job was written by other software. Update and restart the worker, then retry.",
    ),
    "ConnectionLost": ("The worker lost the database", "See on the database page whether it is well, then retry."),
    "InvalidOutput": (
        "It was done, but what it answered cannot be kept",
        "This is a fault of ours. Report it with the job's id; what it did stays done.",
    ),
    "LockNotAvailableError": ("Something else was in the way", "Another job or statement held what it needs. Retry it."),
    "DeadlockDetectedError": ("Something else was in the way", "Another job or statement held what it needs. Retry it."),
    "DiskFullError": ("The database's disk is full", "Make room, then retry."),
}
PLAIN = "JobFailed"
"""The class of errors whose message was written for people."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a job is: `rate` a second and `seconds_left` are None while nobody can say."""

    done: int
    total: int | None
    rate: float | None
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, and what to do; `advice` is empty where the message says it."""

    title: str
    message: str
    advice: str


def pace(job: Job, now: datetime) -> Pace:
    """Return how far a job is and how fast it goes. A second attempt's speed is not known: it goes on where the first was."""
    running = (now - job.started_on).total_seconds() if job.state == "active" and job.started_on else 0.0
    rate = job.progress_done / running if running >= SOONEST and job.progress_done and not job.retry_count else None
    left = (job.progress_total - job.progress_done) / rate if rate and job.progress_total else None
    return Pace(job.progress_done, job.progress_total, rate, max(0.0, float(ceil(left))) if left is not None else None)


def trouble(job: Job) -> Trouble | None:
    """Return what is wrong with a job, None when nothing is."""
    if job.error is None or job.state == "completed":
        return None
    kind, _, message = job.error.partition(": ")
    if kind == PLAIN:
        return Trouble("It cannot be done", message, "")
    title, advice = ADVICE.get(
        kind, ("Something went wrong that nobody expected", "Retry it. If it fails again, report it with the job's id.")
    )
    return Trouble(title, job.error if kind not in ADVICE else message, advice)


def cron_words(cron: str) -> str:
    """Return when a cron line comes, for the common ones: 'every day at 03:17'; else the line itself."""
    fields = cron.split()
    if len(fields) != len(("minute", "hour", "day", "month", "weekday")):
        return cron
    minute, hour, day, month, weekday = fields
    if fields == ["*"] * 5:
        return "every minute"
    if minute.startswith("*/") and minute[2:].isdigit() and fields[1:] == ["*"] * 4:
        return f"every {minute[2:]} minutes"
    if not minute.isdigit():
        return cron
    if fields[1:] == ["*"] * 4:
        return f"every hour at minute {minute}"
    if not hour.isdigit() or month != "*":
        return cron
    time = f"{int(hour):02}:{int(minute):02}"
    if (day, weekday) == ("*", "*"):
        return f"every day at {time}"
    if day == "*" and weekday in DAYS:
        return f"every {DAYS[weekday]} at {time}"
    if day == "*" and weekday.lower() in ("1-5", "mon-fri"):
        return f"Monday to Friday at {time}"
    if weekday == "*" and day.isdigit():
        return f"on day {day} of every month at {time}"
    return cron
