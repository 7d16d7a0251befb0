"""kill -9 of the Borglet: its tasks serve on, and the next Borglet takes them back as they are."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from borgpy.cli.embedded_start import borglet_process
from borgpy.model import events as e
from borgpy.model.lifecycle import Phase
from tests.e2e.cells import TestCell, Watch, answer, job_file, until, until_gone

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jobs")


def kill_borglet(cell: TestCell) -> int:
    """Kill the Borglet's process, and only that; its pid."""
    pid = cell.record().borglet_pid
    assert "borgpy.cli.borglet" in psutil.Process(pid).cmdline()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not borglet_process(cell.record()).is_alive() or None, "the Borglet's end")
    return pid


def test_tasks_serve_on_and_are_taken_back_with_the_same_pids(cell: TestCell, jobs: Path) -> None:
    cell.run("up", job_file(jobs, "web", replicas=3))
    before = cell.until_healthy("web", 3)
    last = cell.events()[-1].seq
    with Watch([task.url for task in before]) as watch:
        killed = kill_borglet(cell)
        standing = cell.run("cell", "status").out
        assert f"pid {killed}, not running any more" in standing
        started = cell.run("cell", "start")
        assert "starting its Borglet" in started.err
        assert "starting the Borgmaster" not in started.err
        after = cell.until_healthy("web", 3)
    watch.check()
    assert cell.record().borglet_pid not in (0, killed)
    assert [(t.index, t.pid, t.url, t.incarnation, t.restarts) for t in after] == [
        (t.index, t.pid, t.url, t.incarnation, t.restarts) for t in before
    ]
    since = [event.event for event in cell.events("web", "--after", str(last))]
    moved = (e.TaskScheduled, e.TaskEvicted, e.TaskEnded, e.TaskStopping, e.TaskUpdated)
    assert [event for event in since if isinstance(event, moved)] == []
    assert "serving on" in cell.run("logs", "web/0").out


def test_what_ended_while_the_borglet_was_away_is_noticed(cell: TestCell, jobs: Path) -> None:
    cell.run("up", job_file(jobs, "pair", replicas=2))
    before = cell.until_healthy("pair", 2)
    kill_borglet(cell)
    os.kill(before[1].pid, signal.SIGKILL)
    until_gone(before[1].pid)
    assert answer(before[0].url), "its neighbour serves on"
    cell.run("cell", "start")

    def restarted() -> bool:
        task = cell.tasks("pair")[1]
        return task.phase is Phase.HEALTHY and task.pid not in (0, before[1].pid)

    until(restarted, "the task running again")
    stayed, again = cell.tasks("pair")
    assert (stayed.pid, stayed.restarts) == (before[0].pid, 0)
    assert (again.restarts, again.exit_code) == (1, -signal.SIGKILL)
    assert "pair/1" in answer(again.url)
    assert "signal 9" in cell.run("status", "pair").out


def test_a_task_that_was_to_stop_meanwhile_is_stopped_afterwards(
    cell: TestCell, jobs: Path
) -> None:
    cell.run("up", job_file(jobs, "shrinking", replicas=2))
    before = cell.until_healthy("shrinking", 2)
    kill_borglet(cell)
    cell.run("up", job_file(jobs, "shrinking", replicas=1), "--detach")
    # `up` found the Borglet missing, and started another one first: the cell of this machine is made whole.
    until_gone(before[1].pid)
    (left,) = cell.until_healthy("shrinking", 1)
    assert (left.pid, left.restarts) == (before[0].pid, 0)
