"""The commit: requests queue, one transaction makes them durable, then the mind applies them one by one.

All that arrives while a transaction is on its way shares the next one (group commit). Nothing is acknowledged before it
is durable and applied, and an append whose outcome is unknown is read back before anything else happens.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from borgpy.clock import Clock
from borgpy.errors import BorgError, Fenced, InvalidConfig, StoreUnavailable, StoreUncertain
from borgpy.master.borgmaster import Borgmaster
from borgpy.model.events import Event, Record
from borgpy.model.operations import LeaderElected, Operation
from borgpy.store.faces import Holding, Journal

log = logging.getLogger(__name__)

MAX_QUEUE = 10_000
"""Requests beyond this many are turned away at once: by then the wait would be seconds."""

MAX_BATCH = 500
MAX_BATCH_BYTES = 8 << 20
"""One transaction: large enough to share the cost of a sync, small enough to stay within tens of milliseconds."""

SLICE_SECONDS = 0.005
"""After so long the event loop gets its turn: nothing holds it for more than 20 ms."""

READ_BACK_TRIES = 60
READ_BACK_PAUSE_SECONDS = 1.0
"""For a minute a lost database is asked what became of an append; then this Borgmaster gives up leading."""

Applied = Callable[[int, Sequence[Record]], None]


class Overloaded(BorgError):
    """Too many requests wait already; try again in a moment."""


class _Waiting(msgspec.Struct):
    operation: Operation
    done: asyncio.Future[list[Event]]


class Committer:
    """The one way into the journal. `applied` is told of every event, in order, right after it happened."""

    def __init__(
        self, master: Borgmaster, journal: Journal, epoch: int, clock: Clock, applied: Applied
    ) -> None:
        self._master = master
        self._journal = journal
        self._epoch = epoch
        self._clock = clock
        self._applied = applied
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._election: asyncio.Future[list[Event]] | None = None  # one that is on its way
        self.trouble = ""  # why the last append failed, empty while all is well
        self.batches = 0

    async def commit(self, operation: Operation) -> list[Event]:
        """Make ``operation`` durable, apply it, and say what happened.

        `StoreUnavailable` (`StoreFull`): nothing of it is there. `Fenced`: another Borgmaster leads.
        """
        if len(self._queue) >= MAX_QUEUE:
            raise Overloaded(
                f"{MAX_QUEUE:,} requests are waiting", hint="try again in a few seconds"
            )
        done: asyncio.Future[list[Event]] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(operation, done))
        self._arrived.set()
        return await done

    def outbid(self, epoch: int) -> None:
        """Begin an epoch above ``epoch``, to which a Borglet has sworn.

        After a restore from a backup the journal knows less than the Borglets. If instead another Borgmaster leads, its
        entries stand where this one would append: then the sequence fences this one, whatever its epoch.
        """
        on_its_way = self._election is not None and not self._election.done()
        if epoch < self._master.cell.epoch or on_its_way:
            return
        self._epoch = max(self._epoch, epoch + 1)
        self._election = done = asyncio.get_running_loop().create_future()
        done.add_done_callback(
            asyncio.Future.exception
        )  # should it fail, the next refusal asks again
        log.warning("a Borglet has sworn to epoch %d; beginning epoch %d", epoch, self._epoch)
        cell = self._master.cell
        election = LeaderElected(at=0, cell=cell.name, epoch=self._epoch, holder=cell.leader)
        self._queue.appendleft(_Waiting(election, done))
        self._arrived.set()

    async def run(self) -> None:
        """Commit until fenced (`Fenced` is raised then), or cancelled."""
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._queue:
                    await self._commit_batch()
        finally:
            for waiting in self._queue:
                _fail(waiting, StoreUnavailable("the Borgmaster is going down"))

    async def _commit_batch(self) -> None:
        first_seq = self._master.cell.seq + 1
        batch, entries = self._take_batch()
        if not batch:
            return
        try:
            await self._append(self._epoch, first_seq, entries)
        except StoreUnavailable as error:
            if not self.trouble:
                log.error("the journal takes no writes: %s", error.message)
            self.trouble = error.message
            for waiting in batch:
                _fail(waiting, error)
            return
        except Fenced as error:
            for waiting in batch:
                _fail(waiting, error)
            raise
        if self.trouble:
            log.info("the journal takes writes again")
            self.trouble = ""
        self.batches += 1
        await self._apply(batch)

    def _take_batch(self) -> tuple[list[_Waiting], list[tuple[int, bytes]]]:
        at = max(self._clock.now(), self._master.cell.at)
        batch: list[_Waiting] = []
        entries: list[tuple[int, bytes]] = []
        size = 0
        while self._queue and len(batch) < MAX_BATCH and size < MAX_BATCH_BYTES:
            waiting = self._queue.popleft()
            waiting.operation = msgspec.structs.replace(waiting.operation, at=at)
            try:
                encoded = msgspec.msgpack.encode(waiting.operation)
            except (OverflowError, ValueError, TypeError) as error:
                _fail(waiting, InvalidConfig(f"this cannot be written down: {error}"))
                continue
            size += len(encoded)
            batch.append(waiting)
            entries.append((at, encoded))
        return batch, entries

    async def _append(self, epoch: int, first_seq: int, entries: list[tuple[int, bytes]]) -> None:
        """``epoch`` is that of the append, whatever `outbid` does while it is on its way."""
        append = (epoch, first_seq, entries)
        try:
            await asyncio.to_thread(self._journal.append, *append)
        except StoreUncertain as error:
            await self._read_back(append, error)

    async def _read_back(
        self, append: tuple[int, int, list[tuple[int, bytes]]], error: StoreUncertain
    ) -> None:
        """Find out what became of an append, and go on as if its answer had come."""
        log.warning("the outcome of an append is unknown, reading it back: %s", error.message)
        for _ in range(READ_BACK_TRIES):
            try:
                holding = await asyncio.to_thread(self._journal.holds, *append)
            except StoreUnavailable:
                await asyncio.sleep(READ_BACK_PAUSE_SECONDS)
                continue
            if holding is Holding.ALL:
                return
            if holding is Holding.OTHER:
                raise Fenced(f"another Borgmaster wrote sequence {append[1]}")
            raise StoreUnavailable(error.message, hint=error.hint) from error
        raise Fenced(
            "the database did not come back; what became of the last append is unknown",
            hint="a restarted Borgmaster will find out",
        )

    async def _apply(self, batch: list[_Waiting]) -> None:
        slice_end = self._clock.steady_seconds() + SLICE_SECONDS
        for waiting in batch:
            events = self._master.apply(waiting.operation)
            seq, at = self._master.cell.seq, self._master.cell.at
            self._applied(
                seq, [Record(seq, ordinal, at, event) for ordinal, event in enumerate(events)]
            )
            if not waiting.done.done():
                waiting.done.set_result(events)
            if self._clock.steady_seconds() >= slice_end:
                await asyncio.sleep(0)
                slice_end = self._clock.steady_seconds() + SLICE_SECONDS


def _fail(waiting: _Waiting, error: BorgError) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)
