"""Which running tasks mind who is beside them: kept at hand, so that nobody has to look through all tasks for them."""

from collections.abc import Hashable
from typing import TypeVar

from borgpy.model.cell import Cell, Job, is_shunning
from borgpy.model.lifecycle import TaskState
from borgpy.model.names import JobKey
from borgpy.model.priority import is_production
from borgpy.model.spec import JobSpec

K = TypeVar("K", bound=Hashable)


def minds(spec: JobSpec) -> bool:
    """Whether tasks of the job keep others away, from their machine or from anywhere near it."""
    return bool(spec.constraints) and (spec.reserves_machines() or is_shunning(spec))


def arrived(cell: Cell, key: JobKey, spec: JobSpec, machine: str) -> None:
    """A task of the job has this machine."""
    _count(cell, key, spec, machine, 1)


def left(cell: Cell, key: JobKey, spec: JobSpec, machine: str) -> None:
    """A task of the job is off this machine."""
    if minds(spec):
        _count(cell, key, spec, machine, -1)


def changed(cell: Cell, key: JobKey, job: Job, after: JobSpec) -> None:
    """What the job minds, or is to others, may change while its tasks run on. ``job.spec`` is still the one before."""
    before = job.spec
    if after.constraints != before.constraints:
        job.rules_seq = cell.seq
    if _as_neighbour(after) == _as_neighbour(before):
        return
    for task in job.tasks.values():
        if task.state is TaskState.RUNNING:
            _count(cell, key, before, task.machine, -1)
            _count(cell, key, after, task.machine, 1)
            cell.touched.add(task.machine)


def _as_neighbour(spec: JobSpec) -> tuple[bool, bool, bool]:
    return spec.is_exclusive(), is_shunning(spec), is_production(spec.priority)


def _count(cell: Cell, key: JobKey, spec: JobSpec, machine: str, change: int) -> None:
    if is_shunning(spec):
        _add(cell.shunning, key, change)
    if spec.reserves_machines():
        _add(cell.reserved, machine, change)


def _add(counts: dict[K, int], key: K, change: int) -> None:
    count = counts.get(key, 0) + change
    if count:
        counts[key] = count
    else:
        counts.pop(key, None)
