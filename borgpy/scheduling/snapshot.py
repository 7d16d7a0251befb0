"""What a scheduling pass sees: the cell's machines as columns, its pending tasks by job, at one journal sequence."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from borgpy.errors import Corrupt
from borgpy.model.names import JobKey
from borgpy.model.resources import Resources

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

STANDARD = ("cpu", "ram", "disk", "ports")
"""The dimensions that every machine has; any extra scalars follow in the order of their names."""

STANDARD_COUNT = len(STANDARD)

MAX_AMOUNT = 2**60
"""More of anything counts as this much, so that no sum over machines and requests leaves 64 bits."""


class MachineFacts(msgspec.Struct, frozen=True):
    """What the scheduler wants to know of a machine. ``used`` is what the tasks placed there were promised."""

    name: str
    capacity: Resources
    used: Resources
    placeable: bool
    attributes: Mapping[str, str] = {}


class PendingJob(msgspec.Struct, frozen=True):
    """The pending tasks of one job that have one spec (its digest), hence one request; ``indexes`` are sorted.

    ``avoid`` names the machines that single tasks kept crashing on, by task index; most tasks are not in it.
    """

    job: JobKey
    user: str
    priority: int
    request: Resources
    spec: str
    indexes: tuple[int, ...]
    avoid: Mapping[int, tuple[str, ...]] = {}


class Snapshot(msgspec.Struct, frozen=True, eq=False):
    """An immutable copy of the cell, as a pass reads it.

    Rows are machines in the order of their names, so that the lowest row wins a tie whatever order they joined in.
    ``capacity`` and ``free`` are int64[machines, dimensions], column by column in memory; ``free`` is negative where
    a machine is over-committed. ``placeable`` is bool[machines].
    """

    seq: int
    names: tuple[str, ...]
    capacity: Ints
    free: Ints
    placeable: Mask
    dimensions: tuple[str, ...] = STANDARD
    pending: tuple[PendingJob, ...] = ()
    attributes: tuple[Mapping[str, str], ...] = ()

    def __post_init__(self) -> None:
        for column in (self.capacity, self.free, self.placeable):
            column.setflags(write=False)

    def widened(self, requests: Iterable[Resources]) -> "Snapshot":
        """The same with a dimension, of which no machine has any, for each unknown extra that ``requests`` name."""
        known = set(self.dimensions)
        unknown = sorted({name for request in requests for name in request.extra} - known)
        if not unknown:
            return self
        nothing = np.zeros((len(self.names), len(unknown)), np.int64)
        return msgspec.structs.replace(
            self,
            dimensions=(*self.dimensions, *unknown),
            capacity=np.asfortranarray(np.hstack([self.capacity, nothing])),
            free=np.asfortranarray(np.hstack([self.free, nothing])),
        )


class SnapshotColumns(msgspec.Struct, frozen=True):
    """A snapshot as it travels: ``capacity`` and ``free`` hold one list per dimension, with one entry per machine."""

    seq: int
    dimensions: tuple[str, ...]
    names: tuple[str, ...]
    capacity: list[list[int]]
    free: list[list[int]]
    placeable: list[bool]
    attributes: tuple[Mapping[str, str], ...]
    pending: tuple[PendingJob, ...]


def to_columns(snapshot: Snapshot) -> SnapshotColumns:
    return SnapshotColumns(
        seq=snapshot.seq,
        dimensions=snapshot.dimensions,
        names=snapshot.names,
        capacity=snapshot.capacity.T.tolist(),
        free=snapshot.free.T.tolist(),
        placeable=snapshot.placeable.tolist(),
        attributes=snapshot.attributes,
        pending=snapshot.pending,
    )


def from_columns(columns: SnapshotColumns) -> Snapshot:
    """The snapshot that `to_columns` was given; `Corrupt` if the columns do not belong together."""
    machines = len(columns.names)
    named = [len(columns.placeable), len(columns.attributes)]
    lengths = {len(column) for column in (*columns.capacity, *columns.free)} | set(named)
    tables = {len(columns.capacity), len(columns.free), len(columns.dimensions)}
    if lengths - {machines} or len(tables) != 1 or columns.dimensions[:4] != STANDARD:
        raise Corrupt("the snapshot's columns differ in length")
    if any(left >= right for left, right in zip(columns.names, columns.names[1:], strict=False)):
        raise Corrupt("the snapshot's machines are not in the order of their names")
    shape = (len(columns.dimensions), machines)
    if any(
        abs(amount) > 2 * MAX_AMOUNT
        for column in (*columns.capacity, *columns.free)
        for amount in column
    ):
        raise Corrupt("the snapshot holds amounts that no cell has")
    return Snapshot(
        seq=columns.seq,
        names=columns.names,
        capacity=np.array(columns.capacity, np.int64).reshape(shape).T,
        free=np.array(columns.free, np.int64).reshape(shape).T,
        placeable=np.array(columns.placeable, np.bool_),
        dimensions=columns.dimensions,
        pending=columns.pending,
        attributes=columns.attributes,
    )


def amounts_of(rows: Sequence[Sequence[int]]) -> Ints:
    """``rows`` as int64, each amount at least 0 and at most `MAX_AMOUNT`: a Borglet may claim anything."""
    try:
        amounts = np.array(rows, np.int64)
    except OverflowError:
        amounts = np.array([[min(amount, MAX_AMOUNT) for amount in row] for row in rows], np.int64)
    return np.clip(amounts, 0, MAX_AMOUNT)


class _Layout(msgspec.Struct, frozen=True, eq=False):
    """What one snapshot shares with the next for as long as no machine comes, goes or is described anew."""

    names: tuple[str, ...]
    slots: NDArray[np.intp]
    rows: tuple[int, ...]  # of the store's dimensions, those that some machine has any of
    dimensions: tuple[str, ...]
    capacity: Ints
    attributes: tuple[Mapping[str, str], ...]


class Columns:
    """The machines as the Borgmaster keeps them for its scheduler: told of changes only, copied for each pass."""

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._vacant: list[int] = []
        self._attributes: dict[str, Mapping[str, str]] = {}
        self._extras: tuple[str, ...] = ()
        self._capacity: Ints = np.zeros((len(STANDARD), 0), np.int64)
        self._used: Ints = np.zeros((len(STANDARD), 0), np.int64)
        self._placeable: Mask = np.zeros(0, np.bool_)
        self._layout: _Layout | None = None

    def __len__(self) -> int:
        return len(self._slots)

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
        for fact in latest:
            if self._attributes.get(fact.name) != fact.attributes:
                self._attributes[fact.name] = dict(fact.attributes)
                self._layout = None

    def remove(self, name: str) -> None:
        """Forget a machine; one that is not known is no mistake."""
        slot = self._slots.pop(name, None)
        if slot is not None:
            self._attributes.pop(name, None)
            self._vacant.append(slot)
            self._layout = None

    def snapshot(self, seq: int, pending: Sequence[PendingJob]) -> Snapshot:
        """A copy that later changes do not touch. It depends on what is known, not on the order it was learnt in."""
        layout = self._layout = self._layout or self._lay_out()
        used = self._used[list(layout.rows)].take(layout.slots, axis=1)
        return Snapshot(
            seq=seq,
            names=layout.names,
            capacity=layout.capacity,
            free=layout.capacity - used.T,
            placeable=self._placeable[layout.slots],
            dimensions=layout.dimensions,
            pending=tuple(pending),
            attributes=layout.attributes,
        )

    def _lay_out(self) -> _Layout:
        names = tuple(sorted(self._slots))
        slots = np.array([self._slots[name] for name in names], np.intp)
        capacity = self._capacity.take(slots, axis=1)
        # An extra that the last machine with any has taken away must not tell this store from one that never knew it.
        offered = [STANDARD_COUNT + i for i in range(len(self._extras))]
        rows = (*range(STANDARD_COUNT), *(row for row in offered if capacity[row].any()))
        return _Layout(
            names=names,
            slots=slots,
            rows=rows,
            dimensions=tuple((*STANDARD, *self._extras)[row] for row in rows),
            capacity=capacity[list(rows)].T,
            attributes=tuple(self._attributes[name] for name in names),
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
        self._placeable = np.pad(self._placeable, (0, more))

    def _learn_extras(self, facts: Sequence[MachineFacts]) -> None:
        mentioned = {name for fact in facts for name in fact.capacity.extra}
        if mentioned <= set(self._extras):
            return
        extras = tuple(sorted(mentioned | set(self._extras)))
        known = [row for row, name in enumerate(extras) if name in self._extras]
        rows = [*range(STANDARD_COUNT), *(STANDARD_COUNT + row for row in known)]
        for attribute in ("_capacity", "_used"):
            old: Ints = getattr(self, attribute)
            new = np.zeros((STANDARD_COUNT + len(extras), old.shape[1]), np.int64)
            new[rows] = old
            setattr(self, attribute, new)
        self._extras = extras
        self._layout = None

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
