"""The benchmark of two million tasks, with a few."""

import json

import pytest

from benchmarks import c2m
from benchmarks.frame import run


def test_all_tasks_are_placed_journalled_and_applied(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--jobs", "12", "--tasks", "240", "--machines", "3", "--batch", "7", "--json"]
    run(c2m.flags(), c2m.measure, small)
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["name"] == "c2m"
    assert result["params"] == {"jobs": 12, "tasks": 240, "machines": 3, "batch": 7}
    metrics = result["metrics"]
    assert (metrics["placed"], metrics["unplaced"]) == (240, 0)
    assert all(metrics[name] > 0 for name in ("schedule_s", "commit_s", "peak_rss_mb"))
