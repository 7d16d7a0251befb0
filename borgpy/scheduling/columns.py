"""The machines as the Borgmaster keeps them for its scheduler: told of changes only, copied for each pass."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec
import numpy as np

from borgpy.model.constraints import Away, Near
from borgpy.model.names import JobKey, key_of, split_job
from borgpy.model.resources import Resources
from borgpy.scheduling.facts import MachineFacts, PendingJob, Shun, Want
from borgpy.scheduling.inner import DeviceStore, SetStore
from borgpy.scheduling.snapshot import (
    MAX_AMOUNT,
    STANDARD,
    STANDARD_COUNT,
    Attributes,
    Crowd,
    Ints,
    Mask,
    Rows,
    Snapshot,
    SnapshotFacts,
    Tenants,
)


def snapshot_of(facts: SnapshotFacts) -> Snapshot:
    """The snapshot that these facts describe; of several facts about one machine the last counts."""

    def columns(machines: Iterable[MachineFacts]) -> Columns:
        made = Columns()
        made.update(machines)
        return made

    allocs = {key: columns(machines) for key, machines in facts.allocs.items()}
    return columns(facts.machines).snapshot(
        facts.seq, facts.pending, facts.shuns, allocs, at=facts.at
    )


def amounts_of(rows: Sequence[Sequence[int]]) -> Ints:
    """``rows`` as int64, each amount at least 0 and at most `MAX_AMOUNT`: a Borglet may claim anything."""
    try:
        amounts = np.array(rows, np.int64)
    except OverflowError:
        amounts = np.array(
            [[min(max(amount, 0), MAX_AMOUNT) for amount in row] for row in rows], np.int64
        )
    return np.minimum(np.maximum(amounts, 0), MAX_AMOUNT)


class _Layout(msgspec.Struct, frozen=True, eq=False):
    """What one snapshot shares with the next for as long as no machine comes, goes or is described anew."""

    names: tuple[str, ...]
    hosts: tuple[str, ...]
    slots: Rows
    is_leading: bool  # no dimension of the store before the last of these is left out
    places: Rows | slice  # the same, a slice where the slots are in the order of names
    row_of: Rows  # by slot
    rows: tuple[int, ...]  # of the store's dimensions, those that some machine has any of
    dimensions: tuple[str, ...]
    capacity: Ints
    attributes: Attributes


class Columns:
    """What the scheduler knows of the machines. It depends on the facts alone, not on the order they came in."""

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._vacant: list[int] = []
        self._facts: dict[str, MachineFacts] = {}
        self._extras: tuple[str, ...] = ()
        self._capacity: Ints = np.zeros((STANDARD_COUNT, 0), np.int64)
        self._used: Ints = np.zeros((STANDARD_COUNT, 0), np.int64)
        self._placeable: Mask = np.zeros(0, np.bool_)
        self._exclusive: Mask = np.zeros(0, np.bool_)
        self._plain: Ints = np.zeros((len(_PLAIN), 0), np.int64)
        self._version = 0
        self._devices = DeviceStore()
        self._sets = SetStore()
        self._jobs = _Whereabouts[JobKey]()
        self._packages = _Whereabouts[str]()
        self._ports = _Whereabouts[int]()
        self._wants: Counter[Want] = Counter()
        self._wanted: tuple[tuple[Want, int], ...] | None = ()
        self._layout: _Layout | None = None

    def __len__(self) -> int:
        return len(self._slots)

    def facts(self) -> tuple[MachineFacts, ...]:
        """All that is known, in the order of names."""
        return tuple(self._facts[name] for name in sorted(self._facts))

    def update(self, facts: Iterable[MachineFacts]) -> None:
        """Take in machines that are new or have changed; of several facts about one machine the last counts."""
        latest = list({fact.name: fact for fact in facts}.values())
        if not latest:
            return
        self._learn_extras(latest)
        slots = np.array([self._slot_of(fact.name) for fact in latest], np.intp)
        capacity = self._amounts([fact.capacity for fact in latest])
        if not np.array_equal(self._capacity[:, slots], capacity):
            self._capacity[:, slots] = capacity
            self._layout = None
        self._used[:, slots] = self._amounts([fact.used for fact in latest])
        self._placeable[slots] = [fact.placeable for fact in latest]
        self._exclusive[slots] = [fact.exclusive for fact in latest]
        self._version += 1
        plain = [
            (
                sum(max(count, 0) for count in fact.tasks.values()),
                fact.production_cpu,
                fact.ends_at,
                self._version,
            )
            for fact in latest
        ]
        self._plain[:, slots] = amounts_of(plain).T
        for slot, fact in zip(slots.tolist(), latest, strict=True):
            self._note(slot, fact)

    def remove(self, name: str) -> None:
        """Forget a machine; one that is not known is no mistake."""
        slot = self._slots.pop(name, None)
        if slot is not None:
            fact = self._facts.pop(name)
            self._jobs.change(slot, fact.tasks, {})
            self._packages.change(slot, dict.fromkeys(fact.packages, 1), {})
            self._ports.change(slot, dict.fromkeys(fact.ports, 1), {})
            self._count_wants(fact.wants, -1)
            self._devices.clear(slot)
            self._sets.clear(slot)
            self._vacant.append(slot)
            self._layout = None

    def snapshot(
        self,
        seq: int,
        pending: Sequence[PendingJob],
        shuns: Sequence[Shun] = (),
        allocs: Mapping[JobKey, "Columns"] | None = None,
        *,
        at: int = 0,
    ) -> Snapshot:
        """A copy that later changes do not touch. ``allocs`` are the columns of each alloc set."""
        layout = self._layout = self._layout or self._lay_out()
        inside: dict[JobKey, list[PendingJob]] = {}
        for job in pending if allocs else ():
            inside.setdefault(job.alloc, []).append(job)
        slots = layout.slots
        places, rows = layout.places, layout.rows
        used = self._used[: len(rows)] if layout.is_leading else self._used[list(rows)]
        tasks, production_cpu, ends_at, versions = (np.array(row[places]) for row in self._plain)
        return Snapshot(
            seq=seq,
            names=layout.names,
            capacity=layout.capacity,
            free=layout.capacity - used[:, places].T,
            placeable=np.array(self._placeable[places]),
            attributes=layout.attributes,
            tenants=Tenants(
                tasks=tasks,
                exclusive=np.array(self._exclusive[places]),
                production_cpu=production_cpu,
                ends_at=ends_at,
                jobs={
                    key: self._jobs.crowd(key, layout.row_of)
                    for key in _jobs_that_matter(pending, shuns)
                },
                packages={
                    digest: self._packages.crowd(digest, layout.row_of).rows
                    for digest in sorted({name for job in pending for name in job.packages})
                },
                ports={
                    port: self._ports.crowd(port, layout.row_of).rows
                    for port in sorted({port for job in pending for port in job.ports})
                },
                shuns=tuple(shuns),
            ),
            versions=versions,
            layout=layout,
            hosts=layout.hosts,
            dimensions=layout.dimensions,
            pending=tuple(pending),
            devices=self._devices.columns(slots),
            sets=self._sets.columns(slots),
            allocs={
                key: own.snapshot(seq, inside.get(key, ()), shuns, at=at)
                for key, own in (allocs or {}).items()
            },
            wants=self._all_wanted(),
            at=at,
        )

    def _note(self, slot: int, fact: MachineFacts) -> None:
        before = self._facts.get(fact.name)
        self._facts[fact.name] = fact
        if before is None:
            before = MachineFacts(fact.name, fact.capacity, fact.used)
            self._layout = None
        elif before.attributes != fact.attributes or before.host != fact.host:
            self._layout = None
        if before.tasks != fact.tasks:
            self._jobs.change(slot, before.tasks, fact.tasks)
        if before.packages != fact.packages:
            known = dict.fromkeys(before.packages, 1)
            self._packages.change(slot, known, dict.fromkeys(fact.packages, 1))
        if before.ports != fact.ports:
            taken = dict.fromkeys(before.ports, 1)
            self._ports.change(slot, taken, dict.fromkeys(fact.ports, 1))
        if before.wants != fact.wants:
            self._count_wants(before.wants, -1)
            self._count_wants(fact.wants, 1)
        if (before.devices or fact.devices) and _devices_of(before) != _devices_of(fact):
            self._devices.put(slot, fact)
        if (before.sets or fact.sets) and _sets_of(before) != _sets_of(fact):
            self._sets.put(slot, fact)

    def _all_wanted(self) -> tuple[tuple[Want, int], ...]:
        """In an order that does not depend on who came first."""
        if self._wanted is None:
            self._wanted = tuple(sorted(self._wants.items(), key=lambda entry: entry[0].place()))
        return self._wanted

    def _count_wants(self, wants: Iterable[tuple[Want, int]], sign: int) -> None:
        for want, tasks in wants:
            self._wants[want] += sign * min(max(tasks, 0), MAX_AMOUNT)
            if not self._wants[want]:
                del self._wants[want]
            self._wanted = None

    def _lay_out(self) -> _Layout:
        names = tuple(sorted(self._slots))
        slots = np.array([self._slots[name] for name in names], np.intp)
        row_of = np.full(len(self._placeable), -1, np.intp)
        row_of[slots] = np.arange(len(slots))
        capacity = self._capacity.take(slots, axis=1)
        # An extra that the last machine with any has taken away must not tell this store from one that never knew it.
        offered = [STANDARD_COUNT + i for i in range(len(self._extras))]
        rows = (*range(STANDARD_COUNT), *(row for row in offered if capacity[row].any()))
        facts = [self._facts[name] for name in names]
        hosts = tuple(fact.host or fact.name for fact in facts)
        return _Layout(
            names=names,
            hosts=hosts,
            slots=slots,
            is_leading=rows == tuple(range(len(rows))),
            places=slice(len(slots)) if (slots == np.arange(len(slots))).all() else slots,
            row_of=row_of,
            rows=rows,
            dimensions=tuple((*STANDARD, *self._extras)[row] for row in rows),
            capacity=capacity[list(rows)].T,
            attributes=Attributes(hosts, tuple(dict(fact.attributes) for fact in facts)),
        )

    def _slot_of(self, name: str) -> int:
        slot = self._slots.get(name)
        if slot is None:
            slot = self._slots[name] = self._vacant.pop() if self._vacant else len(self._slots)
            self._layout = None
            if slot >= len(self._placeable):
                self._grow(max(64, 2 * slot))
        return slot

    def _grow(self, slots: int) -> None:
        more = slots - len(self._placeable)
        self._capacity = np.pad(self._capacity, ((0, 0), (0, more)))
        self._used = np.pad(self._used, ((0, 0), (0, more)))
        self._plain = np.pad(self._plain, ((0, 0), (0, more)))
        self._placeable = np.pad(self._placeable, (0, more))
        self._exclusive = np.pad(self._exclusive, (0, more))

    def _learn_extras(self, facts: Sequence[MachineFacts]) -> None:
        mentioned = {name for fact in facts for name in fact.capacity.extra}
        unknown = mentioned.difference(self._extras)
        if not unknown:
            return
        extras = tuple(sorted(unknown.union(self._extras)))
        known = [row for row, name in enumerate(extras) if name in self._extras]
        rows = [*range(STANDARD_COUNT), *(STANDARD_COUNT + row for row in known)]
        for attribute in ("_capacity", "_used"):
            old: Ints = getattr(self, attribute)
            new = np.zeros((STANDARD_COUNT + len(extras), old.shape[1]), np.int64)
            new[rows] = old
            setattr(self, attribute, new)
        self._extras = extras
        self._layout = None
        # Machines may have promised what none was known to have.
        for name, fact in self._facts.items():
            if not unknown.isdisjoint(fact.used.extra):
                self._used[:, self._slots[name]] = self._amounts([fact.used])[:, 0]

    def _amounts(self, vectors: Sequence[Resources]) -> Ints:
        """int64[dimensions, vectors]."""
        if self._extras:
            extras = self._extras
            rows = [
                (v.cpu, v.ram, v.disk, v.ports, *(v.extra.get(name, 0) for name in extras))
                for v in vectors
            ]
        else:
            rows = [(v.cpu, v.ram, v.disk, v.ports) for v in vectors]
        return amounts_of(rows).T


def _devices_of(fact: MachineFacts) -> object:
    return (fact.devices, fact.device_free) if fact.devices else None


def _sets_of(fact: MachineFacts) -> object:
    return (fact.sets, fact.set_states) if fact.sets else None


Key = TypeVar("Key", bound=Hashable)

_PLAIN = ("tasks", "production_cpu", "ends_at", "version")


class _Whereabouts(Generic[Key]):
    """For each key (a job, a package, a port) the slots where it is, and how often."""

    def __init__(self) -> None:
        self._slots: dict[Key, dict[int, int]] = {}

    def change(self, slot: int, before: Mapping[Key, int], after: Mapping[Key, int]) -> None:
        for key in before:
            places = self._slots.get(key)
            if places is not None and after.get(key, 0) <= 0:
                places.pop(slot, None)
                if not places:
                    del self._slots[key]
        for key, count in after.items():
            if count > 0:
                self._slots.setdefault(key, {})[slot] = min(count, MAX_AMOUNT)

    def crowd(self, key: Key, row_of: Rows) -> Crowd:
        """In the order of rows."""
        places = self._slots.get(key, {})
        rows = row_of[np.fromiter(places, np.intp, len(places))]
        order = np.argsort(rows)
        counts = np.fromiter(places.values(), np.int64, len(places))
        return Crowd(rows[order], counts[order])


def _jobs_that_matter(pending: Iterable[PendingJob], shuns: Iterable[Shun]) -> list[JobKey]:
    keys = {job.job for job in pending if job.replicas > 1 or job.is_bound()}
    for job in pending:
        for rule in job.constraints:
            if isinstance(rule, Near | Away):
                keys.add(key_of(split_job(job.job)[0], rule.job))
    targets = {job.job for job in pending}
    for shun in shuns:
        if key_of(split_job(shun.holder)[0], shun.away.job) in targets:
            keys.add(shun.holder)
    return sorted(keys)
