"""Why a task is not placed, in figures and in words."""

import pytest

from borgpy.model.plan import Veto, VetoKind
from borgpy.model.resources import Resources
from borgpy.scheduling.explain import Change, Explanation, explain, sentences, suggestions
from tests.unit.scheduling.builders import GIB, a_cell, a_machine, amounts

MIB = 1 << 20


def test_a_task_that_fits_has_room_and_needs_no_advice() -> None:
    found = explain(a_cell(a_machine("a"), a_machine("b", used=amounts(8))), amounts(1, 1))
    assert (found.fits_now, found.fits_empty) == (1, 2)
    assert sentences(found) == (
        "room for it now on 1 of 2 machines",
        "cpu short on 1 of 2 machines (nearest b: 1 core missing)",
    )
    assert suggestions(found) == ()


def test_the_whole_explanation_of_a_task_that_has_to_wait() -> None:
    request = amounts(4, 8)
    snapshot = a_cell(
        a_machine("far", used=amounts(0, 31)),
        a_machine("near", used=amounts(0, 25)),
        a_machine("busy", used=amounts(7, 31)),
        a_machine("tiny", amounts(2, 64)),
        a_machine("lost", placeable=False),
    )
    found = explain(snapshot, request)
    assert found == Explanation(
        request=request,
        machines=5,
        fits_now=0,
        fits_empty=3,
        vetoes=(
            Veto(VetoKind.RESOURCE, 3, "ram", "near", GIB),
            Veto(VetoKind.RESOURCE, 1, "cpu", "busy", 3000),
            Veto(VetoKind.CAPACITY, 1, "cpu", "tiny", 2000),
            Veto(VetoKind.UNAVAILABLE, 1, nearest="lost"),
        ),
        nearest="near",
        missing={"ram": GIB},
        largest={"cpu": 8000, "ram": 64 * GIB},
        changes=(
            Change("ram", 7 * GIB, 1, "near"),
            Change("cpu", 2000, 1, "tiny"),
        ),
    )
    assert sentences(found) == (
        "ram short on 3 of 5 machines (nearest near: 1 GiB missing)",
        "cpu short on 1 of 5 machines (nearest busy: 3 cores missing)",
        "too little cpu, even when empty, on 1 of 5 machines (nearest tiny: 2 cores missing)",
        "unavailable: 1 of 5 machines (e.g. lost)",
        "room for it on 3 of 5 machines if nothing else ran there",
    )
    assert suggestions(found) == (
        "with ram ≤ 7 GiB (now 8 GiB) it would fit on near",
        "with cpu ≤ 2 cores (now 4 cores) it would fit on tiny",
    )


def test_the_nearest_miss_of_a_veto_prefers_a_machine_with_nothing_else_against_it() -> None:
    snapshot = a_cell(
        a_machine("a", amounts(1, 31)),
        a_machine("b", amounts(8, 16)),
    )
    ram = explain(snapshot, amounts(4, 32)).vetoes[0]
    assert ram == Veto(VetoKind.CAPACITY, 2, "ram", "b", 16 * GIB)


def test_the_nearest_machine_lacks_least_as_a_share_of_the_largest() -> None:
    snapshot = a_cell(
        a_machine("cpu-short", amounts(6, 100)),
        a_machine("ram-short", amounts(10, 45)),
    )
    found = explain(snapshot, amounts(8, 50))
    assert (found.nearest, found.missing) == ("ram-short", {"ram": 5 * GIB})


def test_a_machine_short_of_everything_comes_before_one_that_is_unavailable() -> None:
    snapshot = a_cell(
        a_machine("full", used=amounts(8, 32, disk=100, ports=100)),
        a_machine("draining", placeable=False),
    )
    found = explain(snapshot, amounts(1, 1, disk=1, ports=1))
    assert found.nearest == "full"
    assert found.missing == {"cpu": 1000, "ram": GIB, "disk": GIB, "ports": 1}
    assert suggestions(found) == (
        "no single change would place it: full is short of 1 core, 1 GiB ram, 1 GiB disk, 1 port",
    )


def test_every_machine_is_vetoed_at_least_once() -> None:
    snapshot = a_cell(
        *(a_machine(f"full{i}", used=amounts(i)) for i in range(2, 9)),
        a_machine("lost", placeable=False),
        a_machine("crashed"),
    )
    found = explain(snapshot, amounts(7, 1), avoid=("crashed",))
    assert sum(veto.machines for veto in found.vetoes) == found.machines == 9


