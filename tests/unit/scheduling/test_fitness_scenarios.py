"""Scenarios D1 to D7 of Fenzo's own tests: packing, spreading, weights, ties."""

from collections import Counter

import msgspec
import numpy as np
import pytest

from borgpy.model import constraints as c
from borgpy.model.policy import Packing, Part, Policy, only, problems_of
from borgpy.model.resources import Resources
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.plugins import Machines
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import Floats
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job, machines_of, placed

CPU = only(Packing.CPU_PACKER)


def amounts(cpu: int, ram: int = 0, network: int = 0) -> Resources:
    """Cores, MB, Mbit/s."""
    return Resources(cpu * 1000, ram << 20, extra={"network": network} if network else {})


def a_host(name: str, capacity: Resources, used: Resources | None = None) -> MachineFacts:
    return a_machine(name, capacity, used)


def machines_for(
    hosts: list[MachineFacts], request: Resources, tasks: int = 1, policy: Policy = CPU
) -> Counter[str]:
    """How many tasks of one job each host gets."""
    snapshot = a_cell(*hosts, pending=(a_pending_job("alice/web", tasks, request),))
    return Counter(machines_of(schedule_pass(snapshot, policy, 1)).values())


@pytest.mark.parametrize("packing", [Packing.CPU_PACKER, Packing.BEST_FIT, Packing.HYBRID])
def test_d1_the_second_task_goes_where_the_first_went(packing: Packing) -> None:
    hosts = [a_host(name, amounts(4, 4000)) for name in ("a", "b")]
    [first] = machines_for(hosts, amounts(1, 1000), policy=only(packing))
    busy = [
        msgspec.structs.replace(host, used=amounts(1, 1000)) if host.name == first else host
        for host in hosts
    ]
    assert machines_for(busy, amounts(1, 1000), policy=only(packing)) == {first: 1}


def test_d2_packing_counts_the_tasks_that_run() -> None:
    hosts = [a_host("a", amounts(4), amounts(1)), a_host("b", amounts(4), amounts(2))]
    assert machines_for(hosts, amounts(1)) == {"b": 1}


@pytest.mark.parametrize(
    "packing", [Packing.CPU_PACKER, Packing.RAM_PACKER, Packing.NETWORK_PACKER]
)
def test_d3_small_hosts_are_filled_before_large_ones_that_are_listed_first(
    packing: Packing,
) -> None:
    large = [a_host(f"a{i}", amounts(8, 800, 8000)) for i in range(10)]
    small = [a_host(f"b{i}", amounts(4, 400, 4000)) for i in range(10)]
    found = machines_for([*large, *small], amounts(1, 100, 1000), 41, only(packing))
    assert found == {"a0": 1, **{host.name: 4 for host in small}}


def test_d3_with_memory_the_other_way_round_the_memory_packer_goes_by_memory() -> None:
    much = [a_host(f"a{i}", amounts(4, 800)) for i in range(10)]
    little = [a_host(f"b{i}", amounts(8, 400)) for i in range(10)]
    policy = only(Packing.RAM_PACKER)
    found = machines_for([*much, *little], amounts(1, 100), 41, policy)
    assert found == {"a0": 1, **{host.name: 4 for host in little}}


def test_d4_a_small_task_leaves_the_large_host_to_a_large_one() -> None:
    hosts = [a_host("a-large", amounts(16, 64000))]
    hosts += [a_host(f"b{i}", amounts(8, 32000)) for i in range(3)]
    small = a_pending_job("alice/small", request=amounts(1, 100), priority=200)
    large = a_pending_job("alice/large", request=amounts(16, 100))
    plan = schedule_pass(a_cell(*hosts, pending=(small, large)), CPU, 1)
    assert machines_of(plan, "alice/small") == {0: "b0"}
    assert machines_of(plan, "alice/large") == {0: "a-large"}
    assert plan.unplaced == ()


