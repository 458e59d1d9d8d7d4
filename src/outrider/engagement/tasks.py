"""The slice's jobs, by name."""

from outrider.ops import Task

from . import verdicts

TASKS: dict[str, Task] = {verdicts.JUDGE: verdicts.judge}
