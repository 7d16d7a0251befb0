"""The store without a database: for simulations and tests, under the same contract as the real one."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from threading import Lock

from borgpy.errors import Corrupt
from borgpy.model.events import Record
from borgpy.model.names import JobKey
from borgpy.store.checkpoints import no_checkpoint, sha256
from borgpy.store.faces import (
    PAGE,
    Checkpoint,
    Holding,
    Kept,
    Lease,
    Position,
    Row,
    Store,
    UsageSample,
)
from borgpy.store.journal import holding, may_append
from borgpy.store.lease import NOBODY, extended, released, successor


def memory_store() -> Store:
    """A store that is gone with the process."""
    return Store(
        MemoryJournal(), MemoryCheckpoints(), MemoryLeases(), MemoryHistory(), close=lambda: None
    )


class MemoryJournal:
    """A `borgpy.store.faces.Journal` in a list."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._lock = Lock()

    def append(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> None:
        if not entries:
            return
        with self._lock:
            may_append(self.last(), epoch, first_seq)
            self._rows += [Row(seq, epoch, *entry) for seq, entry in enumerate(entries, first_seq)]

    def read(self, after: int, limit: int = PAGE) -> list[Row]:
        start = bisect_right(self._rows, after, key=lambda row: row.seq)
        return self._rows[start : start + limit]

    def last(self) -> Position:
        return Position(self._rows[-1].seq, self._rows[-1].epoch) if self._rows else Position(0, 0)

    def holds(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> Holding:
        with self._lock:
            end = first_seq + len(entries)
            found = [row for row in self.read(first_seq - 1, len(entries)) if row.seq < end]
        return holding(found, epoch, first_seq, entries)

    def prune(self, before_seq: int) -> int:
        with self._lock:
            end = min(before_seq, self.last().seq)
            kept = [row for row in self._rows if row.seq >= end]
            pruned = len(self._rows) - len(kept)
            self._rows = kept
        return pruned


class MemoryCheckpoints:
    """`borgpy.store.faces.Checkpoints` in a dict; `damage` is there for tests of what follows."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Checkpoint, str]] = {}

    def save(self, checkpoint: Checkpoint) -> None:
        self._kept[checkpoint.seq] = (checkpoint, sha256(checkpoint.blob))

    def newest(self) -> Checkpoint | None:
        return self.load(max(self._kept)) if self._kept else None

    def load(self, seq: int) -> Checkpoint:
        if seq not in self._kept:
            raise no_checkpoint(seq)
        checkpoint, expected = self._kept[seq]
        if sha256(checkpoint.blob) != expected:
            raise Corrupt(f"the checkpoint at sequence {seq} is damaged")
        return checkpoint

    def kept(self) -> list[Kept]:
        return [
            Kept(seq, checkpoint.at, len(checkpoint.blob), digest, checkpoint.state_hash)
            for seq, (checkpoint, digest) in sorted(self._kept.items(), reverse=True)
        ]

    def prune(self, keep: int) -> int:
        too_old = sorted(self._kept, reverse=True)[max(1, keep) :]
        for seq in too_old:
            del self._kept[seq]
        return len(too_old)

    def damage(self, seq: int, blob: bytes) -> None:
        """Put other bytes in a checkpoint's place, as a failing disk would."""
        checkpoint, expected = self._kept[seq]
        damaged = Checkpoint(seq, checkpoint.at, blob, checkpoint.state_hash)
        self._kept[seq] = (damaged, expected)


class MemoryLeases:
    """`borgpy.store.faces.Leases` in a dict."""

    def __init__(self) -> None:
        self._leases: dict[str, Lease] = {}
        self._lock = Lock()

    def acquire(
        self, name: str, holder: str, at: int, ttl_ms: int, dead: Callable[[str], bool]
    ) -> Lease | None:
        with self._lock:
            wanted = successor(self._leases.get(name), name, holder, at, ttl_ms, dead)
            if wanted is not None:
                self._leases[name] = wanted
        return wanted

    def renew(self, lease: Lease, at: int, ttl_ms: int) -> Lease | None:
        return self._swap(lease, extended(lease, at, ttl_ms))

    def release(self, lease: Lease) -> None:
        self._swap(lease, released(lease))

    def current(self, name: str) -> Lease | None:
        found = self._leases.get(name)
        return found if found and found.holder != NOBODY else None

    def _swap(self, old: Lease, new: Lease) -> Lease | None:
        with self._lock:
            found = self._leases.get(old.name)
            if found is None or (found.holder, found.epoch) != (old.holder, old.epoch):
                return None
            self._leases[old.name] = new
        return new


class MemoryHistory:
    """A `borgpy.store.faces.History` in two dicts, whose keys are those of the tables."""

    def __init__(self) -> None:
        self._events: dict[tuple[int, int], Record] = {}
        self._usage: dict[tuple[int, JobKey, int, str], UsageSample] = {}

    def append(self, records: Sequence[Record]) -> None:
        for record in records:
            self._events.setdefault((record.seq, record.ordinal), record)

    def read(self, after_seq: int, job: JobKey | None = None, limit: int = PAGE) -> list[Record]:
        behind = [
            record
            for (seq, _), record in sorted(self._events.items(), key=lambda item: item[0])
            if seq > after_seq and job in (None, getattr(record.event, "job", None))
        ]
        if len(behind) <= limit:
            return behind
        torn = behind[limit].seq
        whole = [record for record in behind if record.seq < torn]
        return whole or [record for record in behind if record.seq == torn]

    def last_seq(self) -> int:
        return max((seq for seq, _ in self._events), default=0)

    def prune(self, before_at: int) -> int:
        newest = self.last_seq()
        old = [k for k, record in self._events.items() if record.at < before_at and k[0] < newest]
        for key in old:
            del self._events[key]
        return len(old)

    def append_usage(self, samples: Sequence[UsageSample]) -> None:
        for sample in samples:
            key = (sample.at, sample.job, sample.index, sample.machine)
            self._usage.setdefault(key, sample)

    def read_usage(self, job: JobKey, since: int, limit: int = PAGE) -> list[UsageSample]:
        samples = (sample for _, sample in sorted(self._usage.items(), key=lambda item: item[0]))
        return [sample for sample in samples if sample.job == job and sample.at >= since][:limit]

    def prune_usage(self, before_at: int) -> int:
        old = [key for key in self._usage if key[0] < before_at]
        for key in old:
            del self._usage[key]
        return len(old)
