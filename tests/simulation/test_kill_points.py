"""A Borgmaster that is killed at any moment under writes loses nothing it has acknowledged.

Each run has clients that submit and stop jobs at once, and a killing: before an append, in the middle of COMMIT (then it
either happened or did not), between commit and reply, or right after. Afterwards the journal alone must give back every
acknowledged write; an unacknowledged one is wholly there or wholly absent, and repeating it under its id is safe.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from borgpy.clock import ManualClock, seeded
from borgpy.master.borgmaster import outcome_of
from borgpy.model import checkpoint
from borgpy.model.events import Record
from borgpy.model.operations import SetQuota, SubmitJob
from borgpy.model.priority import Band
from borgpy.model.quota import Quota
from borgpy.model.refusal import Accepted
from borgpy.server.checkpointer import take as take_checkpoint
from borgpy.server.commit import Committer
from borgpy.server.recovery import lead, recover
from borgpy.store.faces import Holding, Journal, Position, Row, Store
from borgpy.store.open import open_store
from tests.builders import BOUNDLESS, a_job

KILL_POINTS = 240
WRITES = 24
CLIENTS = 6
MOMENTS = ("before append", "commit lost", "commit happened", "between commit and reply", "after")


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class DeadlyJournal:
    """A journal whose process dies at the append of its choice."""

    def __init__(self, journal: Journal, append: int, moment: str) -> None:
        self._journal, self._left, self._moment = journal, append, moment

    def append(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> None:
        self._left -= 1
        if self._left == 0 and self._moment in ("before append", "commit lost"):
            raise Killed
        self._journal.append(epoch, first_seq, entries)
        if self._left == 0 and self._moment == "commit happened":
            raise Killed

    def read(self, after: int, limit: int = 1000) -> list[Row]:
        return self._journal.read(after, limit)

    def last(self) -> Position:
        return self._journal.last()

    def holds(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> Holding:
        return self._journal.holds(epoch, first_seq, entries)

    def prune(self, before_seq: int) -> int:
        return self._journal.prune(before_seq)


class Life:
    """One Borgmaster from its start to its violent end."""

    def __init__(self, store: Store, seed: int) -> None:
        chance = seeded(seed)
        self.moment = chance.choice(MOMENTS)
        self._left = chance.randint(1, WRITES // 2)
        clock = ManualClock(1000 + seed)
        self.master = recover(store, "ic")
        epoch, _ = lead(store, self.master, f"life {seed}", clock)
        append = chance.randint(1, 6)
        journal = DeadlyJournal(store.journal, append, self.moment)
        self.committer = Committer(self.master, journal, epoch, clock, self._applied)
        self.acknowledged: dict[str, Accepted] = {}

    def _applied(self, _seq: int, _records: Sequence[Record]) -> None:
        self._left -= 1
        if self._left == 0 and self.moment == "between commit and reply":
            raise Killed

    async def run(self, writes: Sequence[SubmitJob]) -> None:
        """Let clients write until the end comes, or all is written."""
        committing = asyncio.create_task(_contained(self.committer))
        clients = [
            asyncio.create_task(self._client(writes[number::CLIENTS])) for number in range(CLIENTS)
        ]
        writing = asyncio.create_task(_all_of(clients))
        await asyncio.wait({committing, writing}, return_when=asyncio.FIRST_COMPLETED)
        for task in (committing, writing, *clients):
            task.cancel()
        await asyncio.gather(committing, writing, *clients, return_exceptions=True)

    async def _client(self, writes: Sequence[SubmitJob]) -> None:
        for write in writes:
            outcome = outcome_of(await self.committer.commit(write))
            assert isinstance(outcome, Accepted)
            self.acknowledged[write.request_id] = outcome


async def _all_of(clients: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.gather(*clients)


async def _contained(committer: Committer) -> None:
    """Run until killed; the event loop itself has to survive."""
    try:
        await committer.run()
    except Killed:
        return


def the_writes(seed: int) -> list[SubmitJob]:
    """Jobs that come, grow and shrink; each write has an id of its own."""
    chance = seeded(seed)
    return [
        SubmitJob(
            at=0,
            by="alice",
            request_id=f"{seed}-{number}",
            spec=a_job(f"job{chance.randint(0, 9)}", replicas=chance.randint(1, 5)),
        )
        for number in range(WRITES)
    ]


@pytest.mark.simulation
def test_no_acknowledged_write_is_ever_lost(tmp_path: Path) -> None:
    first = int(os.environ.get("SEED") or 0)
    runs = 1 if os.environ.get("SEED") else KILL_POINTS
    place = str(tmp_path / "cell.sqlite")
    store = open_store(place)
    try:
        master = recover(store, "ic")
        epoch, _ = lead(store, master, "founder", ManualClock(1))
        grant = SetQuota(at=1, by="root", quota=Quota("alice", Band.BATCH, BOUNDLESS))
        asyncio.run(
            _commit_one(Committer(master, store.journal, epoch, ManualClock(1), _ignore), grant)
        )
        acknowledged: dict[str, Accepted] = {}
        moments = set()
        for seed in range(first, first + runs):
            life = Life(store, seed)
            writes = the_writes(seed)
            asyncio.run(life.run(writes))
            moments.add(life.moment)
            acknowledged |= life.acknowledged
            check_what_is_left(store, acknowledged, writes, seed)
            if seed % 10 == 9:
                take_checkpoint(place, "ic", store.journal.last().seq)
        assert runs == 1 or moments == set(MOMENTS)
    finally:
        store.close()


def check_what_is_left(
    store: Store, acknowledged: dict[str, Accepted], writes: Sequence[SubmitJob], seed: int
) -> None:
    """The journal gives back what was promised, and repeating everything under its id adds nothing twice."""
    again = recover(store, "ic")
    again.check()
    answers = again.cell.answers
    for request_id, outcome in acknowledged.items():
        assert answers[request_id].outcome == outcome, f"SEED={seed}: {request_id} was lost"
    blob = checkpoint.encode(again.cell)
    assert checkpoint.encode(recover(store, "ic").cell) == blob, f"SEED={seed}: two folds differ"
    versions = {key: job.version for key, job in again.cell.jobs.items()}
    for write in writes:
        if write.request_id in answers:
            assert outcome_of(again.apply(write)) == answers[write.request_id].outcome
    assert {key: job.version for key, job in again.cell.jobs.items()} == versions


async def _commit_one(committer: Committer, operation: SetQuota) -> None:
    running = asyncio.create_task(committer.run())
    await committer.commit(operation)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def _ignore(_seq: int, _records: Sequence[Record]) -> None:
    """Nobody listens."""
