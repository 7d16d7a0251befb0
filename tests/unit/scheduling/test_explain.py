"""Why a task is not placed, in figures and in words."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from borgpy.model import constraints as c
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import JobKey
from borgpy.model.plan import Veto, VetoKind
from borgpy.model.resource_sets import SetOffer, SetRequest
from borgpy.model.resources import Resources
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.explain import Change, Drop, Explanation, Step
from borgpy.scheduling.explain import explain as explain_job
from borgpy.scheduling.facts import MachineFacts, PendingJob, Shun
from borgpy.scheduling.snapshot import Snapshot
from borgpy.scheduling.wording import sentences, suggestions, veto_sentence
from tests.unit.scheduling.builders import GIB, a_cell, a_machine, a_pending_job, amounts

MIB = 1 << 20


def explain(snapshot: Snapshot, request: Resources, avoid: tuple[str, ...] = ()) -> Explanation:
    """For a task that asks for nothing but resources."""
    return explain_job(snapshot, a_pending_job(request=request), avoid)


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
        funnel=(Step(VetoKind.UNAVAILABLE, "", 1),),
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


def a_job(*rules: c.Constraint, request: Resources | None = None) -> PendingJob:
    return msgspec.structs.replace(a_pending_job(request=request), constraints=rules, replicas=4)


def a_host(
    name: str, tasks: Mapping[str, int] | None = None, used: int = 0, **attributes: str
) -> MachineFacts:
    held = {JobKey(job): count for job, count in (tasks or {}).items()}
    machine = a_machine(name, used=amounts(used), attributes=attributes)
    return msgspec.structs.replace(machine, tasks=held)


def told(job: PendingJob, *machines: MachineFacts, shuns: tuple[Shun, ...] = ()) -> Explanation:
    columns = Columns()
    columns.update(machines)
    return explain_job(columns.snapshot(1, (job,), shuns), job)


ARM = c.Compare(attribute="arch", operator=c.Operator.EQUAL, values=("arm64",))
RACK = c.Compare(attribute="rack", operator=c.Operator.EQUAL, values=("r1",))


def test_the_whole_explanation_of_a_task_with_constraints() -> None:
    found = told(
        a_job(ARM, RACK),
        a_host("a", arch="x86", rack="r1"),
        a_host("b", arch="x86", rack="r2"),
        a_host("c", arch="arm64", rack="r2", used=8),
        a_host("d", arch="arm64"),
    )
    assert found == Explanation(
        request=amounts(1, 1),
        machines=4,
        fits_now=0,
        fits_empty=0,
        vetoes=(
            Veto(VetoKind.RESOURCE, 1, "cpu", "c", 1000),
            Veto(VetoKind.ATTRIBUTE, 3, nearest="d", detail="rack == 'r1'"),
            Veto(VetoKind.ATTRIBUTE, 2, nearest="a", detail="arch == 'arm64'"),
        ),
        nearest="a",
        against=("arch == 'arm64'",),
        drops=(
            Drop(VetoKind.ATTRIBUTE, "arch == 'arm64'", 1, "a"),
            Drop(VetoKind.ATTRIBUTE, "rack == 'r1'", 1, "d"),
        ),
        funnel=(
            Step(VetoKind.ATTRIBUTE, "arch == 'arm64'", 2),
            Step(VetoKind.ATTRIBUTE, "rack == 'r1'", 2),
        ),
    )
    assert sentences(found) == (
        "cpu short on 1 of 4 machines (nearest c: 1 core missing)",
        "rack == 'r1' rules out 3 of 4 machines (e.g. d)",
        "arch == 'arm64' rules out 2 of 4 machines (e.g. a)",
        "one after the other they leave 0 of 4 machines: "
        "arch == 'arm64' takes 2, then rack == 'r1' takes 2",
    )
    assert suggestions(found) == (
        "without the constraint arch == 'arm64' it would fit on a",
        "without the constraint rack == 'r1' it would fit on d",
    )


def test_an_attribute_that_no_machine_has_is_named() -> None:
    found = told(a_job(ARM), a_host("a"), a_host("b"))
    assert sentences(found) == (
        "arch == 'arm64' rules out 2 of 2 machines (e.g. a)",
        "no machine has the attribute 'arch'",
    )
    assert suggestions(found) == (
        "without the constraint arch == 'arm64' it would fit on 2 machines",
    )


def test_the_values_that_there_are_help_with_a_slip() -> None:
    found = told(a_job(ARM), a_host("a", arch="aarch64"), a_host("b", arch="amd64"))
    assert "arch is 'aarch64' or 'amd64' on those that have it" in sentences(found)


def test_a_shortage_and_a_constraint_at_once_are_no_single_change() -> None:
    found = told(a_job(ARM), a_host("a", used=8))
    assert suggestions(found) == (
        "no single change would place it: a is short of 1 core and is ruled out by arch == 'arm64'",
    )


WEB2 = {"alice/web": 2}


@pytest.mark.parametrize(
    ("rule", "sentence", "suggestion"),
    [
        pytest.param(
            c.Limit(most=2),
            "at most 2 for each machine rules out 2 of 2 machines (e.g. a)",
            "without the constraint at most 2 for each machine it would fit on 2 machines",
            id="limit",
        ),
        pytest.param(
            c.Spread(attribute="rack"),
            "balanced over rack rules out 2 of 2 machines (e.g. a)",
            "without the constraint balanced over rack it would fit on 2 machines",
            id="spread over nothing",
        ),
        pytest.param(
            c.Exclusive(),
            "a machine of its own rules out 2 of 2 machines (e.g. a)",
            "without the constraint a machine of its own it would fit on 2 machines",
            id="exclusive",
        ),
        pytest.param(
            c.Near(job="db"),
            "near db (same machine) rules out 2 of 2 machines (e.g. a)",
            "without the constraint near db (same machine) it would fit on 2 machines",
            id="near",
        ),
        pytest.param(
            c.Away(job="web"),
            "not near web (same machine) rules out 2 of 2 machines (e.g. a)",
            "without the constraint not near web (same machine) it would fit on 2 machines",
            id="away",
        ),
        pytest.param(
            c.Dedicated(pool="bob/db"),
            "dedicated to bob/db rules out 2 of 2 machines (e.g. a)",
            "without the constraint dedicated to bob/db it would fit on 2 machines",
            id="dedicated",
        ),
    ],
)
def test_a_constraint_that_nothing_satisfies(
    rule: c.Constraint, sentence: str, suggestion: str
) -> None:
    found = told(a_job(rule), a_host("a", WEB2), a_host("b", WEB2))
    assert sentences(found)[0] == sentence
    assert suggestions(found) == (suggestion,)


def test_what_one_should_know_about_a_constraint() -> None:
    rules = (c.Near(job="db"), c.Dedicated(pool="bob/db"), c.Plugin(name="warm"))
    assert told(a_job(*rules), a_host("a")).notes == (
        "no task of alice/db has a place",
        "the pool bob/db is for jobs of bob only",
        "plug-in warm is asked in each scheduling pass, and not here",
    )


def test_a_wish_keeps_a_task_from_nowhere() -> None:
    wish = msgspec.structs.replace(ARM, weight=100)
    assert sentences(told(a_job(wish), a_host("a"))) == ("room for it now on 1 of 1 machine",)


def test_what_others_hold_is_told_apart_from_what_the_job_asks_for() -> None:
    lonely = msgspec.structs.replace(a_host("b", {"bob/x": 1}), exclusive=True)
    shun = Shun(JobKey("bob/db"), c.Away(job="alice/web"))
    found = told(
        a_job(), a_host("a", dedicated="bob/db"), lonely, a_host("c", {"bob/db": 1}), shuns=(shun,)
    )
    assert sentences(found) == (
        "held by a task that wants no neighbours: 1 of 3 machines (e.g. b)",
        "the wish of bob/db to be apart (same machine) rules out 1 of 3 machines (e.g. c)",
        "set aside for others: 1 of 3 machines (e.g. a)",
        "room for it on 2 of 3 machines if nothing else ran there",
    )
    assert suggestions(found) == (
        "it would fit on a, set aside for others",
        "it would fit on c but for the wish of bob/db to be apart (same machine)",
        "it would fit on b but for a task that wants no neighbours",
    )


def test_what_is_held_by_number() -> None:
    replace = msgspec.structs.replace
    job = replace(
        a_job(), devices=(DeviceRequest(2),), sets=(SetRequest("eni", "sg1"),), ports=(80,)
    )
    busy = replace(
        a_machine("a"),
        devices=(DeviceOffer(2),),
        device_free={"gpu": (0, 1000)},
        sets=(SetOffer("eni", 1, 4),),
    )
    taken = replace(busy, name="b", device_free={}, ports=(80,))
    without = replace(busy, name="c", device_free={}, sets=())
    found = told(job, busy, taken, without)
    assert sentences(found) == (
        "2 gpu not free on 1 of 3 machines (e.g. a)",
        "eni for 'sg1' not free on 1 of 3 machines (e.g. c)",
        "port 80 taken on 1 of 3 machines (e.g. b)",
        "one after the other they leave 0 of 3 machines: "
        "port 80 takes 1, then 2 gpu takes 1, then eni for 'sg1' takes 1",
        "room for it on 2 of 3 machines if nothing else ran there",
    )
    assert suggestions(found) == (
        "without 2 gpu it would fit on a",
        "without eni for 'sg1' it would fit on c",
        "with another than port 80 it would fit on b",
    )


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        pytest.param({"devices": (DeviceRequest(2, models=("A100",)),)}, (), id="busy"),
        pytest.param(
            {"devices": (DeviceRequest(1, kind="tpu"),)}, ("no machine has any tpu",), id="no kind"
        ),
        pytest.param(
            {"devices": (DeviceRequest(1, models=("H100",)),)},
            ("no machine has gpu of this model: there are without a model, A100",),
            id="no model",
        ),
        pytest.param(
            {"devices": (DeviceRequest(3, models=("A100",)),)},
            ("no machine has 3 gpu like that: the most is 2",),
            id="too many",
        ),
        pytest.param(
            {"sets": (SetRequest("eni", "sg1", 5),)},
            ("no machine has eni with 5 slots: the largest has 4",),
            id="too many slots",
        ),
        pytest.param(
            {"sets": (SetRequest("ip", "sg1"),)},
            ("no machine has any ip",),
            id="no set",
        ),
    ],
)
def test_what_no_machine_has_even_when_empty_is_told(
    asked: dict[str, Any], note: tuple[str, ...]
) -> None:
    replace = msgspec.structs.replace
    two = replace(
        a_machine("a"),
        devices=(DeviceOffer(2, model="A100"),),
        device_free={"gpu": (0, 0)},
        sets=(SetOffer("eni", 1, 4),),
    )
    four = replace(a_machine("b"), devices=(DeviceOffer(4),), device_free={"gpu": (0,) * 4})
    assert told(replace(a_job(), **asked), two, four).notes == note


def test_of_many_constraints_that_all_stand_against_all_machines_none_is_tried_alone() -> None:
    rules = [c.Compare(attribute=f"a{n}", operator=c.Operator.EXISTS) for n in range(64)]
    found = told(a_job(*rules), a_machine("a"), a_machine("b"))
    assert (len(found.vetoes), found.drops) == (64, ())
    found = told(a_job(*rules[:1]), a_machine("a"), a_machine("b"))
    assert [(drop.kind, drop.machines) for drop in found.drops] == [(VetoKind.ATTRIBUTE, 2)]


def test_a_spread_may_be_gone_with_another_constraint() -> None:
    """Only b is allowed, so that the spread goes by its value alone, and stands against a as well."""
    rules = (
        c.Spread(attribute="zone"),
        c.Compare(attribute="machine", operator=c.Operator.EQUAL, values=("b",)),
    )
    found = told(a_job(*rules), a_host("a", zone="x"), a_host("b", used=8, zone="y"))
    assert [(drop.kind, drop.machine) for drop in found.drops] == [(VetoKind.ATTRIBUTE, "a")]


def test_a_job_in_an_alloc_set_is_told_of_its_allocs() -> None:
    job = msgspec.structs.replace(a_job(request=amounts(4)), alloc=JobKey("alice/set"))
    allocs = Columns()
    allocs.update([msgspec.structs.replace(a_machine("+000003", amounts(2, 8)), host="m7")])
    columns = Columns()
    columns.update([a_machine("m7"), a_machine("m8")])
    found = explain_job(columns.snapshot(1, (job,), (), {JobKey("alice/set"): allocs}), job)
    assert sentences(found)[0].startswith(
        "too little cpu, even when empty, on 1 of 1 alloc (nearest alice/set/3:"
    )
    homeless = explain_job(columns.snapshot(1, (job,)), job)
    assert sentences(homeless) == ("no alloc of alice/set has a place yet",)
    assert suggestions(homeless) == ("find out why the allocs have to wait",)


@pytest.mark.parametrize("kind", VetoKind)
def test_there_are_words_for_every_kind_of_veto(kind: VetoKind) -> None:
    said = veto_sentence(Veto(kind, 2, "cpu", "m1", 1000, "what was asked"), 3)
    assert said
    assert "None" not in said
