"""What becomes of the differences between what Borglets report and what the cell knows."""

from borgpy.master import moves
from borgpy.model.cell import CellView, Job
from borgpy.model.events import Event, MachineReturned, TaskChanged
from borgpy.model.lifecycle import EvictionCause, Phase, TaskEvent, TaskState
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey
from borgpy.model.operations import MachineDifference, Observe, StatusChange
from borgpy.model.spec import Restart
from borgpy.model.task import Task, TaskStatus

FLAPPING_MS = 5 * 60 * 1000
"""A run shorter than this that ended by itself counts as flapping (Aurora)."""

FIRST_PENALTY_MS = 30 * 1000
LONGEST_PENALTY_MS = 5 * 60 * 1000
"""A task that kept crashing on a machine waits this long before it is placed again, doubling each time."""


def observe(cell: CellView, op: Observe) -> list[Event]:
    """The events that bring the cell in line with the reports."""
    events: list[Event] = []
    for difference in op.differences:
        machine = cell.machines.get(difference.machine)
        if machine is None:
            continue
        if difference.answers and _came_closer(machine.state, difference):
            events.append(MachineReturned(difference.machine, difference.strays))
        for change in difference.changes:
            events.extend(_changed(cell, op.at, difference.machine, change))
    return events


def _came_closer(state: MachineState, difference: MachineDifference) -> bool:
    if state is MachineState.LOST:
        return True
    return state is MachineState.RETURNING and difference.strays == 0


def _changed(cell: CellView, at: int, machine: str, change: StatusChange) -> list[Event]:
    job = cell.jobs.get(change.job)
    task = job.tasks.get(change.index) if job else None
    if (
        job is None
        or task is None
        or job.spec.is_alloc_set  # no Borglet knows of it
        or task.state is not TaskState.RUNNING
        or task.machine != machine
        or task.incarnation != change.incarnation
    ):
        return []
    if change.status is None:
        reason = f"it was no longer on {machine}"
        return [moves.gone(change.job, task, EvictionCause.OTHER, reason)]
    if change.status.phase in (Phase.FINISHED, Phase.FAILED) and task.stopping is None:
        return [_ended(change.job, job, task, change.status, at)]
    if change.status == task.status:
        return []
    return [TaskChanged(change.job, change.index, machine, change.status)]


def _ended(key: JobKey, job: Job, task: Task, status: TaskStatus, at: int) -> Event:
    """The Borglet has given the task up: it is over, or it is tried elsewhere after a while."""
    restart = job.specs[task.spec].restart
    if status.phase is Phase.FINISHED and restart is not Restart.ALWAYS:
        return moves.end(key, task, TaskEvent.FINISH, status.reason, status.exit_code)
    if restart is Restart.NEVER:
        return moves.end(key, task, TaskEvent.FAIL, status.reason, status.exit_code)
    flapped = at - status.started_at < FLAPPING_MS
    crashes = task.crashes + 1 if flapped else 1
    penalty = min(LONGEST_PENALTY_MS, FIRST_PENALTY_MS << min(crashes - 1, 10))
    return moves.evict(
        key, task, EvictionCause.CRASHING, status.reason, ready_at=at + penalty, crashes=crashes
    )
