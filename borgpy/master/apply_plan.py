"""What becomes of a plan: each line is looked at again, for the cell may have moved on since the snapshot."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from borgpy.master import moves
from borgpy.master.alloc_places import AllocPlaces
from borgpy.master.seating import Seating, asks_for_more
from borgpy.model.cell import CellView, Job, taken_of_machine
from borgpy.model.events import Event, PlacementStale, TaskScheduled
from borgpy.model.lifecycle import EvictionCause, TaskEvent, TaskState, transition
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey
from borgpy.model.operations import ApplyPlan
from borgpy.model.plan import Placement, Plan, Preemption
from borgpy.model.priority import may_preempt
from borgpy.model.resources import NOTHING, Resources, Tally

GONE = "the task is gone"
FULL = "the machine has no room any more"

Fits = Callable[[Tally, Resources, Resources], bool]
"""Whether what is used of a whole leaves room for a request."""

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
    """The machines and allocs as they are, what the plan has taken of them so far, and who sits where."""

    def __init__(self, cell: CellView, plan: Plan) -> None:
        self.allocs = AllocPlaces(cell, plan)
        self._machines, self._up = cell.machines, MachineState.UP
        self._occupancy = cell.occupancy
        # Most machines get one task of an entry: a sum of its own is made for a machine only when the second one comes.
        self._first: dict[str, Resources] = {}
        self._sums: dict[str, tuple[Tally, Resources]] = {}
        self.seating = Seating(cell, plan, self._first)

    def take(self, name: str, request: Resources, fits: Fits) -> str:
        """Take ``request`` of a machine; why that cannot be, empty when it is done."""
        if name in self._sums:
            used, capacity = self._sums[name]
            if not fits(used, capacity, request):
                return FULL
            used.add(request)
            return ""
        machine = self._machines.get(name)
        if machine is None or machine.state is not self._up:
            return "the machine is not available"
        first = self._first.get(name)
        if first is not None:
            used = self._occupancy[name].copy()
            used.add(first)
            self._sums[name] = used, machine.spec.capacity
            return self.take(name, request, fits)
        if not fits(self._occupancy[name], machine.spec.capacity, request):
            return FULL
        self._first[name] = request
        return ""


def _placements(
    op: ApplyPlan,
    seq: int,
    job: Job,
    lines: Iterable[Placement],
    rooms: _Rooms,
    placed: set[int],
) -> Iterator[Event]:
    """What becomes of lines of one job; ``placed`` are the tasks that have their machine by an earlier line."""
    pending, tasks = TaskState.PENDING, job.tasks
    transition(pending, TaskEvent.SCHEDULE)  # asked once: no task in another state gets past here
    allocs, seating, asking = rooms.allocs.of(job), rooms.seating, asks_for_more(job.spec)
    choosy, reserved, chosen = seating.particular
    fits = Tally.leaves if allocs is None else Tally.leaves_ports
    digest, request = "", NOTHING
    for line in lines:
        index, machine = line.index, line.machine
        task = tasks.get(index)
        if task is None or task.state is not pending or index in placed:
            yield _stale(line, GONE if task is None else "the task is not pending")
            continue
        if task.ready_at > op.at:
            yield _stale(line, "the task is held back after crashing")
            continue
        if task.spec != digest:
            digest, request = task.spec, taken_of_machine(job, task)
        trouble = "" if allocs is None else allocs.why_not(task, machine)
        special = asking or machine in choosy or machine in reserved or machine in chosen
        if special and not trouble:
            trouble = seating.why_not(job, job.specs[digest], line)
        trouble = trouble or rooms.take(machine, request, fits)
        if trouble:
            yield _stale(line, trouble)
            continue
        placed.add(index)
        if not special:
            yield TaskScheduled(line.job, index, machine, seq)
            continue
        alloc = -1 if allocs is None else allocs.take(task)
        held = seating.seat(job, job.specs[digest], line)
        yield TaskScheduled(line.job, index, machine, seq, alloc, held.devices, held.sets)


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
