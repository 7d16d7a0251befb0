"""What every store owes the Borgmaster: one class of tests for memory, SQLite and PostgreSQL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from borgpy.errors import Corrupt, Fenced, NotFound
from borgpy.model.events import (
    Event,
    Faulted,
    JobSubmitted,
    MachineJoined,
    MachineLost,
    PolicySet,
    QuotaSet,
    Record,
    TaskChanged,
    TaskScheduled,
    TasksSubmitted,
)
from borgpy.model.lifecycle import Phase
from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey
from borgpy.model.orders import Usage
from borgpy.model.policy import BEST_FIT
from borgpy.model.priority import Band
from borgpy.model.quota import Quota
from borgpy.model.resources import Resources
from borgpy.model.task import TaskStatus
from borgpy.store.faces import Checkpoint, Holding, Kept, Lease, Position, Row, Store, UsageSample
from tests.builders import a_job
from tests.store.conftest import Bench

WEB = JobKey("alice/web")
DB = JobKey("alice/db")
T = TypeVar("T")

ME, OTHER = "host:10:100", "host:11:200"

EVENTS: tuple[Event, ...] = (
    JobSubmitted(WEB, a_job(), 1, "alice"),
    TasksSubmitted(WEB, (0, 1, 2)),
    TaskScheduled(WEB, 0, "m1", 1),
    TaskChanged(WEB, 0, "m1", TaskStatus(Phase.HEALTHY, pid=7, ports={"port": 20000})),
    MachineJoined(MachineSpec("m1", "http://127.0.0.1:1", Resources(cpu=1000))),
    MachineLost("m1", "missed 5 polls"),
    QuotaSet(Quota("alice", Band.BATCH, Resources(cpu=1)), "root"),
    PolicySet(BEST_FIT, 1, "root"),
    Faulted("submit_job", "a quote ' a NUL \0 and a \N{SNOWMAN}"),
)


def entries(*operations: bytes, at: int = 5) -> list[tuple[int, bytes]]:
    return [(at, operation) for operation in operations]


def scheduled(seq: int, ordinal: int = 0, job: JobKey = WEB, at: int | None = None) -> Record:
    return Record(
        seq, ordinal, seq * 10 if at is None else at, TaskScheduled(job, ordinal, "m1", 1)
    )


def sample(at: int, index: int = 0, job: JobKey = WEB, cpu: int = 5) -> UsageSample:
    return UsageSample(at, job, index, "m1", Usage(cpu, 1 << 40, 0))


def alive(_: str) -> bool:
    return False


def dead(_: str) -> bool:
    return True


def checkpoint(seq: int, blob: bytes = b"state") -> Checkpoint:
    return Checkpoint(seq, seq * 10, blob, f"hash-{seq}")


def at_once(*calls: Callable[[], T]) -> list[T | BaseException]:
    """Run all of them at the same moment; what each returned or raised."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(run, call) for call in calls]
    return [future.exception() or future.result() for future in futures]


