"""Who is where: the derived account of what tasks take of machines and allocs, kept as they come and go."""

from borgpy.model.cell import Cell, Job, taken_of_alloc
from borgpy.model.machine import Occupancy
from borgpy.model.names import JobKey
from borgpy.model.resources import Resources
from borgpy.model.task import Task


def enter(cell: Cell, key: JobKey, job: Job, task: Task, taken: Resources) -> None:
    """A task is on its machine, and in its alloc if it has one; or stays there, and takes another amount from now on.

    ``taken`` is what `taken_of_machine` says.
    """
    cell.occupancy[task.machine].charge(key, task.index, taken)
    if job.spec.is_alloc_set:
        cell.allocs.setdefault(key, {}).setdefault(task.index, Occupancy())
    elif job.spec.alloc:
        room = cell.allocs[job.spec.alloc_key][job.within[task.index]]
        room.charge(key, task.index, taken_of_alloc(job, task))


def leave(cell: Cell, key: JobKey, job: Job, task: Task) -> None:
    """A task is off its machine. Its alloc may have gone before it, within the same operation."""
    cell.occupancy[task.machine].release(key, task.index)
    if job.spec.is_alloc_set:
        rooms = cell.allocs[key]
        del rooms[task.index]
        if not rooms:
            del cell.allocs[key]
    elif job.spec.alloc:
        room = cell.allocs.get(job.spec.alloc_key, {}).get(job.within.pop(task.index))
        if room is not None:
            room.release(key, task.index)
