"""What a pass leaves behind: counts, and time by phase with whatever clock it was handed."""

from itertools import count

import pytest

from borgpy.model.names import JobKey
from borgpy.model.passes import PassRecord
from borgpy.model.plan import Placement, Plan, Unplaced, Veto, VetoKind
from borgpy.model.resources import Resources
from borgpy.scheduling.columns import snapshot_of
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.snapshot import Snapshot, SnapshotFacts

WEB, DB = JobKey("alice/web"), JobKey("alice/db")


def _snapshot() -> Snapshot:
    room = Resources(cpu=1000)
    machines = tuple(MachineFacts(name, room, Resources()) for name in ("a", "b"))
    pending = tuple(
        PendingJob(job, "alice", 100, Resources(cpu=1), "spec", indexes)
        for job, indexes in ((WEB, (0, 1, 2)), (DB, (4, 5)))
    )
    return snapshot_of(SnapshotFacts(7, machines, pending))


def _plan() -> Plan:
    vetoes = (Veto(VetoKind.RESOURCE, 1), Veto(VetoKind.RESOURCE, 1), Veto(VetoKind.PLUGIN, 1))
    return Plan(
        seq=7,
        seed=3,
        placements=(Placement(WEB, 0, "a"), Placement(WEB, 1, "b")),
        unplaced=(
            Unplaced(WEB, (2,), 2, vetoes[:2]),
            Unplaced(DB, (4, 5), 2, vetoes),
        ),
    )


def test_a_record_holds_what_was_counted_and_what_the_plan_says() -> None:
    ticks = count(0, 10)
    recorder = Recorder(lambda: next(ticks))
    recorder.classes += 2
    recorder.scored += 4
    recorder.cache_hits += 1
    with recorder.phase("score"):
        pass
    with recorder.phase("place"):
        pass
    with recorder.phase("score"):
        pass
    assert recorder.record(_snapshot(), _plan()) == PassRecord(
        seq=7,
        seed=3,
        machines=2,
        jobs=2,
        tasks=5,
        classes=2,
        scored=4,
        cache_hits=1,
        placed=2,
        unplaced=3,
        vetoes=((VetoKind.RESOURCE, 3), (VetoKind.PLUGIN, 2)),
        phases=(("score", 20), ("place", 10)),
    )


def test_without_a_clock_phases_are_named_and_take_no_time() -> None:
    recorder = Recorder()
    with recorder.phase("score"):
        pass
    assert recorder.record(_snapshot(), Plan(7, 3)).phases == (("score", 0),)


def test_a_phase_that_raises_is_timed_all_the_same() -> None:
    ticks = count(0, 5)
    recorder = Recorder(lambda: next(ticks))
    with pytest.raises(ZeroDivisionError), recorder.phase("score"):
        raise ZeroDivisionError
    assert recorder.record(_snapshot(), Plan(7, 3)).phases == (("score", 5),)
