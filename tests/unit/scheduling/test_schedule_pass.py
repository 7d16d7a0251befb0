"""What a scheduling pass places where, whose turn it is, and what it says of the rest."""

import msgspec
import pytest

from borgpy.model.names import JobKey
from borgpy.model.plan import Placement, Plan, Unplaced, Veto, VetoKind
from borgpy.model.policy import Packing, Policy, only
from borgpy.model.resources import Resources
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import Snapshot
from tests.unit.scheduling.builders import (
    GIB,
    a_cell,
    a_machine,
    a_pending_job,
    amounts,
    machines_of,
    placed,
)

WEB = JobKey("alice/web")
BEST_FIT = only(Packing.BEST_FIT)
WORST_FIT = only(Packing.WORST_FIT)


def plan_for(snapshot: Snapshot, policy: Policy | None = None, seed: int = 1) -> Plan:
    return schedule_pass(snapshot, policy or Policy(), seed)


def test_nothing_pending_is_an_empty_plan() -> None:
    assert plan_for(a_cell(a_machine())) == Plan(seq=7, seed=1)


def test_a_task_goes_to_the_machine_with_room() -> None:
    snapshot = a_cell(
        a_machine("full", used=amounts(8)), a_machine("roomy"), pending=(a_pending_job(),)
    )
    assert plan_for(snapshot) == Plan(seq=7, seed=1, placements=(Placement(WEB, 0, "roomy"),))


def test_best_fit_takes_the_fullest_machine_and_fills_it_first() -> None:
    snapshot = a_cell(
        a_machine("a", used=amounts(1, 4)),
        a_machine("b", used=amounts(5, 20)),
        a_machine("c", used=amounts(3, 12)),
        pending=(a_pending_job(tasks=6),),
    )
    expected = {0: "b", 1: "b", 2: "b", 3: "c", 4: "c", 5: "c"}
    assert machines_of(plan_for(snapshot, BEST_FIT)) == expected


@pytest.mark.parametrize("policy", [Policy(), BEST_FIT], ids=["default", "best fit"])
def test_what_asks_for_no_extras_keeps_away_from_machines_that_have_them(policy: Policy) -> None:
    snapshot = a_cell(
        a_machine("with-gpu", amounts(8, 32, gpus=4)),
        a_machine("without", amounts(8, 32)),
        pending=(a_pending_job(),),
    )
    assert machines_of(plan_for(snapshot, policy)) == {0: "without"}


def test_worst_fit_always_takes_the_emptiest_machine() -> None:
    snapshot = a_cell(
        a_machine("a"),
        a_machine("b", used=amounts(2, 8)),
        pending=(a_pending_job(tasks=5, request=amounts(1, 4)),),
    )
    expected = {0: "a", 1: "a", 2: "a", 3: "b", 4: "a"}
    assert machines_of(plan_for(snapshot, WORST_FIT)) == expected


@pytest.mark.parametrize("packing", list(Packing))
def test_a_tie_goes_to_the_first_name(packing: Packing) -> None:
    snapshot = a_cell(a_machine("b"), a_machine("a"), pending=(a_pending_job(),))
    assert machines_of(plan_for(snapshot, only(packing))) == {0: "a"}


@pytest.mark.parametrize("packing", list(Packing))
def test_tasks_that_ask_for_nothing_are_all_placed(packing: Packing) -> None:
    nothing = a_pending_job(tasks=1000, request=Resources(ports=0, extra={}))
    snapshot = a_cell(a_machine("a"), a_machine("b"), pending=(nothing,))
    assert placed(plan_for(snapshot, only(packing))) == {"alice/web": 1000}


def test_the_higher_priority_goes_first() -> None:
    snapshot = a_cell(
        a_machine(capacity=amounts(3, 3)),
        pending=(
            a_pending_job("alice/batch", tasks=3, priority=100),
            a_pending_job("bob/serving", tasks=2, priority=200),
        ),
    )
    assert placed(plan_for(snapshot)) == {"bob/serving": 2, "alice/batch": 1}


def test_what_does_not_fit_holds_up_nothing_behind_it() -> None:
    snapshot = a_cell(
        a_machine(capacity=amounts(3, 3)),
        pending=(
            a_pending_job("alice/huge", request=amounts(50, 50), priority=300),
            a_pending_job("alice/small", tasks=3),
        ),
    )
    assert placed(plan_for(snapshot)) == {"alice/small": 3}


@pytest.mark.parametrize("seed", range(5))
def test_users_of_one_priority_share_what_is_too_little_for_all(seed: int) -> None:
    snapshot = a_cell(
        a_machine("a", amounts(10, 10)),
        a_machine("b", amounts(11, 11)),
        pending=(
            a_pending_job("alice/flood", tasks=10_000),
            a_pending_job("bob/web", tasks=500),
            a_pending_job("carol/web", tasks=3),
        ),
    )
    assert placed(plan_for(snapshot, seed=seed)) == {
        "alice/flood": 9,
        "bob/web": 9,
        "carol/web": 3,
    }


