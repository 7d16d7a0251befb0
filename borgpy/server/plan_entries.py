"""A plan in journal entries of a bearable size, committed one handful after another."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice

import msgspec

from borgpy.model.events import Event, PlacementStale
from borgpy.model.operations import ApplyPlan, Operation
from borgpy.model.plan import Holding, Plan

MAX_PLACEMENTS = 1000
"""Placements in one journal entry. To apply one takes 2 to 5 µs each, on a machine that has better things to do: with the
slice that the commit allows itself before, the event loop is held for 10 ms at worst."""

ENTRIES_AT_ONCE = 64
"""So many entries wait for the commit together, and share a transaction of some two megabytes. To have thousands of them
wait, each with a task of the event loop, would hold that for as long as it takes to make these."""

Commit = Callable[[Operation], Awaitable[list[Event]]]


async def commit_plan(plan: Plan, commit: Commit, most: int = MAX_PLACEMENTS) -> int:
    """Commit a plan, ``most`` placements in an entry; how many of them no longer held."""
    stale = 0
    parts = parts_of(plan, most)
    while some := list(islice(parts, ENTRIES_AT_ONCE)):
        stale += sum(await asyncio.gather(*(_commit_part(part, commit) for part in some)))
    return stale


async def _commit_part(part: Plan, commit: Commit) -> int:
    """The stale ones are counted part by part: to look at the events of all at once would hold the event loop."""
    events = await commit(ApplyPlan(at=0, plan=part))
    return sum(type(event) is PlacementStale for event in events)


def parts_of(plan: Plan, most: int) -> Iterator[Plan]:
    """The plan in parts, all preemptions in the first. What fits nowhere is left out: to journal it changes nothing."""
    held = {(holding.job, holding.index): holding for holding in plan.holdings or ()}
    for start in range(0, max(len(plan.placements), 1 if plan.preemptions else 0), most):
        placements = plan.placements[start : start + most]
        holdings: tuple[Holding, ...] = ()
        if held:
            keys = ((line.job, line.index) for line in placements)
            holdings = tuple(held[key] for key in keys if key in held)
        yield Plan(
            plan.seq,
            plan.seed,
            placements,
            plan.preemptions if start == 0 else (),
            holdings=holdings or msgspec.UNSET,
        )
