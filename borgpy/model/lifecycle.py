"""The life cycle of a task: Borg's table (Borg §2.3, figure 2), and the phases operators ask about inside Running.

A new arrow is a new line of `TRANSITIONS`; an absent one is an error that names state and event.
"""

from collections.abc import Mapping
from enum import Enum

from borgpy.errors import IllegalTransition


class TaskState(Enum):
    """Where a task stands, as in the paper."""

    PENDING = "pending"
    RUNNING = "running"
    DEAD = "dead"


class TaskEvent(Enum):
    """What happens to a task, as in the paper."""

    SUBMIT = "submit"
    SCHEDULE = "schedule"
    UPDATE = "update"
    EVICT = "evict"
    FINISH = "finish"
    FAIL = "fail"
    KILL = "kill"
    LOST = "lost"


TRANSITIONS: Mapping[tuple[TaskState | None, TaskEvent], TaskState] = {
    (None, TaskEvent.SUBMIT): TaskState.PENDING,
    (TaskState.PENDING, TaskEvent.SCHEDULE): TaskState.RUNNING,
    (TaskState.PENDING, TaskEvent.UPDATE): TaskState.PENDING,
    (TaskState.PENDING, TaskEvent.FAIL): TaskState.DEAD,
    (TaskState.PENDING, TaskEvent.KILL): TaskState.DEAD,
    (TaskState.PENDING, TaskEvent.LOST): TaskState.DEAD,
    (TaskState.RUNNING, TaskEvent.UPDATE): TaskState.RUNNING,
    (TaskState.RUNNING, TaskEvent.EVICT): TaskState.PENDING,
    (TaskState.RUNNING, TaskEvent.FINISH): TaskState.DEAD,
    (TaskState.RUNNING, TaskEvent.FAIL): TaskState.DEAD,
    (TaskState.RUNNING, TaskEvent.KILL): TaskState.DEAD,
    (TaskState.RUNNING, TaskEvent.LOST): TaskState.DEAD,
    (TaskState.DEAD, TaskEvent.SUBMIT): TaskState.PENDING,
}


class Phase(Enum):
    """A finer word for where a task stands. Each phase belongs to the one state named beside it."""

    WAITING = "waiting"  # pending: the scheduler may place it
    THROTTLED = "throttled"  # pending: held back for a while after it kept failing
    ASSIGNED = "assigned"  # running: placed, and the Borglet has not confirmed it yet
    STARTING = "starting"  # running: its package is being fetched, its process launched
    RUNNING = "running"  # running: the process lives, its health is not proven yet
    HEALTHY = "healthy"  # running: answered its health check, or ran for ten seconds without one
    UNHEALTHY = "unhealthy"  # running: was healthy, and fails its checks now
    BACKING_OFF = (
        "backing_off"  # running: exited, and is started again on its machine after a delay
    )
    STOPPING = "stopping"  # running: told to end, its notice is running out
    FINISHED = "finished"  # dead
    FAILED = "failed"  # dead
    KILLED = "killed"  # dead
    LOST = "lost"  # dead


PHASE_STATE: Mapping[Phase, TaskState] = {
    Phase.WAITING: TaskState.PENDING,
    Phase.THROTTLED: TaskState.PENDING,
    Phase.ASSIGNED: TaskState.RUNNING,
    Phase.STARTING: TaskState.RUNNING,
    Phase.RUNNING: TaskState.RUNNING,
    Phase.HEALTHY: TaskState.RUNNING,
    Phase.UNHEALTHY: TaskState.RUNNING,
    Phase.BACKING_OFF: TaskState.RUNNING,
    Phase.STOPPING: TaskState.RUNNING,
    Phase.FINISHED: TaskState.DEAD,
    Phase.FAILED: TaskState.DEAD,
    Phase.KILLED: TaskState.DEAD,
    Phase.LOST: TaskState.DEAD,
}

DEAD_PHASE: Mapping[TaskEvent, Phase] = {
    TaskEvent.FINISH: Phase.FINISHED,
    TaskEvent.FAIL: Phase.FAILED,
    TaskEvent.KILL: Phase.KILLED,
    TaskEvent.LOST: Phase.LOST,
}


class EvictionCause(Enum):
    """Why the system took a task off its machine (Borg §4, figure 3)."""

    PREEMPTION = "preemption"
    OUT_OF_RESOURCES = "out of resources"
    MACHINE_FAILURE = "machine failure"
    MACHINE_SHUTDOWN = "machine shutdown"
    UPDATE = "update"
    CRASHING = "crashing"
    OTHER = "other"


def transition(state: TaskState | None, event: TaskEvent) -> TaskState:
    """The state after ``event``; `IllegalTransition` where the table has no arrow."""
    after = TRANSITIONS.get((state, event))
    if after is None:
        name = state.value if state else "new"
        raise IllegalTransition(f"a {name} task knows no event {event.value!r}")
    return after
