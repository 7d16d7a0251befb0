"""The benchmarks of packing, with little to pack."""

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import compact, fill, repack
from benchmarks.frame import Metrics, run
from benchmarks.untricked import NoTricks
from benchmarks.workloads import GOOGLE, OPENB, made_up, the_machines
from borgpy.model.policy import Policy
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.schedule import schedule_pass


@pytest.fixture
def metrics(
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., dict[str, float]]:
    def of(
        flags: argparse.ArgumentParser,
        measure: Callable[[argparse.Namespace], Metrics],
        *arguments: str,
    ) -> dict[str, float]:
        run(flags, measure, [*arguments, "--json"])
        result: dict[str, dict[str, float]] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return result["metrics"]

    return of


Of = Callable[..., dict[str, float]]


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """Traces of three tasks and three pods, in the formats of the real ones."""
    (tmp_path / GOOGLE).mkdir()
    (tmp_path / OPENB).mkdir()
    with gzip.open(tmp_path / GOOGLE / "task_events.csv.gz", "wt") as out:
        out.write(
            "0;job1;0;anna;2;9;1;-1;0.25;0.125\n"
            "0;job1;1;anna;2;9;1;-1;0.25;0.125\n"
            "0;job1;2;anna;2;9;1;-1;0.125;0.25\n"
            "0;job2;0;bert;0;0;1;-1;0.03;0.01\n"
        )
    with gzip.open(tmp_path / OPENB / "openb_pod_list_default.csv.gz", "wt") as out:
        out.write("name,cpu_milli,memory_mib,more\na,4000,1024,0\nb,4000,1024,0\nc,1000,7000,0\n")
    with gzip.open(tmp_path / OPENB / "openb_node_list_all_node.csv.gz", "wt") as out:
        out.write("sn,cpu_milli,memory_mib,more\nx,8000,8000,0\ny,8000,8000,0\nz,8000,8000,0\n")
    return tmp_path


SMALL = ("--tasks", "300", "--machines", "200", "--classes", "30", "--repeat", "1")


def test_all_tasks_are_packed(metrics: Of) -> None:
    found = metrics(repack.flags(), repack.measure, *SMALL)
    assert (found["placed"], found["unplaced"]) == (300, 0)
    assert 0 < found["machines_used"] <= 200
    assert found["total_s"] > 0
    assert found["tasks_per_s"] > 0


def test_tasks_in_one_job_or_looked_at_on_some_machines(metrics: Of) -> None:
    assert metrics(repack.flags(), repack.measure, *SMALL, "--one-job")["placed"] == 300
    assert metrics(repack.flags(), repack.measure, *SMALL, "--sample", "9")["placed"] == 300


def test_without_the_tricks_the_plan_is_the_same() -> None:
    load = made_up(tasks=1000, machines=200, classes=25)
    columns = Columns()
    columns.update(the_machines(load.machines))
    snapshot = columns.snapshot(0, load.jobs)
    plan = schedule_pass(snapshot, Policy(), 1)
    slowly = schedule_pass(snapshot, Policy(), 1, kept=NoTricks())
    where = {(placed.job, placed.index): placed.machine for placed in plan.placements}
    assert where == {(placed.job, placed.index): placed.machine for placed in slowly.placements}
    assert len(where) == len(plan.placements) == 1000


def test_a_trace_is_packed(metrics: Of, traces: Path) -> None:
    found = metrics(
        repack.flags(), repack.measure, "--trace", str(traces), "--machines", "9", "--repeat", "1"
    )
    assert (found["tasks"], found["placed"], found["jobs"]) == (4, 4, 3)


def test_a_cell_is_compacted_to_its_bound_or_nearly(metrics: Of) -> None:
    found = metrics(
        compact.flags(), compact.measure, "--tasks", "3000", "--classes", "40", "--trials", "2"
    )
    assert 0 < found["lower_bound"] <= found["machines_p90"] <= 300
    assert found["together_machine"] <= found["together_rack"] <= found["together_power"] <= 1


@pytest.mark.parametrize(
    ("cell", "needed"),
    [
        pytest.param("openb", 2, id="the third pod leaves no memory for the others"),
        pytest.param("google", 1, id="half of a core is had on the smallest machine drawn"),
    ],
)
def test_a_trace_is_compacted(metrics: Of, traces: Path, cell: str, needed: int) -> None:
    arguments = ("--trace", str(traces), "--cell", cell, "--trials", "3", "--policy", "hybrid")
    found = metrics(compact.flags(), compact.measure, *arguments)
    assert found["machines_p90"] >= needed
    assert found["lower_bound"] <= found["machines_p90"]


def test_a_knob_of_the_policy_is_set(metrics: Of) -> None:
    arguments = ("--tasks", "3000", "--trials", "1", "--set", "spread=none", "--set", "sample=5")
    assert metrics(compact.flags(), compact.measure, *arguments)["machines_p90"] > 0


@pytest.mark.parametrize("variant", ["plain", "hostattr", "zonesoft", "cpumem"])
def test_hosts_are_filled(metrics: Of, variant: str) -> None:
    arguments = ("--hosts", "12", "--batch", "9", "--variant", variant)
    found = metrics(fill.flags(), fill.measure, *arguments)
    assert found["placed"] > 20
    assert found["hosts_used"] <= 12
    assert found["utilisation"] <= 1
