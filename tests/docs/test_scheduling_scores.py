"""The formulas of docs/SCHEDULING.md, worked out once more in plain numbers, are those of the code."""

import math
import re
from collections.abc import Callable, Mapping, Sequence

import pytest

from borgpy.model.constraints import Compare, Operator
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import JobKey
from borgpy.model.policy import Packing, Policy
from borgpy.model.policy_text import changed
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.eligibility import Eligibilities
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.feasibility import request_vector
from borgpy.scheduling.fragments import expected
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.requests import Request
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.scores import Scores
from borgpy.scheduling.scoring import UNIT, units
from borgpy.scheduling.shapes import Asked, Shape
from borgpy.scheduling.snapshot import Snapshot
from borgpy.scheduling.standing import Standing
from borgpy.scheduling.tying import Tying
from tests.docs.scheduling import PROSE, part, scores_of, two_machines
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job, amounts, machines_of

Pair = tuple[float, float]

# What the machines of the example have free, before and after, as parts of what they have.
F = {"a": (4 / 8, 24 / 32), "b": (6 / 8, 12 / 32)}
A = {"a": (2 / 8, 20 / 32), "b": (4 / 8, 8 / 32)}


def v(free: Pair) -> float:
    return min(free)  # K = C, and both are equally scarce


def hybrid(f: Pair, a: Pair) -> float:
    return 2 * v(f) - 1.08 * 2 * v(a) + 0.08 * sum(2 * part for part in a)


def e_pvm(f: Pair, a: Pair) -> float:
    return sum(10 ** (1 - y) - 10 ** (1 - x) for x, y in zip(f, a, strict=True)) / (9 * 4)


def dot_product(f: Pair, a: Pair) -> float:
    return 1 - sum(x * (x - y) for x, y in zip(f, a, strict=True)) / 4


FORMULAS: Mapping[Packing, Callable[[Pair, Pair], float]] = {
    Packing.HYBRID: hybrid,
    Packing.BEST_FIT: lambda f, a: sum(a) / 2,
    Packing.WORST_FIT: lambda f, a: 1 - sum(a) / 2,
    Packing.E_PVM: e_pvm,
    Packing.FGD: lambda f, a: 0.5,
    Packing.DOT_PRODUCT: dot_product,
    Packing.CPU_PACKER: lambda f, a: a[0],
    Packing.RAM_PACKER: lambda f, a: a[1],
    Packing.NETWORK_PACKER: lambda f, a: 0,
    Packing.CPU_RAM_PACKER: lambda f, a: sum(a) / 2,
    Packing.CPU_RAM_NETWORK_PACKER: lambda f, a: sum(a) / 3,
    Packing.CPU_SPREADER: lambda f, a: 1 - a[0],
    Packing.RAM_SPREADER: lambda f, a: 1 - a[1],
    Packing.NETWORK_SPREADER: lambda f, a: 1,
    Packing.CPU_RAM_SPREADER: lambda f, a: 1 - sum(a) / 2,
    Packing.CPU_RAM_NETWORK_SPREADER: lambda f, a: 1 - sum(a) / 3,
    Packing.NONE: lambda f, a: 0,
}


@pytest.mark.parametrize("name", list(Packing))
def test_the_scores_of_the_two_machines_are_what_the_formulas_say(name: Packing) -> None:
    expected = [FORMULAS[name](F[machine], A[machine]) for machine in ("a", "b")]
    assert scores_of(two_machines(), name) == pytest.approx(expected, abs=1e-6)


def test_the_numbers_that_are_worked_out_by_hand() -> None:
    for said in (
        "0.4375 on `a`",
        "0.375 on `b`",
        "3.054 ÷ (9 · 4) = 0.0848",
        "0.9453",
        "= 0.6,",
        "= 0.33.",
    ):
        assert said in PROSE
    assert scores_of(two_machines(), Packing.BEST_FIT) == [0.4375, 0.375]
    assert round(10**0.75 - 10**0.5, 3) == 2.461
    assert round(10**0.375 - 10**0.25, 3) == 0.593
    assert [round(score, 4) for score in scores_of(two_machines(), Packing.HYBRID)] == [0.6, 0.33]


def the_whole_example() -> Snapshot:
    """The two machines again, with all that other terms than packing look at."""
    hour = 3_600_000
    job = PendingJob(
        JobKey("alice/web"), "alice", 100, amounts(2, 4), "d1", (0,),
        constraints=(Compare(attribute="rack", operator=Operator.EQUAL, values=("r1",), weight=50),),
        packages={"here": 75_000_000, "nowhere": 25_000_000},
        runtime_ms=hour,
        replicas=4,
    )  # fmt: skip
    columns = Columns()
    columns.update(
        [
            MachineFacts(
                "a", amounts(8, 32), amounts(4, 8), attributes={"rack": "r1"}, production_cpu=1000,
                ends_at=hour // 2,
            ),
            MachineFacts(
                "b", amounts(8, 32), amounts(2, 20), attributes={"rack": "r2"}, production_cpu=2000,
                packages=("here",), tasks={JobKey("alice/web"): 1},
            ),
        ]
    )  # fmt: skip
    return columns.snapshot(7, (job,))


