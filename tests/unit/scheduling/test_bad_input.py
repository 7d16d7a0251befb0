"""Passes over nonsense: nothing of it ends a pass, and each piece is told to whom it belongs."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from borgpy.model import constraints as c
from borgpy.model.names import JobKey
from borgpy.model.plan import Plan, Unplaced, Veto, VetoKind
from borgpy.model.policy import Packing, Part, Policy, only, problems_of
from borgpy.model.resources import Resources
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.plugins import Machines
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import Snapshot
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job, amounts, placed

WEB = JobKey("alice/web")
PACKINGS = [Policy(), *(only(packing) for packing in Packing)]
HUGE = 2**62


def a_job(*rules: c.Constraint, job: str = "alice/web", tasks: int = 1) -> PendingJob:
    return msgspec.structs.replace(a_pending_job(job, tasks), constraints=rules)


def plan_for(snapshot: Snapshot, policy: Policy | None = None, **plugins: Any) -> Plan:
    return schedule_pass(snapshot, policy or Policy(), 1, plugins=plugins)


@pytest.mark.parametrize(
    ("rule", "kind", "detail"),
    [
        pytest.param(
            c.Compare(attribute="gpu-model", operator=c.Operator.EQUAL, values=("T4",)),
            VetoKind.ATTRIBUTE,
            "gpu-model == 'T4'",
            id="compare",
        ),
        pytest.param(
            c.Spread(attribute="zone"), VetoKind.SPREAD, "balanced over zone", id="spread"
        ),
        pytest.param(c.Dedicated(pool="*/x"), VetoKind.DEDICATED, "dedicated to */x", id="pool"),
        pytest.param(
            c.Near(job="nobody", attribute="zone"),
            VetoKind.NEAR,
            "near nobody (same zone)",
            id="near",
        ),
    ],
)
def test_what_no_machine_has_is_waited_for_and_told(
    rule: c.Constraint, kind: VetoKind, detail: str
) -> None:
    snapshot = a_cell(a_machine("a"), a_machine("b"), pending=(a_job(rule, tasks=3),))
    assert plan_for(snapshot).unplaced == (
        Unplaced(WEB, (0, 1, 2), 2, (Veto(kind, 2, nearest="a", detail=detail),)),
    )


def test_a_limit_on_an_attribute_that_no_machine_has_limits_nothing() -> None:
    snapshot = a_cell(a_machine("a"), pending=(a_job(c.Limit(attribute="zone"), tasks=3),))
    assert placed(plan_for(snapshot)) == {"alice/web": 3}


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even that")


def raising(error: Exception) -> Callable[[Machines, PendingJob], Any]:
    def plugin(machines: Machines, job: PendingJob) -> Any:
        raise error

    return plugin


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(raising(KeyError("rack")), id="raises"),
        pytest.param(raising(Mute()), id="raises what cannot be said"),
        pytest.param(raising(RecursionError()), id="raises without words"),
        pytest.param(raising(ValueError("x" * 10**6)), id="raises at length"),
        pytest.param(lambda machines, job: None, id="none"),
        pytest.param(lambda machines, job: [True] * len(machines), id="a list"),
        pytest.param(lambda machines, job: np.True_, id="one for all"),
        pytest.param(lambda machines, job: np.ones(len(machines) + 1, np.bool_), id="too many"),
        pytest.param(lambda machines, job: np.ones((len(machines), 1)), id="two dimensions"),
        pytest.param(lambda machines, job: np.full(len(machines), np.nan), id="no numbers"),
        pytest.param(lambda machines, job: np.full(len(machines), np.inf), id="endless"),
        pytest.param(lambda machines, job: np.full(len(machines), 1e300), id="huge"),
        pytest.param(lambda machines, job: np.full(len(machines), 2**62), id="huge and whole"),
        pytest.param(lambda machines, job: np.full(len(machines), -0.1), id="negative"),
        pytest.param(lambda machines, job: np.full(len(machines), 1j), id="complex"),
        pytest.param(lambda machines, job: np.full(len(machines), "yes"), id="texts"),
        pytest.param(lambda machines, job: np.full(len(machines), None), id="objects"),
    ],
)
@pytest.mark.parametrize("weight", [c.HARD, 50], ids=["hard", "soft"])
def test_a_plugin_that_fails_is_a_short_refusal_for_its_jobs_and_nobody_else(
    answer: Any, weight: int
) -> None:
    asking = a_job(c.Plugin(name="odd", weight=weight), tasks=3)
    hosts = [a_machine("a"), a_machine("b")]
    snapshot = a_cell(*hosts, pending=(asking, a_pending_job("bob/web", 2)))
    plan = plan_for(snapshot, odd=answer)
    assert placed(plan) == {"bob/web": 2}
    [unplaced] = plan.unplaced
    assert (unplaced.job, unplaced.indexes, unplaced.machines) == (WEB, (0, 1, 2), 2)
    [veto] = unplaced.vetoes
    assert (veto.kind, veto.machines) == (VetoKind.PLUGIN, 2)
    assert veto.detail.startswith("plug-in odd (")
    assert len(veto.detail) < 400

    of_the_policy = msgspec.structs.replace(Policy(), plugins=("odd",))
    plan = plan_for(snapshot, of_the_policy, odd=answer)
    assert plan.placements == ()
    assert {unplaced.job for unplaced in plan.unplaced} == {"alice/web", "bob/web"}


def test_a_plugin_that_the_borgmaster_does_not_have_is_told_by_its_name() -> None:
    snapshot = a_cell(a_machine("a"), pending=(a_job(c.Plugin(name="odd")),))
    [veto] = plan_for(snapshot).unplaced[0].vetoes
    assert veto.detail == "plug-in odd (the Borgmaster was started without it)"


@pytest.mark.parametrize("soft", [0, 4000])
def test_a_hard_rule_on_a_plugin_of_ratings_is_that_jobs_mistake_alone(soft: int) -> None:
    def rating(machines: Machines, job: PendingJob) -> Any:
        return np.ones(len(machines)) / 2

    snapshot = a_cell(
        a_machine("a"),
        pending=(
            a_job(c.Plugin(name="rating")),
            a_job(c.Plugin(name="rating", weight=1), job="bob/soft"),
            a_job(job="bob/plain"),
        ),
    )
    policy = Policy(plugins=("rating",), plugin=0, soft=soft)
    plan = plan_for(snapshot, policy, rating=rating)
    assert placed(plan) == {"bob/soft": 1, "bob/plain": 1}
    [unplaced] = plan.unplaced
    assert [veto.kind for veto in unplaced.vetoes] == [VetoKind.PLUGIN]
    assert "rates machines" in unplaced.vetoes[0].detail


@pytest.mark.parametrize("percents", [(50, 60), (0, 0), (-50, 150), (HUGE, HUGE)])
def test_weights_that_do_not_sum_are_refused_and_end_no_pass(percents: tuple[int, int]) -> None:
    parts = zip((Packing.BEST_FIT, Packing.CPU_PACKER), percents, strict=True)
    policy = Policy(packing=tuple(Part(*part) for part in parts))
    assert any(problem.startswith("packing: ") for problem in problems_of(policy))
    snapshot = a_cell(a_machine("a"), pending=(a_pending_job(tasks=3),))
    assert placed(plan_for(snapshot, policy)) == {"alice/web": 3}


@pytest.mark.parametrize("policy", PACKINGS, ids=lambda policy: policy.packing[0].packing.value)
@pytest.mark.parametrize("huge", [HUGE, 2**63, 2**100])
def test_absurd_amounts(policy: Policy, huge: int) -> None:
    everything = Resources(huge, huge, huge, huge, {"tapes": huge})
    snapshot = a_cell(
        a_machine("endless", everything),
        a_machine("plain", amounts(8, 32)),
        a_machine("negative", Resources(-huge, -5, -1, -huge, {"tapes": -3})),
        a_machine("taken", amounts(8, 32), everything),
        a_machine("given", amounts(8, 32), Resources(-huge, -huge)),
        pending=(
            a_pending_job("alice/absurd", 3, everything),
            a_pending_job("alice/nothing", 40, Resources()),
            a_pending_job("alice/less", 5, Resources(-huge, -1, -1, -1, {"tapes": -1})),
            a_pending_job("alice/web", 20),
        ),
    )
    plan = plan_for(snapshot, policy)
    counts = placed(plan)
    assert (counts["alice/nothing"], counts["alice/less"], counts["alice/web"]) == (40, 5, 20)
    assert "alice/absurd" not in counts
    used = {placement.machine for placement in plan.placements}
    assert "taken" not in used
    of_web = [p.machine for p in plan.placements if p.job == WEB]
    assert "negative" not in of_web
    assert max(of_web.count("plain"), of_web.count("given")) <= 8, "less than nothing is not used"


def test_a_job_of_2_to_the_62_in_words() -> None:
    snapshot = a_cell(a_machine("m"), pending=(a_pending_job(request=Resources(cpu=HUGE)),))
    [veto] = plan_for(snapshot).unplaced[0].vetoes
    assert (veto.kind, veto.dimension, veto.nearest) == (VetoKind.CAPACITY, "cpu", "m")
    assert veto.missing > 2**59


@pytest.mark.parametrize("policy", PACKINGS, ids=lambda policy: policy.packing[0].packing.value)
@pytest.mark.parametrize(
    "rules", [(), (c.Spread(attribute="zone"),), (c.Limit(),), (c.Near(job="web"),)]
)
def test_no_machines_at_all(policy: Policy, rules: tuple[c.Constraint, ...]) -> None:
    snapshot = a_cell(pending=(a_job(*rules, tasks=20),))
    for each in (policy, msgspec.structs.replace(policy, sample=3)):
        plan = plan_for(snapshot, each)
        assert plan.placements == ()
        assert plan.unplaced == (Unplaced(WEB, tuple(range(20)), 0),)


@pytest.mark.parametrize("policy", PACKINGS, ids=lambda policy: policy.packing[0].packing.value)
def test_one_machine_and_machines_of_nothing(policy: Policy) -> None:
    nothing = a_machine("nothing", Resources(ports=0, extra={}))
    one = a_cell(a_machine("a"), pending=(a_pending_job(tasks=9),))
    assert placed(plan_for(one, policy)) == {"alice/web": 8}
    empty = a_cell(nothing, pending=(a_pending_job(), a_pending_job("bob/x", 3, Resources())))
    assert placed(plan_for(empty, policy)) == {"bob/x": 3}


def test_nothing_to_place() -> None:
    without = msgspec.structs.replace(a_pending_job(), indexes=())
    assert plan_for(a_cell(a_machine("a"))) == Plan(7, 1)
    assert plan_for(a_cell(a_machine("a"), pending=(without,))) == Plan(7, 1)
    assert plan_for(a_cell(pending=(without,))) == Plan(7, 1)


def test_indexes_that_are_named_twice_are_answered_as_often() -> None:
    """The commit carries out the first, and finds the second stale."""
    twice = msgspec.structs.replace(a_pending_job(), indexes=(4, 4, 5))
    plan = plan_for(a_cell(a_machine("a"), pending=(twice, twice)))
    assert sorted(placement.index for placement in plan.placements) == [4, 4, 4, 4, 5, 5]


def test_jobs_in_an_alloc_set_that_is_not_there_wait_for_it() -> None:
    lost = msgspec.structs.replace(a_pending_job(tasks=2), alloc=JobKey("alice/room"))
    plan = plan_for(a_cell(a_machine("a"), pending=(lost, a_pending_job("bob/web"))))
    assert placed(plan) == {"bob/web": 1}
    assert plan.unplaced == (
        Unplaced(WEB, (0, 1), 0, (Veto(VetoKind.ALLOC, 0, detail="alice/room"),)),
    )


def test_rules_that_cannot_be_met_end_no_pass() -> None:
    rules: tuple[c.Constraint, ...] = (
        c.Limit(most=-1),
        c.Limit(most=HUGE),
        c.Spread(attribute="zone", shares=(c.Share("z0", 0), c.Share("z1", 0))),
        c.Spread(attribute="zone", shares=(c.Share("z0", -5), c.Share("z1", HUGE))),
        c.Near(job="web/web/web"),
        c.Away(job=""),
        c.Compare(attribute="", operator=c.Operator.VERSION, values=("nonsense",)),
        c.Compare(attribute="zone", operator=c.Operator.LESS, values=("nan", "")),
    )
    hosts = [a_machine(f"m{i}", attributes={"zone": f"z{i % 2}"}) for i in range(4)]
    for weight in (c.HARD, 1, HUGE):
        jobs = [
            a_job(msgspec.structs.replace(rule, weight=weight), job=f"alice/job{i}", tasks=12)
            for i, rule in enumerate(rules)
        ]
        plan = plan_for(a_cell(*hosts, pending=(*jobs, a_pending_job("bob/web", 3))))
        assert placed(plan)["bob/web"] == 3
        answered = len(plan.placements) + sum(len(left.indexes) for left in plan.unplaced)
        assert answered == 12 * len(rules) + 3
