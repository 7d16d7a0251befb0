"""What docs/SCHEDULING.md says of the scheduler is so: names, numbers, formulas, and the plug-ins that it shows."""

import importlib
import math
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from borgpy import scheduling
from borgpy.bcl import job_declarations
from borgpy.model.cell import Cell
from borgpy.model.constraints import Constraint
from borgpy.model.declared.constraint import Word
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import JobKey
from borgpy.model.plan import VetoKind
from borgpy.model.policy import Packing, Policy, only
from borgpy.model.policy_text import changed, texts_of
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.fragments import expected
from borgpy.scheduling.plugins import Machines, Plugin, Plugins
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.requests import Request
from borgpy.scheduling.schedule import schedule_pass
from borgpy.server.metrics import Metrics
from borgpy.server.passes import PATIENCE_SECONDS
from borgpy.server.plugins import load_plugins
from borgpy.server.scheduler_loop import GATHER_SECONDS
from tests.docs.generated import ROOT
from tests.docs.reading import fenced
from tests.docs.scheduling import PLUGINS, scores_of, two_machines
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job, amounts, machines_of

TEXT = (ROOT / "docs" / "SCHEDULING.md").read_text()
PROSE = " ".join(TEXT.split())


def part(heading: str) -> str:
    """From a heading to the next of any level."""
    return re.split(r"^#+ ", TEXT.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]


def first_cells(text: str) -> set[str]:
    """What stands as code in the first column of tables."""
    return {
        name
        for line in text.splitlines()
        if line.startswith("|")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    }


def test_every_packing_score_has_its_formula_and_nothing_else_has() -> None:
    formulas = part("Packing scores").split("**Two machines.**")[0]
    assert first_cells(formulas) == {score.value for score in Packing}


def test_every_kind_of_veto_is_named() -> None:
    named = set(re.findall(r"`([a-z_]+)`", part("2. What a task can ask for")))
    assert {kind.value for kind in VetoKind} <= named


def test_every_constraint_is_in_the_table_by_rule_and_by_operator() -> None:
    rules = {rule.__name__ for rule in get_args(Constraint)}
    assert first_cells(part("3. Constraints")) == rules | set(get_args(Word))


def test_the_terms_have_the_defaults_of_the_policy() -> None:
    told = re.findall(r"\| `(\w+)` = (\S+) \|$", part("4. The score"), re.MULTILINE)
    defaults = texts_of(Policy())
    assert dict(told) == {name: defaults[name] for name, _ in told}
    weights = {"packing", "soft", "spread", "locality", "mixing", "runtime", "plugin"}
    assert {name for name, _ in told} == weights


def test_settings_that_are_recommended_can_be_made() -> None:
    lines = re.findall(r"borgcfg cell config (--set [^`\n]*)", TEXT)
    assert len(lines) > 5
    for line in lines:
        settings = line.split()[1::2]
        if settings != ["KNOB=VALUE"]:
            assert changed(Policy(), settings) != Policy()


def test_constants_that_are_quoted_are_those_of_the_code() -> None:
    quoted = re.findall(r"`([A-Z_]+)` \(([\d.,/]+)\)", TEXT)
    values: dict[str, float] = {"LIKE_THIS": 1}
    for found in pkgutil.iter_modules(scheduling.__path__):
        module = importlib.import_module(f"borgpy.scheduling.{found.name}")
        values |= {name: value for name, value in vars(module).items() if name.isupper()}
    assert len(quoted) > 10
    for name, text in quoted:
        top, _, bottom = text.replace(",", "").partition("/")
        assert float(top) / float(bottom or 1) == values[name], name


def test_times_that_are_quoted_are_those_of_the_code() -> None:
    assert f"it begins {GATHER_SECONDS * 1000:g} ms after" in PROSE
    assert f"names it after {PATIENCE_SECONDS:g} seconds" in PROSE


