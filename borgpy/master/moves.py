"""The moves of a task, as events. Each asks the life-cycle table first, so that an illegal one is refused before
anything has changed.
"""

from borgpy.model.events import TaskEnded, TaskEvicted, TaskStopping, TaskUpdated
from borgpy.model.lifecycle import EvictionCause, TaskEvent, TaskState, transition
from borgpy.model.names import JobKey
from borgpy.model.task import Task


def update(job: JobKey, task: Task, spec: str, seq: int) -> TaskUpdated:
    """A task is to run another spec, by journal entry ``seq``; where it runs, it is restarted as a new incarnation."""
    after = transition(task.state, TaskEvent.UPDATE)
    if after is TaskState.PENDING:
        return TaskUpdated(job, task.index, spec, task.incarnation)
    return TaskUpdated(job, task.index, spec, seq, task.machine)


def evict(
    job: JobKey,
    task: Task,
    cause: EvictionCause,
    reason: str,
    *,
    ready_at: int = 0,
    crashes: int = 0,
) -> TaskEvicted:
    """A running task is off its machine and pending again."""
    transition(task.state, TaskEvent.EVICT)
    return TaskEvicted(job, task.index, task.machine, cause, reason, ready_at, crashes)


def end(
    job: JobKey, task: Task, how: TaskEvent, reason: str, exit_code: int | None = None
) -> TaskEnded:
    """A task is dead."""
    transition(task.state, how)
    return TaskEnded(job, task.index, task.machine, how, reason, exit_code)


def stop(
    job: JobKey, task: Task, becomes: TaskEvent, reason: str, cause: EvictionCause | None = None
) -> TaskStopping:
    """A running task is told to end; what it becomes then must be a legal move, too."""
    transition(task.state, becomes)
    return TaskStopping(job, task.index, task.machine, becomes, reason, cause)


def gone(job: JobKey, task: Task, otherwise: EvictionCause, reason: str) -> TaskEvicted | TaskEnded:
    """A running task exists no more on its machine: it becomes what it was stopped for, or is evicted."""
    stopping = task.stopping
    if stopping is None:
        return evict(job, task, otherwise, reason)
    if stopping.event is TaskEvent.EVICT:
        return evict(job, task, stopping.cause or EvictionCause.OTHER, stopping.reason)
    return end(job, task, stopping.event, stopping.reason)
