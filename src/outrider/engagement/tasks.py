"""The slice's jobs, by name."""

from outrider.ops import Task

from . import verdicts, webhook_tasks

TASKS: dict[str, Task] = {verdicts.JUDGE: verdicts.judge, **webhook_tasks.TASKS}
