"""The plug-ins that docs/SCHEDULING.md shows do what it says, and what it says of those that fail holds."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from borgpy.bcl import job_declarations
from borgpy.model.names import JobKey
from borgpy.model.plan import VetoKind
from borgpy.model.policy import Packing, Policy, only
from borgpy.model.policy_text import changed
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.plugins import Machines, Plugin, Plugins
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.schedule import schedule_pass
from borgpy.server.plugins import load_plugins
from tests.docs.reading import fenced
from tests.docs.scheduling import PLUGINS, TEXT
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job, amounts, machines_of


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


def test_a_hard_constraint_needs_bools(plugins: Plugins) -> None:
    given = {**plugins, "licensed": plugins["roomy"]}
    recorder = Recorder()
    snapshot = a_cell(a_host("a"), pending=(the_job(),))
    plan = schedule_pass(snapshot, Policy(), 1, plugins=given, recorder=recorder)
    (veto,) = plan.unplaced[0].vetoes
    assert veto.kind is VetoKind.PLUGIN
    assert "yes or no" in veto.detail
    assert not recorder.faults


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