def test_a_machine_it_crashed_on_is_named() -> None:
    found = explain(
        a_cell(a_machine("a", used=amounts(8)), a_machine("b")), amounts(1), avoid=("b", "gone")
    )
    assert found.vetoes == (
        Veto(VetoKind.RESOURCE, 1, "cpu", "a", 1000),
        Veto(VetoKind.CRASHED_HERE, 1, nearest="b"),
    )
    assert sentences(found)[1] == "it kept crashing on 1 of 2 machines (e.g. b)"


def test_crashing_on_the_only_machine_is_told_with_what_to_do() -> None:
    found = explain(a_cell(a_machine("only")), amounts(1), avoid=("only",))
    assert found.nearest == "only"
    assert sentences(found) == ("it kept crashing on 1 of 1 machine (e.g. only)",)
    assert suggestions(found) == ("only has room: find out why the task crashes there",)


def test_an_unavailable_machine_it_crashed_on_counts_once() -> None:
    found = explain(a_cell(a_machine("a", placeable=False)), amounts(1), avoid=("a",))
    assert found.vetoes == (Veto(VetoKind.UNAVAILABLE, 1, nearest="a"),)
    assert suggestions(found) == (
        "wait for the unavailable machines to come back, or add machines",
    )


def test_a_cell_without_machines_says_so() -> None:
    found = explain(a_cell(), amounts(1, 1))
    assert sentences(found) == ("the cell has no machines",)
    assert suggestions(found) == ("add machines",)


def test_an_extra_that_nobody_has_could_be_left_out() -> None:
    found = explain(a_cell(a_machine("a"), a_machine("b")), amounts(1, gpus=2))
    assert found.largest == {"cpu": 8000, "gpus": 0}
    assert suggestions(found) == ("without gpus (now 2 gpus) it would fit on 2 machines",)


def test_without_an_extra_a_machine_that_is_over_committed_in_it_would_do_too() -> None:
    snapshot = a_cell(
        a_machine("a"),
        a_machine("b", used=amounts(gpus=1)),
        a_machine("c", amounts(gpus=1), amounts(1)),
    )
    assert explain(snapshot, amounts(1, gpus=1)).changes == (Change("gpus", 0, 2, "a"),)


def test_no_task_is_advised_to_do_without_cpu_or_ram() -> None:
    found = explain(a_cell(a_machine("a", used=amounts(8))), amounts(1, 1))
    assert found.changes == ()


@pytest.mark.parametrize(
    ("free", "wanted", "sentence", "suggestion"),
    [
        pytest.param(
            3399 * MIB,
            4 * GIB,
            "ram short on 1 of 1 machine (nearest m1: 697 MiB missing)",
            "with ram ≤ 3.3 GiB (now 4 GiB) it would fit on m1",
            id="3.319 GiB are free",
        ),
        pytest.param(
            4 * GIB - 1,
            4 * GIB,
            "ram short on 1 of 1 machine (nearest m1: 1 B missing)",
            "with ram ≤ 3.9 GiB (now 4 GiB) it would fit on m1",
            id="one byte is missing",
        ),
        pytest.param(
            4 * GIB - 1025,
            4 * GIB,
            "ram short on 1 of 1 machine (nearest m1: 1.1 KiB missing)",
            "with ram ≤ 3.9 GiB (now 4 GiB) it would fit on m1",
            id="a little over a KiB is missing",
        ),
    ],
)
def test_what_is_missing_is_rounded_up_and_what_would_do_is_rounded_down(
    free: int, wanted: int, sentence: str, suggestion: str
) -> None:
    machine = a_machine(used=Resources(ram=32 * GIB - free))
    found = explain(a_cell(machine), Resources(cpu=100, ram=wanted))
    assert sentences(found)[0] == sentence
    assert suggestions(found) == (suggestion,)


def test_following_the_first_suggestion_places_the_task() -> None:
    snapshot = a_cell(
        a_machine("a", used=amounts(5, 5)),
        a_machine("b", used=amounts(1, 29)),
    )
    first = explain(snapshot, amounts(6, 8)).changes[0]
    assert (first.dimension, first.amount) == ("cpu", 3000)
    assert explain(snapshot, amounts(3, 8)).fits_now == 1
