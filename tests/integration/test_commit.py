"""The commit over a journal that fails in every way a real one can."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from borgpy.clock import ManualClock
from borgpy.errors import Fenced, InvalidConfig, StoreFull, StoreUnavailable
from borgpy.master.borgmaster import Borgmaster, outcome_of
from borgpy.model.events import Record
from borgpy.model.operations import SubmitJob
from borgpy.model.refusal import Accepted
from borgpy.server import commit as commit_module
from borgpy.server.commit import Committer, Overloaded
from borgpy.server.recovery import lead, recover
from borgpy.store.faces import Store
from borgpy.store.memory import memory_store
from tests.builders import a_job
from tests.fakes.faulty_journal import Fault, FaultyJournal


class Desk:
    """A Committer at work over a faulty journal."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.journal = FaultyJournal(store.journal)
        self.master: Borgmaster = recover(store, "ic")
        epoch, _ = lead(store, self.master, "here", clock)
        self.told: list[int] = []
        self.committer = Committer(self.master, self.journal, epoch, clock, self._applied)

    def _applied(self, seq: int, _records: Sequence[Record]) -> None:
        self.told.append(seq)

    async def submit(self, name: str = "web") -> Accepted:
        spec = a_job(name, priority=0)
        outcome = outcome_of(await self.committer.commit(SubmitJob(at=0, by="alice", spec=spec)))
        assert isinstance(outcome, Accepted)
        return outcome


@asynccontextmanager
async def a_desk(store: Store | None = None) -> AsyncIterator[Desk]:
    desk = Desk(store or memory_store(), ManualClock(1000))
    running = asyncio.create_task(desk.committer.run())
    try:
        yield desk
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_full_disk_refuses_writes_and_is_left_behind_when_there_is_room() -> None:
    async with a_desk() as desk:
        desk.journal.full = True
        with pytest.raises(StoreFull):
            await desk.submit()
        assert desk.master.cell.jobs == {}
        assert desk.committer.trouble
        desk.journal.full = False
        assert (await desk.submit()).version == 1
        assert desk.committer.trouble == ""


async def test_an_append_that_was_lost_before_commit_is_refused_and_nothing_of_it_is_there() -> (
    None
):
    async with a_desk() as desk:
        desk.journal.plan(Fault.LOST_BEFORE_COMMIT)
        with pytest.raises(StoreUnavailable):
            await desk.submit()
        assert desk.master.cell.jobs == {}
        assert desk.store.journal.last().seq == desk.master.cell.seq
        await desk.submit("etl")
        assert list(recover(desk.store, "ic").cell.jobs) == ["alice/etl"]


async def test_an_append_whose_answer_was_lost_is_read_back_and_acknowledged() -> None:
    async with a_desk() as desk:
        desk.journal.plan(Fault.LOST_AFTER_COMMIT)
        accepted = await desk.submit()
        assert accepted.seq == desk.store.journal.last().seq
        assert list(recover(desk.store, "ic").cell.jobs) == ["alice/web"]


async def test_all_that_waits_shares_one_transaction_and_is_applied_in_order() -> None:
    async with a_desk() as desk:
        answers = await asyncio.gather(*(desk.submit(f"job{n}") for n in range(100)))
        assert [answer.seq for answer in answers] == sorted(answer.seq for answer in answers)
        assert desk.committer.batches <= 2
        assert desk.told == [answer.seq for answer in answers]


async def test_a_second_leader_fences_the_first_and_its_writes_are_absent() -> None:
    store = memory_store()
    async with a_desk(store) as first, a_desk(store) as second:
        await second.submit("second")
        with pytest.raises(Fenced):
            await first.submit("first")
        await second.submit("third")
        assert sorted(recover(store, "ic").cell.jobs) == ["alice/second", "alice/third"]


async def test_requests_beyond_the_queue_are_turned_away_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commit_module, "MAX_QUEUE", 3)
    async with a_desk() as desk:
        answers = await asyncio.gather(
            *(desk.submit(f"job{n}") for n in range(5)), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [Accepted] * 3 + [Overloaded] * 2


async def test_the_clock_of_the_journal_never_steps_back() -> None:
    store, clock = memory_store(), ManualClock(5000)
    desk = Desk(store, clock)
    running = asyncio.create_task(desk.committer.run())
    await desk.submit("one")
    clock.advance(-4000)
    await desk.submit("two")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    times = [row.at for row in store.journal.read(0)]
    assert times == sorted(times)


async def test_what_cannot_be_written_down_is_refused_and_the_others_are_not_held_up() -> None:
    async with a_desk() as desk:
        spec = a_job("web", priority=0)
        absurd = SubmitJob(at=0, by="alice", spec=spec, if_version=10**30)
        answers = await asyncio.gather(
            desk.committer.commit(absurd), desk.submit("etl"), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [InvalidConfig, Accepted]


async def test_a_cell_restored_from_a_backup_begins_an_epoch_above_what_its_borglets_saw() -> None:
    async with a_desk() as desk:
        desk.committer.outbid(41)
        desk.committer.outbid(41)
        await desk.submit()
        assert desk.master.cell.epoch == 42
        assert desk.store.journal.last().epoch == 42


async def test_an_epoch_that_a_full_disk_kept_from_beginning_is_begun_when_there_is_room() -> None:
    async with a_desk() as desk:
        desk.journal.full = True
        desk.committer.outbid(41)
        with pytest.raises(StoreFull):
            await desk.submit()
        desk.journal.full = False
        desk.committer.outbid(41)
        await desk.submit()
        assert desk.master.cell.epoch == 42


async def test_an_append_that_is_read_back_is_known_by_its_own_epoch() -> None:
    async with a_desk() as desk:
        desk.journal.plan(Fault.LOST_AFTER_COMMIT)
        writing = asyncio.create_task(desk.submit())
        for _ in range(100_000):
            if desk.store.journal.last().seq > desk.master.cell.seq:
                break  # it is durable, and its answer is on its way to be lost
            await asyncio.sleep(0)
        desk.committer.outbid(41)
        assert (await writing).version == 1
        await desk.submit("etl")
        assert desk.master.cell.epoch == 42


async def test_a_fenced_borgmaster_cannot_outbid_the_one_that_leads() -> None:
    store = memory_store()
    async with a_desk(store) as first, a_desk(store) as second:
        await second.submit("second")
        first.committer.outbid(99)
        with pytest.raises(Fenced):
            await first.submit("first")
        await second.submit("third")
        assert recover(store, "ic").cell.epoch == 2
