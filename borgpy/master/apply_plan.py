"""What becomes of a plan: each line is looked at again, for the cell may have moved on since the snapshot."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from borgpy.master import moves
from borgpy.master.alloc_places import AllocPlaces
from borgpy.model.cell import CellView, Job, taken_of_machine
from borgpy.model.events import Event, PlacementStale, TaskScheduled
from borgpy.model.lifecycle import EvictionCause, TaskEvent, TaskState, transition
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey
from borgpy.model.operations import ApplyPlan
from borgpy.model.plan import Placement, Plan, Preemption
from borgpy.model.priority import may_preempt
from borgpy.model.resources import NOTHING, Tally

GONE = "the task is gone"

_job_of = attrgetter("job")


def apply_plan(cell: CellView, op: ApplyPlan) -> list[Event]:
    """Placements that still hold are made; the others are named, and reconsidered by the next pass."""
    events: list[Event] = []
    for preemption in op.plan.preemptions:
        events.extend(_preempted(cell, preemption))
    rooms = _Rooms(cell, op.plan)
    placed: dict[JobKey, set[int]] = {}
    for key, lines in groupby(op.plan.placements, _job_of):
        job = cell.jobs.get(key)
        if job is None:
            events.extend(_stale(line, GONE) for line in lines)
        else:
            done = placed.setdefault(key, set())
            events.extend(_placements(op, cell.seq + 1, job, lines, rooms, done))
    return events


class _Rooms:
    """What is free of each machine, and each alloc, less what the plan has taken so far."""

    def __init__(self, cell: CellView, plan: Plan) -> None:
        self._cell = cell
        self.allocs = AllocPlaces(cell, plan)
        self._rooms: dict[str, Tally | None] = {}

    def of(self, name: str) -> Tally | None:
        """None if nothing may be placed there."""
        if name not in self._rooms:
            self._rooms[name] = self._look(name)
        return self._rooms[name]

    def _look(self, name: str) -> Tally | None:
        machine = self._cell.machines.get(name)
        if machine is None or machine.state is not MachineState.UP:
            return None
        return self._cell.occupancy[name].room_in(machine.spec.capacity)


def _placements(
    op: ApplyPlan,
    seq: int,
    job: Job,
    lines: Iterable[Placement],
    rooms: _Rooms,
    placed: set[int],
) -> Iterator[Event]:
    """What becomes of lines of one job; ``placed`` are the tasks that have their machine by an earlier line."""
    transition(
        TaskState.PENDING, TaskEvent.SCHEDULE
    )  # asked once: no task in another state gets past here
    allocs = rooms.allocs.of(job)
    digest, request = "", NOTHING
    for line in lines:
        task = job.tasks.get(line.index)
        if task is None:
            yield _stale(line, GONE)
            continue
        if task.state is not TaskState.PENDING or line.index in placed:
            yield _stale(line, "the task is not pending")
            continue
        if task.ready_at > op.at:
            yield _stale(line, "the task is held back after crashing")
            continue
        room = rooms.of(line.machine)
        if room is None:
            yield _stale(line, "the machine is not available")
            continue
        if task.spec != digest:
            digest, request = task.spec, taken_of_machine(job, task)
        if allocs is not None:
            why = allocs.why_not(task, line.machine, room)
            if why:
                yield _stale(line, why)
                continue
            allocs.take(task)
        elif not room.holds(request):
            yield _stale(line, "the machine has no room any more")
            continue
        room.subtract(request)
        placed.add(line.index)
        alloc = allocs.alloc_of(line.index) if allocs else -1
        yield TaskScheduled(line.job, line.index, line.machine, seq, alloc)


def _stale(line: Placement, why: str) -> PlacementStale:
    return PlacementStale(line.job, line.index, line.machine, why)


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
