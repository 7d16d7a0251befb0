"""Allocs as the scheduler sees them: small machines, in columns of their own for each alloc set."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping

import msgspec

from borgpy.master.alloc_places import Place, allocs_on
from borgpy.model.cell import CellView, request_of
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey
from borgpy.model.priority import is_production
from borgpy.model.resources import total
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts


class AllocColumns:
    """The columns of every alloc set with a placed alloc, brought up to date where a machine was touched.

    Whatever changes an alloc, or a task in it, touches its machine; so does what changes the ports that are free there.
    """

    def __init__(self) -> None:
        self._columns: dict[JobKey, Columns] = {}
        self._known: dict[str, set[Place]] = {}

    def of(self, keys: Container[JobKey]) -> dict[JobKey, Columns]:
        """Those of these alloc sets, as far as they have a placed alloc."""
        return {key: own for key, own in self._columns.items() if key in keys}

    @property
    def by_set(self) -> Mapping[JobKey, Columns]:
        return self._columns

    def update(self, cell: CellView, machines: Iterable[str]) -> None:
        """Look again at the allocs on these machines; some may be gone, as may be machines."""
        if not cell.allocs and not self._known:
            return
        came: dict[JobKey, list[MachineFacts]] = {}
        went: set[Place] = set()
        for name in machines:
            now = allocs_on(cell, name) if name in cell.machines else ()
            went |= self._known.pop(name, set()).difference(now)
            if now:
                self._known[name] = set(now)
            ports = _fixed_ports(cell, name) if now else ()
            for key, index in now:
                came.setdefault(key, []).append(alloc_facts(cell, key, index, ports))
        for key, index in went:
            # One that is elsewhere now may have been looked at before its old machine.
            if index not in cell.allocs.get(key, {}):
                self._columns.get(key, Columns()).remove(row_name(index))
        for key, facts in came.items():
            self._columns.setdefault(key, Columns()).update(facts)
        for key in {key for key, _ in went}:
            if key in self._columns and not len(self._columns[key]):
                del self._columns[key]


def row_name(index: int) -> str:
    """What an alloc is called among those of its set: a number, so that they are in the order of their indexes.

    No machine's name begins with a sign, so that none is taken for the row of an alloc on it.
    """
    return f"+{index:06}"


def _fixed_ports(cell: CellView, machine: str) -> tuple[int, ...]:
    """The fixed port numbers that are taken on a machine, in whichever alloc."""
    taken: set[int] = set()
    for key, index in cell.occupancy[machine].charges:
        job = cell.jobs[key]
        taken.update(job.specs[job.tasks[index].spec].fixed_ports.values())
    return tuple(sorted(taken))


def alloc_facts(
    cell: CellView, key: JobKey, index: int, fixed_ports: tuple[int, ...]
) -> MachineFacts:
    """One placed alloc as the scheduler wants it.

    Its ports are those that its machine has left, and those of the tasks in it; ``fixed_ports`` are those taken on the
    machine.
    """
    job = cell.jobs[key]
    alloc = job.tasks[index]
    machine = cell.machines[alloc.machine]
    occupied = cell.occupancy[alloc.machine]
    room = cell.allocs[key][index]
    tasks = [(cell.jobs[inner], cell.jobs[inner].tasks[number]) for inner, number in room.charges]
    ports = total(occupied.charges[place] for place in room.charges).ports
    free_ports = max(0, machine.spec.capacity.ports - occupied.used.ports)
    size = request_of(job, alloc)
    return MachineFacts(
        name=row_name(index),
        capacity=msgspec.structs.replace(size, ports=ports + free_ports),
        used=msgspec.structs.replace(room.used, ports=ports),
        placeable=machine.state is MachineState.UP and alloc.stopping is None,
        attributes=machine.spec.attributes,
        tasks=Counter(inner for inner, _ in sorted(room.charges)),
        exclusive=any(inner.spec.is_exclusive() for inner, _ in tasks),
        production_cpu=sum(
            amount.cpu
            for (inner, _), amount in room.charges.items()
            if is_production(cell.jobs[inner].spec.priority)
        ),
        packages=tuple(
            sorted({f for inner, task in tasks for f in inner.specs[task.spec].files()})
        ),
        ports=fixed_ports,
        ends_at=max(
            (inner.held[task.index].ends_at for inner, task in tasks if task.index in inner.held),
            default=0,
        ),
        host=alloc.machine,
    )
