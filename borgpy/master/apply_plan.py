"""What becomes of a plan: each line is looked at again, for the cell may have moved on since the snapshot."""

from borgpy.master import moves
from borgpy.model.cell import CellView, request_of
from borgpy.model.events import Event, PlacementStale
from borgpy.model.lifecycle import EvictionCause, TaskEvent, TaskState
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey
from borgpy.model.operations import ApplyPlan
from borgpy.model.plan import Placement, Preemption
from borgpy.model.priority import may_preempt
from borgpy.model.resources import NOTHING, Resources


def apply_plan(cell: CellView, op: ApplyPlan) -> list[Event]:
    """Placements that still hold are made; the others are named, and reconsidered by the next pass."""
    events: list[Event] = []
    seq = cell.seq + 1
    for preemption in op.plan.preemptions:
        events.extend(_preempted(cell, preemption))
    taken: dict[str, Resources] = {}
    placed: set[tuple[JobKey, int]] = set()
    for placement in op.plan.placements:
        stale = _stale(cell, op.at, placement, taken, placed)
        if stale:
            events.append(PlacementStale(placement.job, placement.index, placement.machine, stale))
            continue
        job = cell.jobs[placement.job]
        task = job.tasks[placement.index]
        taken[placement.machine] = taken.get(placement.machine, NOTHING) + request_of(job, task)
        placed.add((placement.job, placement.index))
        events.append(moves.schedule(placement.job, task, placement.machine, seq))
    return events


def _stale(
    cell: CellView,
    at: int,
    placement: Placement,
    taken: dict[str, Resources],
    placed: set[tuple[JobKey, int]],
) -> str:
    """Why a placement does not hold any more; empty when it does."""
    job = cell.jobs.get(placement.job)
    task = job.tasks.get(placement.index) if job else None
    if job is None or task is None:
        return "the task is gone"
    if task.state is not TaskState.PENDING or (placement.job, placement.index) in placed:
        return "the task is not pending"
    if task.ready_at > at:
        return "the task is held back after crashing"
    machine = cell.machines.get(placement.machine)
    if machine is None or machine.state is not MachineState.UP:
        return "the machine is not available"
    room = machine.spec.capacity - cell.occupancy[placement.machine].used
    already = taken.get(placement.machine)
    if already is not None:
        room = room - already
    if not request_of(job, task).fits_in(room):
        return "the machine has no room any more"
    return ""


def _preempted(cell: CellView, preemption: Preemption) -> list[Event]:
    job = cell.jobs.get(preemption.job)
    task = job.tasks.get(preemption.index) if job else None
    winner = cell.jobs.get(preemption.in_favour_of)
    if job is None or task is None or winner is None:
        return []
    if task.state is not TaskState.RUNNING or task.stopping is not None:
        return []
    if not may_preempt(winner.spec.priority, job.spec.priority):
        return []
    reason = f"preempted for {preemption.in_favour_of}/{preemption.in_favour_of_index}"
    return [moves.stop(preemption.job, task, TaskEvent.EVICT, reason, EvictionCause.PREEMPTION)]
