"""What one pass keeps for the next changes no plan, however the cell moves on in between."""

from random import Random

import msgspec
from hypothesis import HealthCheck, given, settings

from borgpy.model.plan import Plan
from borgpy.model.policy import Policy
from borgpy.model.resources import Resources
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts
from borgpy.scheduling.room import Kept
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import SnapshotFacts
from tests.property.scheduling_cells import WORKING, cells, policies, seeds


def moved_on(facts: dict[str, MachineFacts], plan: Plan, chance: Random) -> list[MachineFacts]:
    """Some of the plan is carried out, the rest turned out stale; and other things happen."""
    changed: dict[str, MachineFacts] = {}
    for placement in plan.placements:
        fact = changed.get(placement.machine, facts[placement.machine])
        if chance.random() < 0.7:
            changed[placement.machine] = msgspec.structs.replace(
                fact,
                used=fact.used + Resources(1, 2, 0, 1),
                tasks={**fact.tasks, placement.job: fact.tasks.get(placement.job, 0) + 1},
            )
    for name, fact in facts.items():
        if chance.random() < 0.2:
            changed[name] = msgspec.structs.replace(
                fact,
                placeable=chance.random() < 0.8,
                exclusive=chance.random() < 0.1,
                used=Resources(chance.randrange(6), chance.randrange(6)),
            )
    facts.update(changed)
    return list(changed.values())


def plain(fact: MachineFacts) -> MachineFacts:
    """Nothing is kept of cells with devices or resource sets."""
    return msgspec.structs.replace(fact, devices=(), device_free={}, sets=(), set_states={})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells(tuple(WORKING)), policies(tuple(WORKING)), seeds)
def test_passes_that_go_on_from_each_other_plan_as_if_each_were_the_first(
    cell: SnapshotFacts, policy: Policy, seed: int
) -> None:
    chance = Random(seed)
    facts = {fact.name: plain(fact) for fact in cell.machines}
    columns = Columns()
    columns.update(facts.values())
    kept = Kept()
    for turn in range(5):
        pending = [job for job in cell.pending if chance.random() < 0.7]
        snapshot = columns.snapshot(turn, pending, cell.shuns, at=cell.at + turn)
        plan = schedule_pass(snapshot, policy, turn, plugins=WORKING, kept=kept)
        assert plan == schedule_pass(snapshot, policy, turn, plugins=WORKING)
        columns.update(moved_on(facts, plan, chance))
