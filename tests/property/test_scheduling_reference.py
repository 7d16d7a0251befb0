"""The fast pass places exactly as the naive loop does: which machine each task gets, in which order, and what it holds.

``BORGPY_EXAMPLES`` says how many random cells to try, for more than the usual run has time for.
"""

import os

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from borgpy.model.names import JobKey
from borgpy.model.plan import Plan
from borgpy.model.policy import Policy
from borgpy.scheduling.columns import snapshot_of
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import SnapshotFacts
from tests.property.naive_pass import Placed, naive_pass
from tests.property.scheduling_cells import (
    WORKING,
    cells,
    machines,
    pending_jobs,
    policies,
    seeds,
    vectors,
)

EXAMPLES = int(os.environ.get("BORGPY_EXAMPLES", "100"))
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def placed(plan: Plan) -> list[Placed]:
    held = (
        {}
        if plan.holdings is msgspec.UNSET
        else {(holding.job, holding.index): holding for holding in plan.holdings}
    )
    return [
        Placed(p.job, p.index, p.machine, holding.devices, holding.sets)
        if (holding := held.get((p.job, p.index)))
        else Placed(p.job, p.index, p.machine)
        for p in plan.placements
    ]


def agree(facts: SnapshotFacts, policy: Policy, seed: int) -> None:
    plan = schedule_pass(snapshot_of(facts), policy, seed, plugins=WORKING)
    assert placed(plan) == naive_pass(facts, policy, seed, WORKING)


@many
@given(cells(tuple(WORKING)), policies(tuple(WORKING)), seeds)
def test_any_cell_under_any_policy(facts: SnapshotFacts, policy: Policy, seed: int) -> None:
    agree(facts, policy, seed)


@many
@given(cells(), seeds)
def test_any_cell_under_the_usual_policy(facts: SnapshotFacts, seed: int) -> None:
    agree(facts, Policy(), seed)


@many
@given(machines.map(tuple), pending_jobs(), policies(), seeds)
def test_cells_of_nothing_but_amounts(
    facts: tuple[object, ...], pending: tuple[PendingJob, ...], policy: Policy, seed: int
) -> None:
    agree(SnapshotFacts(3, facts, pending), policy, seed)  # type: ignore[arg-type]


@many
@given(cells(), vectors(2), st.integers(1, 40), st.integers(0, 5), policies(), seeds)
def test_a_job_of_many_equal_tasks(
    facts: SnapshotFacts, request: object, tasks: int, running: int, policy: Policy, seed: int
) -> None:
    job = PendingJob(
        JobKey("alice/job0"),
        "alice",
        100,
        request,  # type: ignore[arg-type]
        "d",
        tuple(range(tasks)),
        replicas=tasks + running,
    )
    agree(msgspec.structs.replace(facts, pending=(job,)), policy, seed)