@pytest.mark.parametrize(
    "packing", [Packing.CPU_SPREADER, Packing.RAM_SPREADER, Packing.NETWORK_SPREADER]
)
def test_d5_spreaders_give_each_host_one_task(packing: Packing) -> None:
    hosts = [a_host(f"h{i}", amounts(8, 800, 8000)) for i in range(10)]
    found = machines_for(hosts, amounts(1, 100, 1000), 10, only(packing))
    assert found == {host.name: 1 for host in hosts}


def test_d6_weights_sum_to_a_hundred_percent_or_the_policy_is_refused() -> None:
    """Fenzo's sum to 1.0 as floats; whole percents have no rounding to get wrong."""
    half = Part(Packing.CPU_PACKER, 50)
    assert problems_of(Policy(packing=(half, Part(Packing.RAM_PACKER, 50)))) == ()
    assert problems_of(Policy(packing=(half, Part(Packing.RAM_PACKER, 60)))) == (
        "packing: the percentages sum to 110, not to 100",
    )
    assert problems_of(Policy(packing=())) == ("packing: the percentages sum to 0, not to 100",)


def test_d6_the_parts_are_weighed_with_each_other() -> None:
    """Half of CPU and half of memory: 0.5 and 1.0 make 0.75, which is more than 0.7 of each."""
    uneven = a_host("uneven", amounts(10, 1000), amounts(4, 900))
    even = a_host("even", amounts(10, 1000), amounts(6, 600))
    halves = Policy(
        packing=(Part(Packing.CPU_PACKER, 50), Part(Packing.RAM_PACKER, 50)), spread=(), locality=0
    )
    assert machines_for([uneven, even], amounts(1, 100)) == {"even": 1}
    assert machines_for([uneven, even], amounts(1, 100), policy=halves) == {"uneven": 1}


@pytest.mark.parametrize("packing", list(Packing))
def test_d6_a_part_that_is_0_refuses_no_host(packing: Packing) -> None:
    """Fenzo's makes the whole 0, which refuses the host: what is hard is a constraint here, and never a score."""
    full = [a_host("only", amounts(4, 400, 4000))]
    parts = (Part(packing, 50), Part(Packing.WORST_FIT, 50))
    for request in (amounts(4, 400, 4000), amounts(0)):
        assert machines_for(full, request, policy=Policy(packing=parts)) == {"only": 1}
        assert machines_for(full, request, policy=only(packing)) == {"only": 1}


def test_d7_a_wish_weighs_as_much_as_the_policy_says() -> None:
    """Fenzo's shares of 50, 35 and 15 percent are fixed; here `Policy.soft` says what a wish counts."""
    hosts = [a_host("full", amounts(4), amounts(3)), a_host("wished", amounts(4))]
    wish = c.Compare(attribute="machine", operator=c.Operator.EQUAL, values=("wished",), weight=100)
    job = msgspec.structs.replace(a_pending_job(request=amounts(1)), constraints=(wish,))
    snapshot = a_cell(*hosts, pending=(job,))
    for soft, expected in ((4000, "wished"), (100, "full"), (0, "full")):
        policy = msgspec.structs.replace(CPU, soft=soft)
        assert machines_of(schedule_pass(snapshot, policy, 1)) == {0: expected}


def test_d7_no_fitness_refuses_a_host() -> None:
    """A rating of 0 is the worst there is, and still a place to be; a plug-in that refuses answers with bool."""

    def worst(machines: Machines, job: PendingJob) -> Floats:
        return np.zeros(len(machines))

    snapshot = a_cell(a_host("only", amounts(4)), pending=(a_pending_job(request=amounts(1)),))
    policy = msgspec.structs.replace(CPU, plugins=("worst",), plugin=10_000)
    assert placed(schedule_pass(snapshot, policy, 1, plugins={"worst": worst})) == {"alice/web": 1}


@pytest.mark.parametrize("packing", list(Packing))
def test_d7_ties_go_to_the_first_name(packing: Packing) -> None:
    hosts = [a_host(name, amounts(4, 400, 4000)) for name in ("h2", "h10", "h3")]
    assert machines_for(hosts, amounts(1, 100, 1000), policy=only(packing)) == {"h10": 1}
