"""What a scheduling pass sees: the cell's machines as columns, its pending tasks by job, at one journal sequence."""

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from borgpy.model.constraints import MACHINE
from borgpy.model.names import JobKey
from borgpy.model.resources import Resources
from borgpy.scheduling.facts import MachineFacts, PendingJob, Shun, Want

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

STANDARD = ("cpu", "ram", "disk", "ports")
"""The dimensions that every machine has; any extra scalars follow in the order of their names."""

STANDARD_COUNT = len(STANDARD)

MAX_AMOUNT = 2**60
"""More of anything counts as this much, so that no sum over machines and requests leaves 64 bits."""

ABSENT = -1
"""The code of an attribute that a machine does not have, and of a device or set that it does not have."""


class Codes(msgspec.Struct, frozen=True, eq=False):
    """One attribute as a column: ``codes`` int64[machines] index ``values``, or are `ABSENT`."""

    codes: Ints
    values: tuple[str, ...]


class Attributes:
    """The attributes of the machines, each turned into a column when it is first asked for.

    Shared by all snapshots between which no machine came, went or was described anew.
    """

    def __init__(self, hosts: tuple[str, ...], rows: tuple[Mapping[str, str], ...]) -> None:
        self._hosts = hosts
        self._rows = rows
        self._known: dict[str, Codes] = {}

    def __getitem__(self, row: int) -> Mapping[str, str]:
        return self._rows[row]

    def column(self, attribute: str) -> Codes:
        """``machine`` is every machine's own name, whatever it says of itself, and for allocs the one that they are on.

        Values are in their order as texts.
        """
        known = self._known.get(attribute)
        if known is None:
            known = self._known[attribute] = self._coded(attribute)
        return known

    def _coded(self, attribute: str) -> Codes:
        texts: list[str | None] = [row.get(attribute) for row in self._rows]
        if attribute == MACHINE:
            texts = list(self._hosts)
        values = tuple(sorted({text for text in texts if text is not None}))
        number = {value: code for code, value in enumerate(values)}
        codes = [ABSENT if text is None else number[text] for text in texts]
        return Codes(np.array(codes, np.int64), values)


class Crowd(msgspec.Struct, frozen=True, eq=False):
    """Where one job's tasks are: ``counts`` int64[n] of them on the machines ``rows`` intp[n], which are distinct."""

    rows: Rows
    counts: Ints


class Tenants(msgspec.Struct, frozen=True, eq=False):
    """Who is on the machines already; see `MachineFacts` for what the columns mean.

    ``jobs``, ``packages`` and ``ports`` (the machines that have the package, or on which the port is taken) hold only
    what some pending job may be interested in.
    """

    tasks: Ints
    exclusive: Mask
    production_cpu: Ints
    ends_at: Ints
    jobs: Mapping[JobKey, Crowd] = {}
    packages: Mapping[str, Rows] = {}
    ports: Mapping[int, Rows] = {}
    shuns: tuple[Shun, ...] = ()


class DeviceColumns(msgspec.Struct, frozen=True, eq=False):
    """The devices of one kind: ``free`` int64[machines, most devices] in thousandths, `ABSENT` where there is none.

    ``models`` int64[machines] index ``names``; `ABSENT` for a machine without any.
    """

    free: Ints
    models: Ints
    names: tuple[str, ...]


class SetColumns(msgspec.Struct, frozen=True, eq=False):
    """The resource sets of one name, int64[machines, most sets] each: slots in use, tasks, and the value that is served.

    ``slots`` int64[machines] is how many one set of the machine has. ``values`` index ``served``; a set without tasks
    has `ABSENT` there, and one that does not exist has tasks `ABSENT`.
    """

    slots: Ints
    used: Ints
    tasks: Ints
    values: Ints
    served: tuple[str, ...]


class Snapshot(msgspec.Struct, frozen=True, eq=False):
    """An immutable copy of the cell, as a pass reads it.

    Rows are machines in the order of their names, so that the lowest row wins a tie whatever order they joined in.
    ``capacity`` and ``free`` are int64[machines, dimensions], column by column in memory; ``free`` is negative where
    a machine is over-committed. ``placeable`` is bool[machines]. ``hosts`` are the machines' names again; in the
    snapshot of an alloc set, whose rows are its allocs, they are the machines that these are on. ``allocs`` are such
    snapshots. ``layout`` is the same object for as long as rows, dimensions and capacities are the same, and
    ``versions`` int64[machines] then changes wherever anything else about a machine does. ``wants`` is what the tasks on
    machines with devices ask for, and how many do. ``at`` is the time it was taken.
    """

    seq: int
    names: tuple[str, ...]
    capacity: Ints
    free: Ints
    placeable: Mask
    attributes: Attributes
    tenants: Tenants
    versions: Ints
    layout: object
    hosts: tuple[str, ...]
    dimensions: tuple[str, ...] = STANDARD
    pending: tuple[PendingJob, ...] = ()
    devices: Mapping[str, DeviceColumns] = {}
    sets: Mapping[str, SetColumns] = {}
    allocs: Mapping[JobKey, "Snapshot"] = {}
    wants: tuple[tuple[Want, int], ...] = ()
    at: int = 0

    def __post_init__(self) -> None:
        for column in (self.capacity, self.free, self.placeable):
            column.setflags(write=False)

    def __len__(self) -> int:
        return len(self.names)

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
            layout=object(),
        )


class SnapshotFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A snapshot as it travels: `borgpy.scheduling.columns.snapshot_of` makes one of it.

    ``allocs`` holds, for each alloc set, its allocs as facts.
    """

    seq: int
    machines: tuple[MachineFacts, ...]
    pending: tuple[PendingJob, ...] = ()
    shuns: tuple[Shun, ...] = ()
    allocs: Mapping[JobKey, tuple[MachineFacts, ...]] = {}
    at: int = 0
