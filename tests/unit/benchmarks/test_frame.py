"""The stable face of a benchmark: one JSON object on the last line."""

import json

import pytest

from benchmarks import online
from benchmarks.frame import run


def test_the_last_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--machines", "20", "--running", "200", "--pending", "9", "--repeat", "1", "--json"]
    run(online.flags(), online.measure, small)
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(result) == ["name", "params", "metrics", "machine"]
    assert result["name"] == "online"
    assert result["params"] == {
        "machines": 20,
        "running": 200,
        "pending": 9,
        "policy": "default",
        "repeat": 1,
    }
    assert result["metrics"]["placed"] + result["metrics"]["unplaced"] == 9
    assert result["metrics"]["running"] == 200
    assert set(result["machine"]) == {"cpus", "model", "python", "system"}


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    run(
        online.flags(),
        online.measure,
        ["--machines", "3", "--running", "3", "--pending", "2", "--repeat", "1"],
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "online  --machines 3  --running 3  --pending 2  --policy default  --repeat 1"
    )
    assert any(line.split() == ["placed", "2"] for line in lines)
