"""Passes beside the event loop: what is remembered of them, and what a plug-in that fails or hangs does to the cell."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from borgpy.clock import SystemClock
from borgpy.model.api import PassView
from borgpy.model.names import JobKey
from borgpy.model.plan import VetoKind
from borgpy.model.policy import Packing, Part, Policy
from borgpy.model.resources import Resources
from borgpy.scheduling.columns import snapshot_of
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.snapshot import Snapshot, SnapshotFacts
from borgpy.server.passes import KEPT, Passes, in_a_thread_of_its_own
from borgpy.server.plugins import PluginBook

GOLD = Policy(plugins=("gold",))


def a_snapshot(tasks: int = 3) -> Snapshot:
    machines = tuple(MachineFacts(n, Resources(cpu=1000), Resources()) for n in ("a", "b"))
    job = PendingJob(
        JobKey("alice/web"), "alice", 100, Resources(cpu=500), "s", tuple(range(tasks))
    )
    return snapshot_of(SnapshotFacts(7, machines, (job,)))


def some_passes(
    plugin: Callable[..., Any] | None = None, patience_seconds: float = 10.0
) -> tuple[Passes, list[PassView]]:
    told: list[PassView] = []
    book = PluginBook({"gold": plugin} if plugin else {})
    return Passes(SystemClock(), book, told.append, patience_seconds), told


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come to pass")


async def test_a_pass_is_remembered_with_what_it_looked_at() -> None:
    passes, told = some_passes()
    plan = await passes.run(a_snapshot(5), Policy(), 3)
    assert len(plan.placements) == 4
    assert told == list(passes.view().passes)
    (view,) = told
    record = view.record
    assert (record.seq, record.seed, record.machines, record.jobs, record.tasks) == (7, 3, 2, 1, 5)
    assert (record.placed, record.unplaced, record.classes) == (4, 1, 1)
    assert record.vetoes == ((VetoKind.RESOURCE, 1),)
    assert record.scored > 0
    assert view.trouble == ""
    assert 0 < sum(took for _, took in record.phases) <= view.nanoseconds
    assert (passes.view().running_ms, passes.view().asking) == (0, "")


async def test_stale_placements_are_counted_with_their_pass() -> None:
    passes, _ = some_passes()
    await passes.run(a_snapshot(), Policy(), 3)
    passes.add_stale(2)
    assert [view.stale for view in passes.view().passes] == [2]


async def test_only_the_last_ones_are_kept() -> None:
    passes, told = some_passes()
    for seed in range(KEPT + 2):
        await passes.run(a_snapshot(1), Policy(), seed)
    assert len(told) == KEPT + 2
    assert [view.record.seed for view in passes.view().passes] == list(range(2, KEPT + 2))


async def test_a_plug_in_is_asked_and_obeyed() -> None:
    passes, told = some_passes(lambda machines, job: np.array(machines.names) == "b")
    plan = await passes.run(a_snapshot(1), GOLD, 3)
    assert [placement.machine for placement in plan.placements] == ["b"]
    assert told[0].record.faults == ()


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        pytest.param(lambda machines, job: 1 / 0, "ZeroDivisionError", id="raises"),
        pytest.param(lambda machines, job: np.full(len(machines), np.nan), "no number", id="NaN"),
        pytest.param(lambda machines, job: exit(3), "SystemExit: 3", id="would end the process"),
        pytest.param(None, "the Borgmaster was started without it", id="is not there"),
    ],
)
async def test_a_plug_in_that_fails_places_nothing_and_is_told(
    plugin: Callable[..., Any] | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    passes, told = some_passes(plugin)
    plan = await passes.run(a_snapshot(), GOLD, 3)
    assert not plan.placements
    ((veto,),) = [left.vetoes for left in plan.unplaced]
    assert (veto.kind, veto.machines) == (VetoKind.PLUGIN, 2)
    assert reason in veto.detail
    assert passes.plugins_against(JobKey("alice/web")) == (veto,)
    assert passes.plugins_against(JobKey("alice/db")) == ()
    (fault,) = told[0].record.faults
    assert fault.startswith("plug-in gold: ")
    assert reason in fault
    assert reason in caplog.text


async def test_a_pass_that_raises_is_remembered_and_told_to_those_who_wait() -> None:
    passes, told = some_passes()
    assert passes.hindrance() == ""
    with pytest.raises(AttributeError, match="NoneType") as caught:
        await passes.run(a_snapshot(), None, 3)  # type: ignore[arg-type]
    trouble = f"{caught.type.__name__}: {caught.value}"
    assert told[0].trouble == trouble
    assert (told[0].record.tasks, told[0].record.placed) == (3, 0)
    assert passes.view().running_ms == 0
    assert passes.hindrance() == f"the last scheduling pass failed: {trouble}"
    await passes.run(a_snapshot(), Policy(), 3)
    assert passes.hindrance() == ""


async def test_a_plug_in_that_hangs_is_spoken_of_and_the_loop_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    released = threading.Event()

    def hanging(machines: Any, job: Any) -> Any:
        released.wait(30)
        return np.ones(len(machines), bool)

    passes, told = some_passes(hanging, patience_seconds=0.02)
    with caplog.at_level(logging.WARNING):
        running = asyncio.create_task(passes.run(a_snapshot(), GOLD, 3))
        await until(lambda: len(caplog.records) >= 2)
    view = passes.view()
    assert view.asking == "gold"
    assert view.running_ms >= 20
    assert passes.hindrance() == (
        "the scheduling pass has been running for 0 s, and waits for the plug-in gold"
    )
    released.set()
    plan = await running
    assert len(plan.placements) == 3
    assert [record.message for record in caplog.records][:2] == [
        "a scheduling pass has not ended after 0.02 s; it waits for the plug-in gold",
        "a scheduling pass has not ended after 0.04 s; it waits for the plug-in gold",
    ]
    assert told[0].trouble == ""


async def test_who_does_not_wait_any_more_is_not_told() -> None:
    released = threading.Event()
    passes, told = some_passes(lambda machines, job: released.wait(30))
    running = asyncio.create_task(passes.run(a_snapshot(), GOLD, 3))
    await until(lambda: bool(passes.view().asking))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert told[0].trouble == "it was cancelled"
    released.set()


def test_a_thread_that_never_ends_keeps_nobody() -> None:
    """The loop is closed while the work goes on, and its late outcome bothers nobody."""
    released, ended = threading.Event(), threading.Event()

    def work() -> None:
        released.wait(30)
        ended.set()

    async def start() -> None:
        in_a_thread_of_its_own(work)

    asyncio.run(start())
    released.set()
    assert ended.wait(10)


def test_packing_none_is_a_policy_too() -> None:
    passes, _ = some_passes()
    policy = Policy(packing=(Part(Packing.NONE, 100),), spread=())
    plan = asyncio.run(passes.run(a_snapshot(2), policy, 1))
    assert len(plan.placements) == 2