def test_many_jobs_do_not_earn_a_user_more_turns() -> None:
    flood = tuple(a_pending_job(f"alice/job{i}", tasks=5) for i in range(20))
    snapshot = a_cell(
        a_machine(capacity=amounts(20, 20)), pending=(*flood, a_pending_job("bob/web", tasks=50))
    )
    counts = placed(plan_for(snapshot))
    assert counts.pop("bob/web") == 10
    assert sum(counts.values()) == 10


def test_the_seed_draws_who_gets_the_odd_one() -> None:
    snapshot = a_cell(
        a_machine(capacity=amounts(1, 1)),
        pending=tuple(a_pending_job(f"{user}/web", tasks=2) for user in ("alice", "bob", "carol")),
    )
    winners = {next(iter(placed(plan_for(snapshot, seed=seed)))) for seed in range(50)}
    assert winners == {"alice/web", "bob/web", "carol/web"}


def test_the_larger_tasks_of_a_user_go_first() -> None:
    snapshot = a_cell(
        a_machine(capacity=amounts(4, 4)),
        pending=(
            a_pending_job("alice/a-small", tasks=4),
            a_pending_job("alice/b-large", request=amounts(3, 3)),
        ),
    )
    assert placed(plan_for(snapshot)) == {"alice/b-large": 1, "alice/a-small": 1}


def test_a_task_avoids_the_machines_it_kept_crashing_on() -> None:
    snapshot = a_cell(
        a_machine("a", used=amounts(4)),
        a_machine("b"),
        pending=(a_pending_job(tasks=3, avoid={1: ("a", "gone")}),),
    )
    assert machines_of(plan_for(snapshot)) == {0: "a", 1: "b", 2: "a"}


def test_nothing_goes_to_a_machine_that_is_unavailable_or_over_committed() -> None:
    snapshot = a_cell(
        a_machine("lost", placeable=False),
        a_machine("shrunk", amounts(8, 8), amounts(1, 9)),
        pending=(a_pending_job(request=amounts(1)),),
    )
    plan = plan_for(snapshot)
    assert plan.placements == ()
    assert plan.unplaced == (
        Unplaced(
            WEB,
            (0,),
            machines=2,
            vetoes=(
                Veto(VetoKind.RESOURCE, 1, "ram", "shrunk", GIB),
                Veto(VetoKind.UNAVAILABLE, 1, nearest="lost"),
            ),
        ),
    )


def test_partial_placement_leaves_a_remainder_with_its_reasons() -> None:
    snapshot = a_cell(
        a_machine("a", amounts(2, 9), placeable=True),
        a_machine("b", amounts(1, 9), amounts(0, 9)),
        pending=(a_pending_job(tasks=5),),
    )
    plan = plan_for(snapshot)
    assert machines_of(plan) == {0: "a", 1: "a"}
    assert plan.unplaced == (
        Unplaced(
            WEB,
            (2, 3, 4),
            machines=2,
            vetoes=(
                Veto(VetoKind.RESOURCE, 1, "cpu", "a", 1000),
                Veto(VetoKind.RESOURCE, 1, "ram", "b", GIB),
            ),
        ),
    )


def test_a_cell_without_machines_places_nothing() -> None:
    plan = plan_for(a_cell(pending=(a_pending_job(tasks=2),)))
    assert plan.unplaced == (Unplaced(WEB, (0, 1), machines=0),)


def test_an_extra_that_no_machine_has_is_a_capacity_veto() -> None:
    snapshot = a_cell(
        a_machine("a"), a_machine("b"), pending=(a_pending_job(request=amounts(1, gpus=2)),)
    )
    assert plan_for(snapshot).unplaced[0].vetoes == (Veto(VetoKind.CAPACITY, 2, "gpus", "a", 2),)


def test_two_specs_of_one_job_are_placed_by_their_own_requests() -> None:
    snapshot = a_cell(
        a_machine("a", amounts(2, 2)),
        a_machine("b", amounts(5, 5)),
        pending=(
            a_pending_job(tasks=1, request=amounts(2, 2), spec="old"),
            msgspec.structs.replace(a_pending_job(request=amounts(5, 5), spec="new"), indexes=(4,)),
        ),
    )
    assert machines_of(plan_for(snapshot)) == {0: "a", 4: "b"}


def test_absurd_requests_and_machines_do_not_upset_the_pass() -> None:
    boundless = Resources(cpu=2**100, ram=2**100)
    snapshot = a_cell(
        a_machine("a", Resources(2**100, 2**100, 100 * GIB, 100)),
        a_machine("b"),
        pending=(
            a_pending_job("alice/absurd", request=boundless),
            a_pending_job("alice/web", tasks=2),
        ),
    )
    plan = plan_for(snapshot)
    assert machines_of(plan) == {0: "b", 1: "b"}
    assert [unplaced.job for unplaced in plan.unplaced] == ["alice/absurd"]


def test_ten_thousand_equal_tasks_fill_one_machine_after_the_other() -> None:
    machines = [a_machine(f"m{i:04}", amounts(32, 128)) for i in range(1000)]
    snapshot = a_cell(*machines, pending=(a_pending_job(tasks=10_000),))
    plan = plan_for(snapshot)
    assert [p.machine for p in plan.placements] == [f"m{i // 32:04}" for i in range(10_000)]
    assert [p.index for p in plan.placements] == list(range(10_000))
