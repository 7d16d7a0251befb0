"""What the scheduler sees of the cell: columns that are kept, and brought up to date only where something changed."""

from collections import Counter
from collections.abc import Mapping
from operator import itemgetter

from borgpy.master.alloc_columns import AllocColumns
from borgpy.master.borgmaster import Borgmaster
from borgpy.master.pending import PendingJobs
from borgpy.model.cell import CellView, tenancy_of
from borgpy.model.constraints import Away
from borgpy.model.machine import MachineState, Occupancy
from borgpy.model.names import JobKey
from borgpy.model.priority import is_production
from borgpy.model.spec import TaskSpec
from borgpy.model.tenancy import Tenancy, is_numbered
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, Shun, Want
from borgpy.scheduling.snapshot import Snapshot, SnapshotFacts

ALL = 1 << 30

_A_MACHINE = 20
"""What it takes to look at a machine again, in tasks there, each of which takes some more."""

_JOB = itemgetter(0)


class Snapshots:
    """Takes snapshots of one Borgmaster's cell; the cost is that of what changed since the last one."""

    def __init__(self, master: Borgmaster) -> None:
        self._master = master
        self._columns = Columns()
        self._allocs = AllocColumns()
        self._pending = PendingJobs(master.cell)
        self._columns.update(machine_facts(master.cell, name) for name in master.cell.machines)
        self._allocs.update(master.cell, master.cell.machines)
        while master.take_touched(ALL):
            pass

    def refresh(self, limit: int) -> bool:
        """Bring some machines up to date, with about ``limit`` tasks on them; whether more are left.

        A shell may call it before `take`, with a pause after each call, when many machines have changed at once.
        """
        cell = self._master.cell
        touched: list[str] = []
        load = 0
        while load < limit and (some := self._master.take_touched(1)):
            touched += some
            room = cell.occupancy.get(some[0])
            load += _A_MACHINE + (len(room.charges) if room else 0)
        for name in touched:
            if name not in cell.machines:
                self._columns.remove(name)
        self._columns.update(machine_facts(cell, name) for name in touched if name in cell.machines)
        self._allocs.update(cell, touched)
        return load >= limit

    def take(self, at: int) -> Snapshot:
        """The cell as it is, with the tasks that may be placed at ``at``."""
        self._refresh_all()
        cell = self._master.cell
        pending = self._pending.at(at)
        allocs = self._allocs.of({job.alloc for job in pending})
        return self._columns.snapshot(cell.seq, pending, shuns(cell), allocs, at=at)

    def facts(self, at: int) -> SnapshotFacts:
        """The same as it travels."""
        self._refresh_all()
        cell = self._master.cell
        return SnapshotFacts(
            seq=cell.seq,
            machines=self._columns.facts(),
            pending=self._pending.at(at),
            shuns=shuns(cell),
            allocs={key: own.facts() for key, own in sorted(self._allocs.by_set.items())},
            at=at,
        )

    def next_ready(self, at: int) -> int | None:
        """When the next pending task that is held back at ``at`` may be placed."""
        return self._pending.next_ready(at)

    def _refresh_all(self) -> None:
        while self.refresh(ALL):
            pass


def machine_facts(cell: CellView, name: str) -> MachineFacts:
    """One machine as the scheduler wants it. The cost is that of the jobs there."""
    machine, room = cell.machines[name], cell.occupancy[name]
    offered, tasks = machine.spec, Counter(map(_JOB, room.charges))
    specs, production_cpu, ends_at = _tenants(cell, room, tasks)
    numbered = any(is_numbered(spec, offered) for spec in specs.values())
    tenancy = tenancy_of(cell, name) if numbered else Tenancy(offered)
    return MachineFacts(
        name=name,
        capacity=offered.capacity,
        used=room.used,
        placeable=machine.state is MachineState.UP,
        attributes=offered.attributes,
        tasks=dict(tasks),
        exclusive=name in cell.reserved,
        production_cpu=production_cpu,
        packages=tuple(sorted({digest for spec in specs.values() for digest in spec.files()})),
        ports=tuple(sorted(tenancy.ports)),
        ends_at=ends_at,
        devices=offered.devices,
        device_free={kind: tuple(free) for kind, free in tenancy.devices.items()},
        sets=offered.sets,
        set_states={called: tuple(states) for called, states in tenancy.sets.items()},
        wants=_wants(cell, room) if offered.devices else (),
    )


def _wants(cell: CellView, room: Occupancy) -> tuple[tuple[Want, int], ...]:
    """What the tasks on a machine ask for, those in allocs aside, which took their room from these."""
    wants: Counter[Want] = Counter()
    for (key, index), amount in room.charges.items():
        job = cell.jobs[key]
        if not job.spec.alloc:
            devices = job.specs[job.tasks[index].spec].devices
            wants[Want(amount.cpu, amount.ram, devices)] += 1
    return tuple(sorted(wants.items(), key=lambda entry: entry[0].place()))


def _tenants(
    cell: CellView, room: Occupancy, tasks: Mapping[JobKey, int]
) -> tuple[Mapping[str, TaskSpec], int, int]:
    """What runs on a machine: the specs by digest, the CPU of production tasks, and when the last is expected to end."""
    specs: dict[str, TaskSpec] = {}
    production_cpu = ends_at = 0
    closer = set()
    for key, count in tasks.items():
        job = cell.jobs[key]
        if len(job.specs) > 1 or job.held:
            closer.add(key)
            continue
        specs[job.digest] = job.spec.task
        # In an alloc, which has taken the CPU already, a task takes none.
        if is_production(job.spec.priority) and not job.spec.alloc:
            production_cpu += count * job.spec.task.requirements.cpu
    for (key, index), amount in room.charges.items() if closer else ():
        if key in closer:
            job = cell.jobs[key]
            digest = job.tasks[index].spec
            specs[digest] = job.specs[digest]
            production_cpu += amount.cpu if is_production(job.spec.priority) else 0
            ends_at = max(ends_at, job.held[index].ends_at if index in job.held else 0)
    return specs, production_cpu, ends_at


def shuns(cell: CellView) -> tuple[Shun, ...]:
    """The running tasks that want others kept away from them, by job."""
    return tuple(
        Shun(key, rule)
        for key in sorted(cell.shunning)
        for rule in cell.jobs[key].spec.constraints
        if isinstance(rule, Away) and not rule.weight
    )
