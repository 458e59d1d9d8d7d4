"""Jobs, schedules, the event store, and the worker that runs them.

Others use what is listed here. Depends on no domain slice: a slice hands its tasks to the worker through composition.
"""

from .context import JobContext
from .events import list_events, log_event
from .jobs import cancel_job, count_unfinished, enqueue, get_job, list_jobs, retry_job, workers_alive
from .runner import describe, run_job_here
from .schedules import delete_schedule, list_schedules, set_schedule
from .types import STATES, Event, Job, JobCancelled, JobFailed, Schedule, Task, Unfinished, in_words
from .worker import run_worker

__all__ = [
    "STATES",
    "Event",
    "Job",
    "JobCancelled",
    "JobContext",
    "JobFailed",
    "Schedule",
    "Task",
    "Unfinished",
    "cancel_job",
    "count_unfinished",
    "delete_schedule",
    "describe",
    "enqueue",
    "get_job",
    "in_words",
    "list_events",
    "list_jobs",
    "list_schedules",
    "log_event",
    "retry_job",
    "run_job_here",
    "run_worker",
    "set_schedule",
    "workers_alive",
]
