"""The cell on this machine: real processes, started, killed and started again by borgcfg."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration.borgcfg_lines import CommandLine

pytestmark = pytest.mark.slow


SERVER = """#!{python}
import http.server, sys
port = int(sys.argv[1].partition("=")[2])
http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    for name in ("BORG_ADDR", "BORG_TOKEN", "BORG_CELL"):
        monkeypatch.delenv(name, raising=False)
    shell = CommandLine(tmp_path, monkeypatch, capsys)
    shell.writes_job(replicas=2)
    (tmp_path / "server").write_text(SERVER.format(python=sys.executable))
    try:
        yield shell
    finally:
        shell.types("cell", "start")
        shell.types("down", "web", "--yes", "--timeout", "30s")
        shell.types("cell", "stop", "--keep-tasks")
        assert not ours(tmp_path), "a test left processes"


def ours(home: Path) -> list[psutil.Process]:
    """The processes that name this test's own folder: those of its cell, and its tasks."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        arguments = process.info["cmdline"] or []
        if any(str(home) in argument for argument in arguments) and process.pid != os.getpid():
            found.append(process)
    return found


def standing(shell: CommandLine) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell.types("cell", "status", "-o", "json").out)
    return found


def task_pids(shell: CommandLine) -> list[int]:
    return [task["pid"] for task in shell.types("tasks", "web", "-o", "json").json()]


def up(shell: CommandLine) -> list[str]:
    said = shell.types("up", "web.borg", "--wait", "running", "--verify", "--timeout", "60s")
    assert said.code == 0, said.err
    return [line.split()[1] for line in said.out.splitlines()]


def test_a_first_up_starts_a_cell_and_a_second_changes_nothing(shell: CommandLine) -> None:
    said = shell.types("up", "web.borg", "--wait", "running", "--verify", "--timeout", "60s")
    assert said.code == 0, said.err
    folder = shell.home / "data" / "borg" / "cells" / "ic"
    for place in (str(folder), str(folder / "logs"), "borgmaster  http://127.0.0.1:"):
        assert place in said.err
    urls = [line.split()[1] for line in said.out.splitlines()]
    assert len(set(urls)) == 2
    before = (standing(shell), task_pids(shell))
    again = shell.types("up", "web.borg", "--wait", "running", "--verify")
    assert again.code == 0
    assert "nothing to change" in again.err
    assert str(folder) not in again.err
    now = (standing(shell), task_pids(shell))
    assert now[1] == before[1]
    assert now[0]["borgmaster_pid"] == before[0]["borgmaster_pid"]
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in folder.glob("*token*")} == {
        "token": "0o600",
        "join-token": "0o600",
        "tokens.json": "0o600",
    }
    quota = {
        view["band"]: view["limit"] for view in shell.types("quota", "get", "-o", "json").json()
    }
    assert quota["production"]["cpu"] == quota["batch"]["cpu"] > 0
    said = shell.types("up", shell.writes_job("other", cell="cc"))
    assert said.code == 5
    assert "unknown cell 'cc'; known: ic" in said.err
    assert [path.name for path in folder.parent.iterdir()] == ["ic"]


def test_two_at_once_start_one_cell(shell: CommandLine) -> None:
    line = [sys.executable, "-m", "borgpy.cli.borgcfg", "up", "web.borg", "--wait", "running"]
    both = [subprocess.Popen(line, cwd=shell.home, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    daemons = [
        process for process in ours(shell.home) if "borgpy.cli." in " ".join(process.cmdline())
    ]
    assert len(daemons) == 2


def test_what_was_killed_is_started_again_and_nothing_else(shell: CommandLine) -> None:
    urls, pids, first = up(shell), task_pids(shell), standing(shell)
    os.kill(first["borglet_pid"], signal.SIGKILL)
    assert _answer(urls)
    assert shell.types("cell", "start").code == 0
    second = standing(shell)
    assert second["borgmaster_pid"] == first["borgmaster_pid"]
    assert second["borglet_pid"] != first["borglet_pid"]
    os.kill(second["borgmaster_pid"], signal.SIGKILL)
    assert shell.types("status").code == 7
    assert not standing(shell)["borgmaster_alive"]
    assert shell.types("cell", "status").code == 7
    assert up(shell) == urls, "up starts it again, too"
    third = standing(shell)
    assert third["borglet_pid"] == second["borglet_pid"]
    assert third["address"] == first["address"]
    assert task_pids(shell) == pids


def test_a_stopped_cell_keeps_its_tasks_if_asked_to(shell: CommandLine) -> None:
    urls, pids = up(shell), task_pids(shell)
    said = shell.types("cell", "stop", "--keep-tasks")
    assert (said.code, "its tasks run on" in said.err) == (0, True)
    assert _answer(urls)
    assert shell.types("status").code == 7
    assert shell.types("cell", "start").code == 0
    assert up(shell) == urls
    assert task_pids(shell) == pids


def test_a_stopped_cell_leaves_nothing_and_a_start_brings_the_jobs_back(shell: CommandLine) -> None:
    up(shell)
    pids = task_pids(shell)
    assert shell.types("cell", "stop").code == 0
    assert ours(shell.home) == []
    assert shell.types("cell", "start").code == 0
    assert len(up(shell)) == 2
    assert not set(task_pids(shell)) & set(pids)


def test_tasks_of_a_killed_borglet_are_stopped_with_the_cell(shell: CommandLine) -> None:
    up(shell)
    os.kill(standing(shell)["borglet_pid"], signal.SIGKILL)
    assert shell.types("cell", "stop").code == 0
    assert ours(shell.home) == []


def test_a_borgmaster_that_does_not_start_is_told_with_its_log(shell: CommandLine) -> None:
    assert shell.types("cell", "start").code == 0
    assert shell.types("cell", "stop", "--keep-tasks").code == 0
    database = shell.home / "data" / "borg" / "cells" / "ic" / "master" / "cell.sqlite"
    content = database.read_bytes()
    database.write_bytes(b"this is no database " * 1000)
    said = shell.types("cell", "start")
    assert said.code == 1
    assert "the Borgmaster ended as soon as it was started" in said.err
    assert "borgmaster.log" in said.err
    database.write_bytes(content)


def _answer(urls: list[str]) -> bool:
    for url in urls:
        with urllib.request.urlopen(url, timeout=5) as response:
            assert response.status == 200
    return True


def test_a_cell_keeps_the_plug_ins_it_was_given(shell: CommandLine) -> None:
    folder = shell.home / "data" / "borg" / "cells" / "ic"
    folder.mkdir(parents=True)
    (folder / "our_plugins.py").write_text(
        "def all_of(machines, job):\n    return machines.tasks == 0\n"
    )

    def plugins() -> list[str]:
        names: list[str] = shell.types("cell", "config", "-o", "json").json()["plugins"]
        return names

    said = shell.types(
        *("cell", "start", "ic", "--simulate", "2", "--plugin", "empty=our_plugins:all_of")
    )
    assert said.code == 0, said.err
    assert plugins() == ["empty"]
    before = standing(shell)["borgmaster_pid"]
    assert shell.types("cell", "start").code == 0
    assert standing(shell)["borgmaster_pid"] == before
    said = shell.types("cell", "start", "--plugin", "gone=our_plugins:gone")
    assert said.code == 1
    assert "our_plugins has no 'gone'" in said.err
    assert shell.types("cell", "start").code == 0
    assert plugins() == ["empty"]
    job = shell.home / "web.borg"
    job.write_text(
        job.read_text().replace(
            "replicas", "constraints = [{ operator = plugin value = empty }]\n  replicas"
        )
    )
    said = shell.types("up", "web.borg", "--wait", "running", "--timeout", "60s")
    assert said.code == 0, said.err
    tasks = shell.types("tasks", "web", "-o", "json").json()
    assert len({task["machine"] for task in tasks}) == 2
    assert shell.types("cell", "start", "--plugin", "none").code == 0
    assert plugins() == []