def test_the_whole_sum_of_the_example_is_the_codes() -> None:
    whole = part("Packing scores").split("**The whole sum.**")[1]
    table = re.findall(r"^\| (\w+).* \| ([\d.]+) \| ([\d.]+) \|$", whole, re.MULTILINE)
    terms = {name: (float(a), float(b)) for name, a, b in table}
    total = terms.pop("sum")
    assert len(terms) == 6
    assert total == pytest.approx(tuple(map(sum, zip(*terms.values(), strict=True))))

    policy = changed(Policy(), ["mixing=100", "runtime=500"])
    snapshot = the_whole_example()
    assert whole_scores(snapshot, policy) == pytest.approx(total, abs=1e-6)
    assert machines_of(schedule_pass(snapshot, policy, 1)) == {0: "a"}


def whole_scores(snapshot: Snapshot, policy: Policy) -> list[float]:
    """As a pass works them out, with cpu and ram equally scarce."""
    standing, (job,) = Standing(snapshot), snapshot.pending
    scores = Scores(standing, policy, (1.0, 1.0, 0.0, 0.0))
    scores.begin({}, Recorder())
    eligible = Eligibilities(snapshot, policy).of(job, ())
    assert eligible.wish is not None
    asked = Asked(request_vector(snapshot.dimensions, job.request), 0.0, {})
    shape = Shape(job, (), asked, eligible.able, units(eligible.wish))
    ties = Tying(standing, policy, {}).ties(job, lambda: snapshot.placeable)
    assert ties is not None
    scores_of_each = scores.row(shape) + ties.worse(len(snapshot))
    return [float(score) / UNIT for score in scores_of_each]


def test_the_hybrid_is_what_a_task_strands_by_the_definitions() -> None:
    capacity = [(8.0, 32.0), (16.0, 32.0), (4.0, 64.0)]
    used = [(1.0, 20.0), (9.0, 4.0), (0.0, 8.0)]
    asked = (2.0, 4.0)
    snapshot = a_cell(
        *(
            a_machine(f"m{row}", amounts(*map(int, whole)), amounts(*map(int, taken)))
            for row, (whole, taken) in enumerate(zip(capacity, used, strict=True))
        ),
        pending=(a_pending_job(request=amounts(2, 4)),),
    )
    totals = [sum(whole[d] for whole in capacity) for d in (0, 1)]
    demand = [(sum(taken[d] for taken in used) + asked[d]) / totals[d] for d in (0, 1)]
    r = [round(part / max(demand) * 64) / 64 for part in demand]
    k = [total / 3 for total in totals]

    def good_for(free: Sequence[float]) -> float:
        return min(free[d] / (k[d] * r[d]) for d in (0, 1))

    def stranded(free: Sequence[float]) -> float:
        return sum(r[d] * (free[d] / k[d] - r[d] * good_for(free)) for d in (0, 1))

    apart = []
    for whole, taken, score in zip(
        capacity, used, scores_of(snapshot, Packing.HYBRID), strict=True
    ):
        before = [whole[d] - taken[d] for d in (0, 1)]
        after = [before[d] - asked[d] for d in (0, 1)]
        best_fit = sum(r[d] * after[d] / whole[d] for d in (0, 1))
        rise = stranded(after) - stranded(before)
        apart.append(score - (rise + 0.08 * (stranded(after) + best_fit)))
    assert min(r) < max(r) == 1
    assert apart == pytest.approx([apart[0]] * 3, abs=1e-6)


def test_a_gap_in_a_device_wastes_what_is_said() -> None:
    waste = expected(((Request(1000, 1, 600), 1024),), 1).waste[1] / 1e6
    assert [waste[500], waste[700], waste[1000]] == [0.5, 0.1, 0.4]
    assert "a gap of 0.5 wastes 0.5, one of 0.7 wastes 0.1, and a whole device 0.4" in PROSE


def test_the_hybrid_of_machines_with_devices_is_what_the_formula_says() -> None:
    """All tasks ask for 1 core, 4 GiB and 0.6 of a GPU, so `many` is nothing."""
    gpus = (DeviceOffer(2),)
    snapshot = a_cell(
        MachineFacts("g0", amounts(8, 32), amounts(2, 8), devices=gpus, device_free={"gpu": (700, 1000)}),
        MachineFacts("g1", amounts(16, 32), amounts(15, 4), devices=gpus, device_free={"gpu": (600, 500)}),
        a_machine("plain", amounts(8, 32)),
        pending=(
            PendingJob(
                JobKey("alice/infer"), "alice", 100, amounts(1, 4), "d1", (0,),
                devices=(DeviceRequest(1, 600),),
            ),
        ),
    )  # fmt: skip
    waste = {0.7: 0.1, 1.0: 0.4, 0.1: 0.1, 0.6: 0.0, 0.5: 0.5, 0.0: 0.0}
    cases = [
        # what is free of devices before and after, of CPU, and of memory
        ((0.7, 1.0), (0.1, 1.0), (6, 5), (24, 20)),
        ((0.6, 0.5), (0.0, 0.5), (1, 0), (28, 24)),
    ]
    expected_scores = []
    for before, after, cpu, ram in cases:
        worth = []
        for free, cores, memory in zip((before, after), cpu, ram, strict=True):
            idle = sum(waste[gap] if cores else gap for gap in free)
            worth.append(-idle + 0.2 * min(sum(free), cores * 0.6, memory / 4 * 0.6))
        steps = math.ceil(round((worth[0] - worth[1]) / 0.002, 6))
        best_fit = (sum(after) / 2 + cpu[1] / 16 + ram[1] / 32) / 4
        expected_scores.append(0.002 * (steps + best_fit))
    assert scores_of(snapshot, Packing.HYBRID)[:2] == pytest.approx(expected_scores, abs=1e-6)