def test_phases_and_metrics_that_are_named_exist() -> None:
    recorder = Recorder()
    snapshot = a_cell(a_machine(), pending=(a_pending_job(),))
    plan = schedule_pass(snapshot, Policy(), 1, recorder=recorder)
    phases = [name for name, _ in recorder.record(snapshot, plan).phases]
    assert phases == re.findall(r"the phase `(\w+)`", TEXT)
    families = re.findall(r"^# TYPE (\w+)", Metrics().text(Cell("ic"), 0).decode(), re.MULTILINE)
    assert set(re.findall(r"`(borg_[a-z_]+)", TEXT)) <= set(families)


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


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    """As the document says to start the Borgmaster."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    return load_plugins(re.findall(r"--plugin (\S+=\S+)", TEXT))


def the_job() -> PendingJob:
    """The job of the document, as it waits in a cell."""
    (text,) = fenced("borg", TEXT)
    (declared,) = job_declarations(text, "SCHEDULING.md")
    return PendingJob(
        JobKey(f"alice/{declared.name}"),
        "alice",
        declared.priority,
        declared.requirements,
        "d1",
        tuple(range(declared.replicas)),
        constraints=declared.constraints,
        replicas=declared.replicas,
    )


def a_host(name: str, ram: int = 32, **attributes: str) -> MachineFacts:
    return a_machine(name, amounts(8, ram, disk=100, ports=10), attributes=attributes)


def test_the_plug_ins_place_the_job_where_it_is_licensed_and_has_room(plugins: Plugins) -> None:
    snapshot = a_cell(
        a_host("a"),
        a_host("b", licences="matlab,ansys"),
        a_host("c", licences="ansysx"),
        pending=(the_job(),),
    )
    plan = schedule_pass(snapshot, Policy(), 1, plugins=plugins)
    assert machines_of(plan, "alice/ansys_wing") == {0: "b", 1: "b", 2: "b"}
    # A second task on d would leave less than a tenth of its memory.
    snapshot = a_cell(
        a_host("d", ram=17, licences="ansys"),
        a_host("e", ram=64, licences="ansys"),
        pending=(the_job(),),
    )
    plan = schedule_pass(snapshot, only(Packing.BEST_FIT), 1, plugins=plugins)
    assert sorted(machines_of(plan, "alice/ansys_wing").values()) == ["d", "e", "e"]


def test_without_a_licence_the_plug_in_is_the_reason(plugins: Plugins) -> None:
    plan = schedule_pass(a_cell(a_host("a"), pending=(the_job(),)), Policy(), 1, plugins=plugins)
    assert [(veto.kind, veto.detail) for veto in plan.unplaced[0].vetoes] == [
        (VetoKind.PLUGIN, "plug-in licensed")
    ]


def test_the_policy_can_ask_the_fitness_about_every_task(plugins: Plugins) -> None:
    (settings,) = re.findall(r"`borgcfg cell config (--set plugins=[^`]*)`", TEXT)
    policy = changed(only(Packing.BEST_FIT), settings.split()[1::2])
    snapshot = a_cell(
        a_host("tight", ram=9), a_host("wide"), pending=(a_pending_job(request=amounts(2, 9)),)
    )
    assert machines_of(schedule_pass(snapshot, only(Packing.BEST_FIT), 1)) == {0: "tight"}
    assert machines_of(schedule_pass(snapshot, policy, 1, plugins=plugins)) == {0: "wide"}


def _raises(machines: Machines, job: PendingJob) -> NDArray[np.bool_]:
    raise ValueError("...")


def _no_number(machines: Machines, job: PendingJob) -> NDArray[np.float64]:
    return np.full(len(machines), np.nan)


@pytest.mark.parametrize(
    ("name", "broken", "reason"),
    [
        ("licensed", _raises, "plug-in licensed (ValueError: ...)"),
        ("licensed", _no_number, "plug-in licensed (a score is outside 0 to 1, or is no number)"),
        ("roomy", _raises, "plug-in roomy (ValueError: ...)"),
    ],
)
def test_a_plug_in_that_fails_is_one_reason_and_all_other_jobs_are_placed(
    plugins: Plugins, name: str, broken: Plugin, reason: str
) -> None:
    snapshot = a_cell(a_host("b", licences="ansys"), pending=(the_job(), a_pending_job(tasks=2)))
    recorder = Recorder()
    given = {**plugins, name: broken}
    plan = schedule_pass(snapshot, Policy(), 1, plugins=given, recorder=recorder)
    assert machines_of(plan) == {0: "b", 1: "b"}
    assert [(v.kind, v.detail) for left in plan.unplaced for v in left.vetoes] == [
        (VetoKind.PLUGIN, reason)
    ]
    assert len(recorder.faults) == 1
