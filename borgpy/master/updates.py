"""Replacing the tasks that run an older spec, a few at a time."""

import msgspec

from borgpy.master import moves
from borgpy.master.alloc_places import Place, has_room_on_machine, holds_its_tasks, room_in
from borgpy.model.cell import CellView, Job, is_outdated, taken_of_alloc, taken_of_machine
from borgpy.model.events import Event
from borgpy.model.lifecycle import EvictionCause, Phase, TaskEvent
from borgpy.model.names import JobKey
from borgpy.model.operations import ReplaceTasks
from borgpy.model.resources import NOTHING, Resources
from borgpy.model.spec import TaskSpec
from borgpy.model.task import Task


def batch_size(job: Job) -> int:
    """How many tasks of a job may be down for its update at a time: a tenth unless it says so itself."""
    return job.spec.update.batch or max(1, job.spec.replicas // 10)


def next_to_replace(job: Job) -> tuple[int, ...]:
    """The outdated tasks that may be replaced now, those first that serve nobody anyway.

    Updated tasks that are not healthy yet take up the batch; outdated ones that are unhealthy do not, or a job whose
    tasks all crash could never be mended.
    """
    wanted = [task for task in job.tasks.values() if task.index < job.spec.replicas]
    outdated = [task for task in wanted if is_outdated(job, task)]
    on_their_way = sum(1 for task in wanted if not is_outdated(job, task) and _may_yet_serve(task))
    room = batch_size(job) - on_their_way
    if room <= 0:
        return ()
    outdated.sort(key=lambda task: (task.phase is Phase.HEALTHY, task.index))
    return tuple(sorted(task.index for task in outdated[:room]))


def replace_tasks(cell: CellView, op: ReplaceTasks) -> list[Event]:
    """Restart outdated tasks where they are, if the new spec fits there; else they are placed anew.

    What a task holds by number it keeps, so one that asks for other devices, sets or fixed ports is placed anew too.
    """
    job = cell.jobs.get(op.job)
    if job is None:
        return []
    events: list[Event] = []
    room = _Room(cell, op.job, job)
    for index in op.indexes:
        task = job.tasks.get(index)
        if task is None or not is_outdated(job, task):
            continue
        wanted = job.wanted(index)
        obstacle = room.take(task, wanted)
        if not obstacle:
            events.append(moves.update(op.job, task, wanted, cell.seq + 1))
        else:
            cause = EvictionCause.UPDATE
            events.append(moves.stop(op.job, task, TaskEvent.EVICT, obstacle, cause))
    return events


class _Room:
    """The room that is left for a job's new version, as more and more of its tasks take theirs."""

    def __init__(self, cell: CellView, key: JobKey, job: Job) -> None:
        self._cell = cell
        self._key = key
        self._job = job
        self._on_machines: dict[str, Resources] = {}
        self._in_allocs: dict[Place, Resources] = {}

    def take(self, task: Task, wanted: str) -> str:
        """Let a task have the spec ``wanted`` instead of its own, where it is; else say what keeps it from that."""
        cell, job = self._cell, self._job
        if not holds_its_tasks(cell, self._key, task.index, job.specs[wanted].request()):
            return "the alloc set's new version is too small for the tasks in it"
        if _held(job.specs[wanted]) != _held(job.specs[task.spec]):
            return "the job's new version asks for other devices, sets or ports"
        machine = task.machine
        updated = msgspec.structs.replace(task, spec=wanted)
        grown = taken_of_machine(job, updated) - taken_of_machine(job, task)
        grown = self._on_machines.get(machine, NOTHING) + grown
        free = cell.machines[machine].spec.capacity - cell.occupancy[machine].used
        if not has_room_on_machine(job, grown, free):
            return "the job's new version does not fit here"
        if job.spec.alloc:
            place = (job.spec.alloc_key, job.within[task.index])
            within = taken_of_alloc(job, updated) - taken_of_alloc(job, task)
            within = self._in_allocs.get(place, NOTHING) + within
            room = room_in(cell, *place)
            if room is None or not within.fits_in(room):
                return f"the job's new version does not fit into alloc {place[0]}/{place[1]}"
            self._in_allocs[place] = within
        self._on_machines[machine] = grown
        return ""


def _held(spec: TaskSpec) -> tuple[object, ...]:
    return spec.devices, spec.sets, spec.fixed_ports


def _may_yet_serve(task: Task) -> bool:
    return task.phase not in (Phase.HEALTHY, Phase.FINISHED, Phase.FAILED, Phase.KILLED, Phase.LOST)
