"""What time alone demands: updates that may go on, dead tasks that may be forgotten."""

from borgpy.master.updates import next_to_replace
from borgpy.model.cell import CellView
from borgpy.model.events import Event, JobForgotten, TaskForgotten
from borgpy.model.lifecycle import TaskState
from borgpy.model.names import JobKey
from borgpy.model.operations import CollectGarbage, Operation, ReplaceTasks

DEAD_KEPT_MS = 60 * 60 * 1000
"""How long a dead task is kept, with its reason and the way to its logs (Aurora: at least an hour)."""

MAX_PER_OPERATION = 1000
"""More in one entry would hold the event loop for too long."""


def due(cell: CellView, at: int) -> list[Operation]:
    """The operations that are due at ``at``."""
    operations: list[Operation] = []
    for key in cell.updating:
        indexes = next_to_replace(cell.jobs[key])[:MAX_PER_OPERATION]
        if indexes:
            operations.append(ReplaceTasks(at=at, job=key, indexes=indexes))
    garbage = _garbage(cell, at)
    if garbage is not None:
        operations.append(garbage)
    return operations


def collect_garbage(cell: CellView, op: CollectGarbage) -> list[Event]:
    """Forget what is still dead, and the stopped jobs of which nothing is left then."""
    events: list[Event] = []
    left: dict[JobKey, int] = {}
    for key, index in op.tasks:
        job = cell.jobs.get(key)
        task = job.tasks.get(index) if job else None
        if job is None or task is None or task.state is not TaskState.DEAD:
            continue
        left[key] = left.get(key, len(job.tasks)) - 1
        events.append(TaskForgotten(key, index))
    for key in op.jobs:
        job = cell.jobs.get(key)
        if job is not None and job.stopped and left.get(key, len(job.tasks)) == 0:
            events.append(JobForgotten(key))
    return events


def _garbage(cell: CellView, at: int) -> CollectGarbage | None:
    """Dead tasks past their time or beyond their job's wishes for long enough, and purged ones at once.

    A dead task that its job still wants stays: its reason is the answer to "why is one missing?".
    """
    tasks: list[tuple[JobKey, int]] = []
    for key, index in cell.dead:
        if len(tasks) == MAX_PER_OPERATION:
            break
        job = cell.jobs[key]
        wanted = not job.stopped and index < job.spec.replicas
        expired = at - job.tasks[index].since >= DEAD_KEPT_MS
        if (expired and not wanted) or (job.purge and job.stopped):
            tasks.append((key, index))
    going: dict[JobKey, int] = {}
    for key, _ in tasks:
        going[key] = going.get(key, 0) + 1
    jobs = [
        key for key, job in cell.jobs.items() if job.stopped and len(job.tasks) == going.get(key, 0)
    ]
    if not tasks and not jobs:
        return None
    return CollectGarbage(at=at, tasks=tuple(tasks), jobs=tuple(jobs))
