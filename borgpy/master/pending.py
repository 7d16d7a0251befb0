"""The pending tasks as the scheduler wants them: what has not changed is not looked at again."""

from collections.abc import Iterable

import msgspec

from borgpy.master.alloc_places import machines_of_set
from borgpy.master.waiting import is_waiting
from borgpy.model.cell import CellView, Job, request_of
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey
from borgpy.scheduling.facts import PendingJob


class _Kept(msgspec.Struct, frozen=True):
    """One job as it was at ``changed_seq``: with all its pending tasks, and which of them have crashed before."""

    changed_seq: int
    pending: PendingJob
    crashed: tuple[int, ...]


class PendingJobs:
    """The pending tasks of a cell, by job. Every event that has to do with one of them moves its job's ``changed_seq``."""

    def __init__(self, cell: CellView) -> None:
        self._cell = cell
        self._kept: dict[JobKey, _Kept] = {}

    def at(self, at: int) -> tuple[PendingJob, ...]:
        """Those that are not held back at ``at``, nor by a job that has to finish first."""
        cell = self._cell
        return tuple(
            pending
            for kept in self._all()
            if not is_waiting(cell, cell.jobs[kept.pending.job].spec)
            and (pending := _ready(cell, kept, at)) is not None
        )

    def next_ready(self, at: int) -> int | None:
        """When the next one that is held back at ``at`` may be placed."""
        jobs = self._cell.jobs
        return min(
            (
                ready
                for kept in self._all()
                for index in kept.crashed
                if (ready := jobs[kept.pending.job].tasks[index].ready_at) > at
            ),
            default=None,
        )

    def _all(self) -> list[_Kept]:
        """In the order of names."""
        jobs, before = self._cell.jobs, self._kept
        now = self._kept = {
            key: kept
            if (kept := before.get(key)) and kept.changed_seq == jobs[key].changed_seq
            else _look(self._cell, key)
            for key in sorted(self._cell.pending)
        }
        return list(now.values())


def pending_job_of(cell: CellView, key: JobKey, index: int) -> PendingJob:
    """One pending task alone, whether it is held back or not: what `why` asks about."""
    return _with(cell, _pending(cell, key, (index,)), (index,), (index,))


def avoided(cell: CellView, job: Job, index: int) -> tuple[str, ...]:
    """The machines that a task shall not be placed on again, because it kept crashing there (Borg §4).

    When those are all the machines there are, or all that have an alloc of its job's set, it is given another chance:
    crashing late beats not running at all.
    """
    avoid = job.tasks[index].avoid
    if not avoid:
        return ()
    if job.spec.alloc:
        machines: Iterable[str] = machines_of_set(cell, job.spec.alloc_key)
    else:
        machines = cell.machines
    usable = {name for name in machines if cell.machines[name].state is MachineState.UP}
    return avoid if usable - set(avoid) else ()


def _look(cell: CellView, key: JobKey) -> _Kept:
    job = cell.jobs[key]
    tasks, indexes = job.tasks, tuple(sorted(cell.pending[key]))
    crashed = tuple(i for i in indexes if (task := tasks[i]).ready_at or task.avoid)
    return _Kept(job.changed_seq, _pending(cell, key, indexes), crashed)


def _ready(cell: CellView, kept: _Kept, at: int) -> PendingJob | None:
    if not kept.crashed:
        return kept.pending
    tasks = cell.jobs[kept.pending.job].tasks
    held_back = {index for index in kept.crashed if tasks[index].ready_at > at}
    indexes = tuple(index for index in kept.pending.indexes if index not in held_back)
    crashed = (index for index in kept.crashed if index not in held_back)
    return _with(cell, kept.pending, indexes, crashed) if indexes else None


def _with(
    cell: CellView, pending: PendingJob, indexes: tuple[int, ...], crashed: Iterable[int]
) -> PendingJob:
    job = cell.jobs[pending.job]
    avoid = {index: names for index in crashed if (names := avoided(cell, job, index))}
    return msgspec.structs.replace(pending, indexes=indexes, avoid=avoid)


def _pending(cell: CellView, key: JobKey, indexes: tuple[int, ...]) -> PendingJob:
    """Tasks of one job that differ in nothing that matters here: overrides change arguments and environment only."""
    job = cell.jobs[key]
    spec, task = job.spec, job.spec.task
    return PendingJob(
        job=key,
        user=spec.user,
        priority=spec.priority,
        request=request_of(job, job.tasks[indexes[0]]),
        spec=job.digest,
        indexes=indexes,
        constraints=spec.constraints,
        devices=task.devices,
        sets=task.sets,
        ports=tuple(sorted(task.fixed_ports.values())),
        packages=task.files(),
        alloc=spec.alloc_key,
        runtime_ms=spec.runtime_ms,
        replicas=spec.replicas,
    )