class TestStore:
    # -- journal

    def test_a_new_journal_ends_at_zero(self, store: Store) -> None:
        assert store.journal.last() == Position(0, 0)
        assert store.journal.read(0) == []

    def test_what_is_appended_is_read_back_in_order_by_any_other_handle(self, bench: Bench) -> None:
        bench.store.journal.append(1, 1, [(5, b"a"), (6, b"")])
        bench.store.journal.append(2, 3, [(2**42, b"\0\xff" * 500_000)])

        rows = [Row(1, 1, 5, b"a"), Row(2, 1, 6, b""), Row(3, 2, 2**42, b"\0\xff" * 500_000)]
        assert bench.open().journal.read(0) == rows
        assert bench.store.journal.read(1, 1) == rows[1:2]
        assert bench.store.journal.last() == Position(3, 2)

    def test_appending_nothing_changes_nothing(self, store: Store) -> None:
        store.journal.append(1, 1, [])
        assert store.journal.last() == Position(0, 0)

    @pytest.mark.parametrize(
        ("epoch", "first_seq"),
        [
            pytest.param(3, 3, id="a lower epoch"),
            pytest.param(4, 2, id="a sequence that is taken"),
            pytest.param(5, 1, id="a sequence that is taken, under a higher epoch"),
            pytest.param(4, 4, id="a gap"),
        ],
    )
    def test_an_append_is_fenced_by(self, store: Store, epoch: int, first_seq: int) -> None:
        store.journal.append(4, 1, entries(b"a", b"b"))
        with pytest.raises(Fenced):
            store.journal.append(epoch, first_seq, entries(b"c", b"d"))
        assert store.journal.read(0) == [Row(1, 4, 5, b"a"), Row(2, 4, 5, b"b")]

    def test_an_empty_journal_starts_at_one(self, store: Store) -> None:
        with pytest.raises(Fenced):
            store.journal.append(1, 2, entries(b"a"))

    def test_of_two_writers_exactly_one_wins_each_sequence(self, bench: Bench) -> None:
        one, two = bench.store.journal, bench.open().journal
        for seq in range(1, 41, 2):
            outcomes = at_once(
                lambda: one.append(1, seq, entries(b"one", b"one")),  # noqa: B023
                lambda: two.append(1, seq, entries(b"two", b"two")),  # noqa: B023
            )
            assert {type(outcome) for outcome in outcomes} == {Fenced, type(None)}
            winner = b"one" if outcomes[0] is None else b"two"
            assert [row.operation for row in one.read(seq - 1)] == [winner, winner]

    def test_a_deposed_writer_is_fenced_whatever_it_tries(self, bench: Bench) -> None:
        old, new = bench.store.journal, bench.open().journal
        old.append(1, 1, entries(b"old"))
        new.append(2, 2, entries(b"elected"))
        for seq in (2, 3):
            with pytest.raises(Fenced):
                old.append(1, seq, entries(b"late"))
        new.append(2, 3, entries(b"on"))
        assert [row.operation for row in old.read(0)] == [b"old", b"elected", b"on"]

    @pytest.mark.parametrize(
        ("epoch", "written", "holding"),
        [
            pytest.param(2, [b"x", b"y"], Holding.ALL, id="all of it"),
            pytest.param(2, [b"x", b"y", b"z"], Holding.ALL, id="all of it, and more after it"),
            pytest.param(2, [], Holding.NONE, id="nothing"),
            pytest.param(2, [b"x"], Holding.OTHER, id="only a part"),
            pytest.param(2, [b"x", b"q"], Holding.OTHER, id="other bytes"),
            pytest.param(3, [b"x", b"y"], Holding.OTHER, id="the same bytes of another epoch"),
        ],
    )
    def test_an_append_of_unknown_outcome_is_read_back(
        self, store: Store, epoch: int, written: list[bytes], holding: Holding
    ) -> None:
        store.journal.append(2, 1, entries(b"before"))
        store.journal.append(epoch, 2, entries(*written))
        assert store.journal.holds(2, 2, entries(b"x", b"y")) is holding

    @pytest.mark.parametrize(
        ("before", "pruned"), [(0, 0), (1, 0), (2, 1), (2500, 2499), (10**9, 2499)]
    )
    def test_pruning_forgets_the_oldest_and_never_the_last(
        self, store: Store, before: int, pruned: int
    ) -> None:
        store.journal.append(7, 1, entries(*[b"x"] * 2500))
        assert store.journal.prune(before) == pruned
        assert [row.seq for row in store.journal.read(0, 5000)] == list(range(pruned + 1, 2501))
        assert store.journal.last() == Position(2500, 7)
        store.journal.append(7, 2501, entries(b"on"))

    @settings(
        max_examples=30,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(batches=st.lists(st.integers(0, 9), max_size=8), page=st.integers(1, 12))
    def test_pages_cover_the_journal_exactly(
        self, store: Store, batches: list[int], page: int
    ) -> None:
        start = seq = store.journal.last().seq
        for batch in batches:
            store.journal.append(1, seq + 1, entries(*[b"%d" % seq] * batch))
            seq += batch
        after, found = start, list[int]()
        while rows := store.journal.read(after, page):
            assert len(rows) <= page
            after = rows[-1].seq
            found += [row.seq for row in rows]
        assert found == list(range(start + 1, seq + 1))

    # -- checkpoints

    def test_without_checkpoints_there_is_no_newest(self, store: Store) -> None:
        assert store.checkpoints.newest() is None
        assert store.checkpoints.kept() == []
        with pytest.raises(NotFound):
            store.checkpoints.load(1)

    def test_checkpoints_are_kept_byte_for_byte(self, bench: Bench) -> None:
        large = checkpoint(20, b"\0\xfe" * 2_000_000)
        bench.store.checkpoints.save(checkpoint(10))
        bench.store.checkpoints.save(large)
        again = bench.open().checkpoints
        assert again.newest() == large
        assert again.load(10) == checkpoint(10)
        assert [(kept.seq, kept.size, kept.state_hash) for kept in again.kept()] == [
            (20, 4_000_000, "hash-20"),
            (10, 5, "hash-10"),
        ]

    def test_a_checkpoint_is_listed_with_its_hash(self, store: Store) -> None:
        store.checkpoints.save(checkpoint(3, b""))
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        assert store.checkpoints.kept() == [Kept(3, 30, 0, empty, "hash-3")]

    def test_a_checkpoint_saved_again_is_replaced(self, store: Store) -> None:
        store.checkpoints.save(checkpoint(10, b"first"))
        store.checkpoints.save(checkpoint(10, b"second"))
        assert store.checkpoints.newest() == checkpoint(10, b"second")
        assert len(store.checkpoints.kept()) == 1

    def test_a_damaged_checkpoint_is_noticed_and_the_older_one_still_loads(
        self, bench: Bench
    ) -> None:
        for seq in (10, 20):
            bench.store.checkpoints.save(checkpoint(seq))
        bench.damage(20, b"stave")
        with pytest.raises(Corrupt, match="20"):
            bench.store.checkpoints.newest()
        with pytest.raises(Corrupt):
            bench.store.checkpoints.load(20)
        assert bench.store.checkpoints.load(10) == checkpoint(10)

    @pytest.mark.parametrize(
        ("keep", "left"), [(0, [5]), (1, [5]), (2, [5, 4]), (9, [5, 4, 3, 2, 1])]
    )
    def test_pruning_keeps_the_newest_checkpoints(
        self, store: Store, keep: int, left: list[int]
    ) -> None:
        for seq in (3, 1, 5, 2, 4):
            store.checkpoints.save(checkpoint(seq))
        assert store.checkpoints.prune(keep) == 5 - len(left)
        assert [kept.seq for kept in store.checkpoints.kept()] == left

    # -- lease

    def test_a_free_lease_is_had_at_once_and_by_one_only(self, store: Store) -> None:
        mine = store.leases.acquire("leader", ME, 1000, 500, alive)
        assert mine == Lease("leader", ME, 1, 1500)
        assert store.leases.acquire("leader", OTHER, 1499, 500, alive) is None
        assert store.leases.current("leader") == mine
        assert store.leases.acquire("another", OTHER, 1499, 500, alive) is not None

    def test_an_expired_lease_passes_on_under_a_higher_epoch(self, store: Store) -> None:
        mine = store.leases.acquire("leader", ME, 1000, 500, alive)
        assert mine
        theirs = store.leases.acquire("leader", OTHER, 1500, 500, alive)
        assert theirs == Lease("leader", OTHER, 2, 2000)
        assert store.leases.renew(mine, 1501, 500) is None
        store.leases.release(mine)
        assert store.leases.current("leader") == theirs

    def test_a_dead_holder_is_succeeded_at_once(self, store: Store) -> None:
        store.leases.acquire("leader", ME, 1000, 500, alive)
        asked: list[str] = []

        def gone(holder: str) -> bool:
            asked.append(holder)
            return True

        taken = store.leases.acquire("leader", OTHER, 1001, 500, gone)
        assert taken == Lease("leader", OTHER, 2, 1501)
        assert asked == [ME]

    def test_a_holder_keeps_its_lease_by_renewing_it(self, store: Store) -> None:
        mine = store.leases.acquire("leader", ME, 1000, 500, alive)
        assert mine
        for at in (1400, 1800, 2200):
            assert store.leases.renew(mine, at, 500) == Lease("leader", ME, 1, at + 500)
        assert store.leases.acquire("leader", OTHER, 2600, 500, alive) is None
        assert store.leases.acquire("leader", ME, 2650, 500, dead) == Lease("leader", ME, 1, 3150)

    def test_a_released_lease_is_free_at_once(self, store: Store) -> None:
        mine = store.leases.acquire("leader", ME, 1000, 500, alive)
        assert mine
        store.leases.release(mine)
        assert store.leases.current("leader") is None
        taken = store.leases.acquire("leader", OTHER, 1001, 500, alive)
        assert taken == Lease("leader", OTHER, 2, 1501)

    def test_of_two_who_want_a_lease_at_once_one_gets_it(self, bench: Bench) -> None:
        one, two = bench.store.leases, bench.open().leases
        for name in map(str, range(10)):
            for at in (0, 1000):  # free, then expired
                taken = at_once(
                    lambda: one.acquire(name, ME, at, 500, alive),  # noqa: B023
                    lambda: two.acquire(name, OTHER, at, 500, alive),  # noqa: B023
                )
                assert [one.current(name)] == [lease for lease in taken if lease is not None]

    # -- history

    def test_every_event_comes_back_as_it_was(self, bench: Bench) -> None:
        records = [Record(3, ordinal, 77, event) for ordinal, event in enumerate(EVENTS)]
        bench.store.history.append(records)
        assert bench.open().history.read(0) == records

    def test_an_event_recorded_again_stays_as_it_is(self, store: Store) -> None:
        first = [scheduled(1), scheduled(2, 0), scheduled(2, 1)]
        store.history.append(first)
        store.history.append([scheduled(2, 0, DB), scheduled(2, 1, DB), scheduled(3)])
        store.history.append([])
        assert store.history.read(0) == [*first, scheduled(3)]
        assert store.history.last_seq() == 3

    def test_an_empty_history_ends_at_zero(self, store: Store) -> None:
        assert store.history.last_seq() == 0
        assert store.history.read(0) == []

    def test_one_jobs_events_are_found(self, store: Store) -> None:
        records = [Record(seq, 0, 77, event) for seq, event in enumerate(EVENTS, 1)]
        store.history.append([*records, scheduled(10, 0, DB)])
        assert [record.seq for record in store.history.read(0, WEB)] == [1, 2, 3, 4]
        assert [record.seq for record in store.history.read(2, WEB)] == [3, 4]
        assert [record.seq for record in store.history.read(0, WEB, 2)] == [1, 2]
        assert [record.seq for record in store.history.read(0, DB)] == [10]
        assert store.history.read(0, JobKey("nobody/nothing")) == []

    @pytest.mark.parametrize(
        ("limit", "pages"),
        [
            pytest.param(1, [[1], [2] * 3, [3], [5] * 2], id="a sequence larger than the limit"),
            pytest.param(2, [[1], [2] * 3, [3], [5] * 2], id="the next one does not fit"),
            pytest.param(4, [[1] + [2] * 3, [3] + [5] * 2], id="whole sequences up to the limit"),
            pytest.param(7, [[1] + [2] * 3 + [3] + [5] * 2], id="all of it"),
        ],
    )
    def test_a_page_of_history_never_tears_a_sequence(
        self, store: Store, limit: int, pages: list[list[int]]
    ) -> None:
        events = [(1, 0), (2, 0), (2, 1), (2, 2), (3, 0), (5, 0), (5, 1)]
        store.history.append([scheduled(*event) for event in events])
        after, found = 0, list[list[int]]()
        while records := store.history.read(after, WEB, limit):
            after = records[-1].seq
            found.append([record.seq for record in records])
        assert found == pages

    @pytest.mark.parametrize(
        ("before_at", "left"),
        [(0, [1, 2, 2, 3]), (10, [1, 2, 2, 3]), (11, [2, 2, 3]), (10**9, [3])],
    )
    def test_pruning_history_keeps_the_newest_sequence(
        self, store: Store, before_at: int, left: list[int]
    ) -> None:
        store.history.append([scheduled(1), scheduled(2), scheduled(2, 1), scheduled(3)])
        assert store.history.prune(before_at) == 4 - len(left)
        assert [record.seq for record in store.history.read(0)] == left

    def test_pruning_history_takes_any_amount(self, store: Store) -> None:
        store.history.append(
            [scheduled(seq, ordinal) for seq in range(1, 5) for ordinal in range(3000)]
        )
        assert store.history.prune(10**9) == 9000
        assert store.history.last_seq() == 4

    def test_usage_is_found_by_job_and_time(self, store: Store) -> None:
        samples = [sample(10), sample(10, 1), sample(20), sample(30), sample(20, job=DB)]
        store.history.append_usage(samples)
        store.history.append_usage([sample(10, cpu=99)])  # the same again stays as it is
        assert store.history.read_usage(WEB, 0) == samples[:4]
        assert store.history.read_usage(WEB, 20) == samples[2:4]
        assert store.history.read_usage(WEB, 0, 1) == samples[:1]
        assert store.history.prune_usage(30) == 4
        assert store.history.read_usage(WEB, 0) == [sample(30)]


def test_every_event_that_names_a_job_is_filed_under_it() -> None:
    """The history finds a job's events by their field ``job``; an event that called it otherwise would be missed."""
    for kind in Event.__args__:
        fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
        named = [name for name, type_ in fields.items() if type_ is JobKey]
        assert named in ([], ["job"]), kind
