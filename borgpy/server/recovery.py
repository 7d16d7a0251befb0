"""Starting up: the newest checkpoint and the rest of the journal give the cell back; then this Borgmaster leads.

The lease only decides who tries. What makes a leader is `LeaderElected`, durable in the journal with a higher epoch than
any before: from then on every other writer is fenced.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

import msgspec
import psutil

from borgpy.clock import Clock
from borgpy.errors import BorgError, Corrupt
from borgpy.master.borgmaster import RULES, Borgmaster
from borgpy.model import checkpoint
from borgpy.model.cell import Cell
from borgpy.model.events import Record
from borgpy.model.operations import LeaderElected, Operation, RulesChanged
from borgpy.store.faces import Checkpoint, Lease, Leases, Store

log = logging.getLogger(__name__)

LEASE = "borgmaster"
LEASE_MS = 10_000
"""Borg fails over in about ten seconds (§3.1)."""

RETRY_SECONDS = 1.0

_decoder: msgspec.msgpack.Decoder[Operation] = msgspec.msgpack.Decoder(Operation)


class Risen(msgspec.Struct, frozen=True, eq=False):
    """A Borgmaster that leads, and what its body goes on from.

    ``flushed`` is the sequence up to which the history is complete, ``missing`` are the events it lacks since.
    ``checkpointed`` is the sequence of the newest checkpoint, 0 without one.
    """

    lease: Lease
    master: Borgmaster
    epoch: int
    flushed: int
    missing: list[Record]
    checkpointed: int


async def rise(store: Store, cell: str, clock: Clock) -> Risen:
    """Wait for the lease, recover the cell, and lead it."""
    lease = await wait_for_lease(store.leases, holder_here(), clock)
    return await asyncio.to_thread(_rise_with, lease, store, cell, clock)


def _rise_with(lease: Lease, store: Store, cell: str, clock: Clock) -> Risen:
    flushed = store.history.last_seq()
    missing: list[Record] = []

    def complete(records: list[Record]) -> None:
        missing.extend(record for record in records if record.seq > flushed)

    master = recover(store, cell, story=complete)
    newest = store.checkpoints.newest()
    epoch, records = lead(store, master, lease.holder, clock)
    return Risen(lease, master, epoch, flushed, [*missing, *records], newest.seq if newest else 0)


def recover(
    store: Store,
    cell: str,
    *,
    upto: int | None = None,
    story: Callable[[list[Record]], None] | None = None,
) -> Borgmaster:
    """The cell as the store has it (at sequence ``upto`` at the most); an empty one if the store is empty.

    ``story`` is told the events of each folded entry, so that history can be completed.
    `Corrupt` for entries that do not decode, `BorgError` for a store that belongs to another cell.
    """
    start = _newest(store, upto)
    master = Borgmaster(checkpoint.decode(start.blob) if start else Cell(cell))
    if master.cell.name != cell:
        raise _other_cell(master.cell.name, cell)
    while rows := store.journal.read(master.cell.seq):
        for row in rows:
            if upto is not None and row.seq > upto:
                return master
            if row.seq != master.cell.seq + 1:
                raise Corrupt(
                    f"the journal continues at {row.seq}; {master.cell.seq + 1} is missing",
                    hint="restore the cell from a backup",
                )
            operation = _decode(row.seq, row.operation)
            if isinstance(operation, LeaderElected) and operation.cell != cell:
                raise _other_cell(operation.cell, cell)
            events = master.apply(operation)
            if story is not None:
                at = master.cell.at
                story([Record(row.seq, n, at, event) for n, event in enumerate(events)])
    return master


def _newest(store: Store, upto: int | None) -> Checkpoint | None:
    """The newest checkpoint that is not beyond ``upto``."""
    if upto is None:
        return store.checkpoints.newest()
    early = [kept.seq for kept in store.checkpoints.kept() if kept.seq <= upto]
    return store.checkpoints.load(max(early)) if early else None


def lead(store: Store, master: Borgmaster, holder: str, clock: Clock) -> tuple[int, list[Record]]:
    """Become the leader: the new epoch, and the events of the entries that say so. `Fenced` if another was quicker."""
    epoch = max(master.cell.epoch, store.journal.last().epoch) + 1
    at = max(clock.now(), master.cell.at)
    operations: list[Operation] = [
        LeaderElected(at=at, cell=master.cell.name, epoch=epoch, holder=holder)
    ]
    if master.cell.rules < RULES:
        operations.append(RulesChanged(at=at, rules=RULES))
    elif master.cell.rules > RULES:
        raise BorgError(
            f"the cell was led by a newer release, by rules {master.cell.rules}; this one knows {RULES}",
            hint="start the newer release",
        )
    store.journal.append(
        epoch, master.cell.seq + 1, [(at, msgspec.msgpack.encode(op)) for op in operations]
    )
    records: list[Record] = []
    for operation in operations:
        events = master.apply(operation)
        seq = master.cell.seq
        records.extend(Record(seq, n, at, event) for n, event in enumerate(events))
    return epoch, records


async def wait_for_lease(leases: Leases, holder: str, clock: Clock) -> Lease:
    """Wait until nobody else holds the lease."""
    waiting = False
    while True:
        lease = await asyncio.to_thread(
            leases.acquire, LEASE, holder, clock.now(), LEASE_MS, is_dead_here
        )
        if lease is not None:
            return lease
        if not waiting:
            log.info("another Borgmaster leads this cell; waiting for it to go")
            waiting = True
        await asyncio.sleep(RETRY_SECONDS)


async def keep_lease(leases: Leases, lease: Lease, clock: Clock) -> None:
    """Renew the lease for as long as this process leads. Losing it does no harm: the journal fences."""
    while True:
        await asyncio.sleep(LEASE_MS / 3000)
        try:
            renewed = await asyncio.to_thread(leases.renew, lease, clock.now(), LEASE_MS)
        except BorgError as error:
            log.warning("the lease could not be renewed: %s", error.message)
            continue
        if renewed is None:
            log.warning("another Borgmaster holds the lease now")
            return
        lease = renewed


def holder_here() -> str:
    """Who this process is: host, pid, and when it started, so that a recycled pid is not taken for it."""
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{_started(process)}"


def is_dead_here(holder: str) -> bool:
    """Whether ``holder`` was a process of this very machine that does not live any more."""
    host, pid, started = (*holder.rsplit(":", 2), "", "")[:3]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        return str(_started(psutil.Process(int(pid)))) != started
    except psutil.NoSuchProcess:
        return True


def _started(process: psutil.Process) -> int:
    return int(process.create_time() * 100)


def _decode(seq: int, encoded: bytes) -> Operation:
    try:
        return _decoder.decode(encoded)
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"journal entry {seq} cannot be read: {error}", hint="restore the cell from a backup"
        ) from error


def _other_cell(found: str, wanted: str) -> BorgError:
    return BorgError(
        f"this store belongs to cell {found!r}, not to {wanted!r}",
        hint=f"start with --cell {found}, or with another --data directory",
    )
