"""The faces of the store: what the Borgmaster may rely on, whichever database (or none) stands behind."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

import msgspec

from borgpy.model.events import Record
from borgpy.model.names import JobKey
from borgpy.model.orders import Usage

PAGE = 1000
"""Rows a read returns when nobody says otherwise: a few hundred kilobytes, decoded within milliseconds."""


class Row(msgspec.Struct, frozen=True):
    """One line of the journal: the operation's bytes, and the epoch of the Borgmaster that appended it."""

    seq: int
    epoch: int
    at: int
    operation: bytes


class Position(NamedTuple):
    """Where a journal ends: its last sequence, and the highest epoch in it. Both are 0 while it is empty."""

    seq: int
    epoch: int


class Holding(Enum):
    """What stands in the journal in place of an append whose outcome was unknown."""

    ALL = "all"  # it happened
    NONE = "none"  # it did not, and cannot any more
    OTHER = "other"  # somebody else's entries stand there


class Checkpoint(msgspec.Struct, frozen=True):
    """A snapshot of the state at sequence ``seq``; ``blob`` means nothing to the store."""

    seq: int
    at: int
    blob: bytes
    state_hash: str


class Kept(msgspec.Struct, frozen=True):
    """A checkpoint that is there, without its bytes."""

    seq: int
    at: int
    size: int
    sha256: str
    state_hash: str


class Lease(msgspec.Struct, frozen=True):
    """Who may try to lead. ``epoch`` counts the holders so far, ``holder`` reads ``host:pid:start_ticks``."""

    name: str
    holder: str
    epoch: int
    expires_at: int


class UsageSample(msgspec.Struct, frozen=True):
    """What a task used at one moment."""

    at: int
    job: JobKey
    index: int
    machine: str
    usage: Usage


class Journal(Protocol):
    """The truth: every operation in its order, without gaps, from one writer at a time."""

    def append(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> None:
        """Append ``(at, operation)`` pairs from ``first_seq`` on: durably, and all of them or none.

        `Fenced` if another writer stands in the journal: a higher epoch, or a sequence that is not the next one.
        `StoreUnavailable` (`StoreFull`): nothing of it is there. `StoreUncertain`: ask `holds` before anything else.
        """
        ...

    def read(self, after: int, limit: int = PAGE) -> list[Row]:
        """The first ``limit`` rows behind sequence ``after``, in order."""
        ...

    def last(self) -> Position: ...

    def holds(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> Holding:
        """What became of an `append` with these arguments; waits for one that is still on its way."""
        ...

    def prune(self, before_seq: int) -> int:
        """Forget the rows before ``before_seq``, never the last one; how many that were."""
        ...


class Checkpoints(Protocol):
    """Snapshots of the state, the newest few of them. `Corrupt` where the bytes are not those that were saved."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Wholly or not at all; one at the same sequence is replaced."""
        ...

    def newest(self) -> Checkpoint | None: ...

    def load(self, seq: int) -> Checkpoint:
        """The one at exactly ``seq``; `NotFound` without it."""
        ...

    def kept(self) -> list[Kept]:
        """All there are, the newest first."""
        ...

    def prune(self, keep: int) -> int:
        """Forget all but the newest ``keep`` (at least 1); how many that were."""
        ...


class Leases(Protocol):
    """Who should try to lead. Only a courtesy: two holders at once do no harm, the journal fences one of them."""

    def acquire(
        self, name: str, holder: str, at: int, ttl_ms: int, dead: Callable[[str], bool]
    ) -> Lease | None:
        """Take the lease if it is free, expired, one's own, or if its holder is ``dead``; None otherwise."""
        ...

    def renew(self, lease: Lease, at: int, ttl_ms: int) -> Lease | None:
        """Hold on to it; None if somebody else has it by now."""
        ...

    def release(self, lease: Lease) -> None:
        """Free it for whoever comes next; nothing happens if somebody else has it by now."""
        ...

    def current(self, name: str) -> Lease | None:
        """Who holds it, expired or not; None if nobody."""
        ...


class History(Protocol):
    """What happened and what was used, as rows that people may query with SQL (Borg's Infrastore)."""

    def append(self, records: Sequence[Record]) -> None:
        """Keep these events; those which are there already stay as they are."""
        ...

    def read(self, after_seq: int, job: JobKey | None = None, limit: int = PAGE) -> list[Record]:
        """Events behind ``after_seq`` in order, all or one job's.

        About ``limit`` of them, for a sequence is never torn apart: reading on after the last one's misses nothing.
        """
        ...

    def last_seq(self) -> int:
        """The newest sequence with an event here, 0 for none."""
        ...

    def prune(self, before_at: int) -> int:
        """Forget events from before ``before_at``, never the newest sequence's; how many that were."""
        ...

    def append_usage(self, samples: Sequence[UsageSample]) -> None: ...

    def read_usage(self, job: JobKey, since: int, limit: int = PAGE) -> list[UsageSample]:
        """The first ``limit`` samples of a job's tasks from ``since`` on, by time and index."""
        ...

    def prune_usage(self, before_at: int) -> int: ...


class Store(msgspec.Struct, frozen=True):
    """Everything a Borgmaster keeps, behind one handle."""

    journal: Journal
    checkpoints: Checkpoints
    leases: Leases
    history: History
    close: Callable[[], None]
