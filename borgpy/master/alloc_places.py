"""Places in allocs: what a plan, or a job's new version, may still put where."""

from collections.abc import Iterable, Mapping

from borgpy.model.cell import CellView, Job, request_of, taken_of_alloc
from borgpy.model.names import JobKey
from borgpy.model.plan import Plan
from borgpy.model.resources import Resources, Tally
from borgpy.model.task import Task

Place = tuple[JobKey, int]


class AllocPlaces:
    """The allocs as a plan fills them."""

    def __init__(self, cell: CellView, plan: Plan) -> None:
        self._cell = cell
        self._chosen: dict[JobKey, dict[int, int]] = {}
        for held in plan.holdings or ():
            self._chosen.setdefault(held.job, {})[held.index] = held.alloc
        self._stopping = {(line.job, line.index) for line in plan.preemptions}
        self._rooms: dict[Place, Tally] = {}

    def of(self, job: Job) -> "PlacesInSet | None":
        """The places for tasks of one job; None if it runs in no alloc set."""
        if not job.spec.alloc:
            return None
        return PlacesInSet(self, job, self._chosen.get(job.spec.key, {}))

    def why_not(self, place: Place, machine: str, taken: Resources) -> str:
        """Why nothing can take so much of an alloc, which should be on this machine; empty when it can."""
        room = self._rooms.get(place)
        if room is None:
            free = room_in(self._cell, *place)
            if free is None:
                return f"alloc {place[0]}/{place[1]} is not there any more"
            room = self._rooms[place] = Tally(free)
        alloc = self._cell.jobs[place[0]].tasks[place[1]]
        if alloc.machine != machine:
            return f"alloc {place[0]}/{place[1]} is not there any more"
        if alloc.stopping or place in self._stopping:
            return f"alloc {place[0]}/{place[1]} is stopping"
        return "" if room.holds(taken) else f"alloc {place[0]}/{place[1]} has no room any more"

    def take(self, place: Place, taken: Resources) -> None:
        self._rooms[place].subtract(taken)


class PlacesInSet:
    """The same for the tasks of one job, in the alloc set that it names. ``chosen`` is the alloc of each, by index."""

    def __init__(self, allocs: AllocPlaces, job: Job, chosen: Mapping[int, int]) -> None:
        self._allocs = allocs
        self._job = job
        self._set = job.spec.alloc_key
        self._chosen = chosen

    def alloc_of(self, index: int) -> int:
        """Which alloc the plan puts a task into; -1 if it does not say."""
        return self._chosen.get(index, -1)

    def why_not(self, task: Task, machine: str) -> str:
        """Why a task cannot go into its alloc any more; empty when it can. ``machine`` is where that should be."""
        if self.alloc_of(task.index) < 0:
            return "the plan names no alloc for it"
        return self._allocs.why_not(self._place(task), machine, taken_of_alloc(self._job, task))

    def take(self, task: Task) -> int:
        """Put a task into its alloc; which one that is."""
        self._allocs.take(self._place(task), taken_of_alloc(self._job, task))
        return self.alloc_of(task.index)

    def _place(self, task: Task) -> Place:
        return self._set, self.alloc_of(task.index)


def room_in(cell: CellView, key: JobKey, index: int) -> Resources | None:
    """What is free in an alloc; nothing if it has no place."""
    occupied = cell.allocs.get(key, {}).get(index)
    if occupied is None:
        return None
    job = cell.jobs[key]
    return request_of(job, job.tasks[index]) - occupied.used


def has_room_on_machine(job: Job, asked: Resources, room: Resources) -> bool:
    """Whether a machine has room for what a task takes of it. In an alloc that is only ports: the rest is kept for it,
    even on a machine that has become too small for all that it was given.
    """
    return asked.ports <= room.ports if job.spec.alloc else asked.fits_in(room)


def holds_its_tasks(cell: CellView, key: JobKey, index: int, size: Resources) -> bool:
    """Whether the tasks in an alloc fit into it if it has this size; true of whatever is no alloc."""
    occupied = cell.allocs.get(key, {}).get(index)
    return occupied is None or occupied.used.fits_in(size)


def allocs_on(cell: CellView, machine: str) -> Iterable[Place]:
    """The allocs on a machine, in order."""
    if not cell.allocs:
        return ()
    return sorted(place for place in cell.occupancy[machine].charges if place[0] in cell.allocs)


def machines_of_set(cell: CellView, key: JobKey) -> set[str]:
    """The machines with an alloc of this set."""
    return {cell.jobs[key].tasks[index].machine for index in cell.allocs.get(key, {})}
