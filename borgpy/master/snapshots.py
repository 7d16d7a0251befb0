"""What the scheduler sees of the cell: columns that are kept, and brought up to date only where something changed."""

from collections.abc import Mapping

from borgpy.master.alloc_columns import AllocColumns
from borgpy.master.borgmaster import Borgmaster
from borgpy.model.cell import CellView, Job, request_of
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.snapshot import Snapshot

ALL = 1 << 30


class Snapshots:
    """Takes snapshots of one Borgmaster's cell; the cost is that of what changed since the last one."""

    def __init__(self, master: Borgmaster) -> None:
        self._master = master
        self._columns = Columns()
        self._allocs = AllocColumns()
        self._columns.update(machine_facts(master.cell, name) for name in master.cell.machines)
        self._allocs.update(master.cell, master.cell.machines)
        while master.take_touched(ALL):
            pass

    def refresh(self, limit: int) -> bool:
        """Bring at most ``limit`` machines up to date; whether more are left.

        A shell may call it before `take`, with a pause after each call, when many machines have changed at once.
        """
        cell = self._master.cell
        touched = self._master.take_touched(limit)
        for name in touched:
            if name not in cell.machines:
                self._columns.remove(name)
        self._columns.update(machine_facts(cell, name) for name in touched if name in cell.machines)
        self._allocs.update(cell, touched)
        return len(touched) == limit

    def take(self, at: int) -> Snapshot:
        """The cell as it is, with the tasks that may be placed at ``at``."""
        while self.refresh(ALL):
            pass
        cell = self._master.cell
        pending = pending_jobs(cell, at)
        return self._columns.snapshot(cell.seq, pending, allocs=self._allocs.by_set)


def machine_facts(cell: CellView, name: str) -> MachineFacts:
    """One machine as the scheduler wants it."""
    machine = cell.machines[name]
    return MachineFacts(
        name=name,
        capacity=machine.spec.capacity,
        used=cell.occupancy[name].used,
        placeable=machine.state is MachineState.UP,
        attributes=machine.spec.attributes,
    )


def pending_jobs(cell: CellView, at: int) -> tuple[PendingJob, ...]:
    """The pending tasks that are not held back at ``at``, by job."""
    return tuple(
        pending
        for key in sorted(cell.pending)
        if (pending := _pending_job(cell, key, at)) is not None
    )


def next_ready(cell: CellView, at: int) -> int | None:
    """When the next pending task that is held back at ``at`` may be placed."""
    return min(
        (
            ready
            for key, indexes in cell.pending.items()
            for index in indexes
            if (ready := cell.jobs[key].tasks[index].ready_at) > at
        ),
        default=None,
    )


def avoided(cell: CellView, job: Job, index: int) -> tuple[str, ...]:
    """The machines that a task shall not be placed on again, because it kept crashing there (Borg §4).

    When those are all the machines there are, it is given another chance: crashing late beats not running at all.
    """
    avoid = job.tasks[index].avoid
    if not avoid:
        return ()
    usable = sum(machine.state is MachineState.UP for machine in cell.machines.values())
    known = sum(
        name in cell.machines and cell.machines[name].state is MachineState.UP for name in avoid
    )
    return avoid if known < usable else ()


def _pending_job(cell: CellView, key: JobKey, at: int) -> PendingJob | None:
    job = cell.jobs[key]
    indexes = sorted(index for index in cell.pending[key] if job.tasks[index].ready_at <= at)
    if not indexes:
        return None
    avoid: Mapping[int, tuple[str, ...]] = {
        index: names for index in indexes if (names := avoided(cell, job, index))
    }
    return PendingJob(
        job=key,
        user=job.spec.user,
        priority=job.spec.priority,
        request=request_of(job, job.tasks[indexes[0]]),
        spec=job.digest,
        indexes=tuple(indexes),
        avoid=avoid,
        alloc=job.spec.alloc_key,
    )
