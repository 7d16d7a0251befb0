"""Plans in journal entries."""

import asyncio

from borgpy.model.events import Event, PlacementStale, TaskScheduled
from borgpy.model.names import JobKey
from borgpy.model.operations import ApplyPlan, Operation
from borgpy.model.plan import Holding, Placement, Plan, Preemption
from borgpy.server.plan_entries import ENTRIES_AT_ONCE, commit_plan, parts_of

WEB, ETL = JobKey("alice/web"), JobKey("bob/etl")
PREEMPTIONS = (Preemption(ETL, 0, WEB, 0), Preemption(ETL, 1, WEB, 1))


def placements(count: int) -> tuple[Placement, ...]:
    return tuple(Placement(WEB, index, "m1") for index in range(count))


def test_the_parts_are_the_plan_and_the_first_makes_room_for_all() -> None:
    plan = Plan(7, 42, placements(5), PREEMPTIONS)
    assert list(parts_of(plan, 2)) == [
        Plan(7, 42, placements(5)[:2], PREEMPTIONS),
        Plan(7, 42, placements(5)[2:4]),
        Plan(7, 42, placements(5)[4:]),
    ]


def test_what_a_task_holds_goes_with_its_placement() -> None:
    held = tuple(Holding(WEB, index, alloc=index) for index in (0, 2))
    found = [part.holdings or () for part in parts_of(Plan(7, 42, placements(4), holdings=held), 1)]
    assert found == [(held[0],), (), (held[1],), ()]


def test_a_plan_may_only_make_room_or_be_nothing_at_all() -> None:
    assert list(parts_of(Plan(7, 42, (), PREEMPTIONS), 1)) == [Plan(7, 42, (), PREEMPTIONS)]
    assert list(parts_of(Plan(7, 42), 1)) == []


async def test_no_more_entries_wait_than_share_a_transaction_and_what_was_stale_is_counted() -> (
    None
):
    waiting, most = 0, 0
    committed: list[Placement] = []

    async def commit(operation: Operation) -> list[Event]:
        nonlocal waiting, most
        assert isinstance(operation, ApplyPlan)
        [line] = operation.plan.placements
        committed.append(line)
        waiting += 1
        most = max(most, waiting)
        await asyncio.sleep(0)
        waiting -= 1
        if line.index % 10 == 0:
            return [PlacementStale(line.job, line.index, line.machine, "full")]
        return [TaskScheduled(line.job, line.index, line.machine, 1)]

    plan = Plan(7, 42, placements(200))
    assert await commit_plan(plan, commit, 1) == 20
    assert tuple(committed) == plan.placements
    assert most == ENTRIES_AT_ONCE
