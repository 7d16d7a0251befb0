"""The inputs of the benchmark of BCL are what they are said to be, and no hostile one does any harm."""

import json

import pytest

from benchmarks import bcl
from benchmarks.bcl_hostile import HOSTILE
from benchmarks.bcl_inputs import jobs_by_inheritance, records_by_loop
from benchmarks.frame import run
from borgpy.bcl import evaluate_text
from borgpy.bcl.limits import DEFAULT_LIMITS

MAX_SECONDS, MAX_MEGABYTES = 10, 1000


def test_jobs_by_inheritance_have_five_lines_each_behind_a_template_of_nine() -> None:
    assert jobs_by_inheritance(bcl.SMALL_JOBS).count("\n") == 1_009
    assert jobs_by_inheritance(bcl.LARGE_JOBS).count("\n") == 20_009
    jobs = evaluate_text(jobs_by_inheritance(3))["job"]
    assert isinstance(jobs, dict)
    assert jobs["web_2"] == {
        "name": "web_2",
        "runtime": {"cell": "ic"},
        "binary": "../web_server",
        "args": {"port": "%port%", "shard": 2},
        "requirements": {"ram": 300_000_000, "disk": 100_000_000, "cpu": 0.1},
        "replicas": 6,
        "priority": "production",
    }


def test_records_of_a_loop_are_as_many_as_asked_for() -> None:
    records = evaluate_text(records_by_loop(3))["records"]
    assert isinstance(records, list)
    assert len(records) == 3
    assert records[2] == {
        "id": 2,
        "name": "task-00002",
        "shard": 2,
        "ram": 100_002_048,
        "labels": {"tier": "even"},
    }


def test_the_phases_of_an_evaluation_are_measured() -> None:
    phases = bcl.phases(jobs_by_inheritance(20))
    assert phases.cold >= phases.parse > 0
    assert phases.cached >= phases.load > 0


def test_hostile_texts_are_short_enough_to_be_read() -> None:
    assert len(HOSTILE) > 60
    for name, make in HOSTILE.items():
        assert 0 < len(make()) <= DEFAULT_LIMITS.source, name


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_ends_soon_and_within_little_memory(name: str) -> None:
    end = bcl.ending(name)
    assert not end.outcome.startswith(("CRASHED", "killed")), end.outcome
    assert end.seconds < MAX_SECONDS
    assert end.megabytes < MAX_MEGABYTES


@pytest.mark.slow
def test_the_last_line_has_the_figures_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    run(bcl.flags(), bcl.measure, ["--rounds", "1", "--no-hostile", "--json"])
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["name"] == "bcl"
    assert {"ms", "cached_ms", "large_ms", "large_cached_ms", "loop_ms", "start_ms"} <= set(
        result["metrics"]
    )
    assert all(value > 0 for value in result["metrics"].values())
