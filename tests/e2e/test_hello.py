"""The walk of a newcomer, with real processes: up, look, break something, change something, down."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import psutil
import pytest

from borgpy.model import events as e
from borgpy.model.api import EventView, JobView, TaskView, WhyView
from borgpy.model.lifecycle import Phase, TaskState
from tests.e2e.cells import (
    CELL,
    HELLO_WORLD,
    USER,
    TestCell,
    answer,
    is_silent,
    job_file,
    until,
    until_gone,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

JOB = f"{USER}/hello_world"


@pytest.fixture(scope="module")
def hello(cell: TestCell) -> TestCell:
    """The shipped job, up in a cell that `borgcfg up` has started by itself."""
    ended = cell.run("up", HELLO_WORLD)
    assert f"cell {CELL} runs on this machine" in ended.err, ended.all
    assert str(cell.layout.root) in ended.err, "it says where everything is"
    return cell


def test_five_tasks_answer_on_ports_of_their_own(hello: TestCell) -> None:
    tasks = hello.until_healthy("hello_world", 5)
    assert [task.index for task in tasks] == [0, 1, 2, 3, 4]
    assert len({task.url for task in tasks}) == 5
    assert len({task.pid for task in tasks}) == 5
    for task in tasks:
        assert f"{JOB}/{task.index}" in answer(task.url)
        assert answer(task.url + "healthz") == "ok\n"


def test_a_second_up_changes_nothing_and_says_so(hello: TestCell) -> None:
    hello.until_healthy("hello_world", 5)
    before, version = hello.pids("hello_world"), hello.job("hello_world").version
    again = hello.run("up", HELLO_WORLD)
    assert "nothing to change" in again.err
    assert Counter(line.split()[0] for line in again.out.splitlines()) == Counter(
        f"{JOB}/{index}" for index in range(5)
    )
    assert hello.pids("hello_world") == before
    assert hello.job("hello_world").version == version
    assert "starting" not in again.err, "the cell runs already"


def test_verify_asks_each_task(hello: TestCell) -> None:
    assert "all 5 tasks" in hello.run("up", HELLO_WORLD, "--verify").err


def test_borgs_own_order_of_words_works(hello: TestCell) -> None:
    ended = hello.run(HELLO_WORLD, "up", "--wait", "running")
    assert "nothing to change" in ended.err


def test_json_decodes_into_the_models_own_structs(hello: TestCell) -> None:
    hello.until_healthy("hello_world", 5)
    jobs = msgspec.json.decode(hello.run("status", "-o", "json").out, type=list[JobView])
    job = next(job for job in jobs if job.key == JOB)
    assert (job.spec.replicas, job.running, job.healthy, job.pending) == (5, 5, 5, 0)
    out = hello.run("tasks", "hello_world/0-1", "-o", "json").out
    tasks = msgspec.json.decode(out, type=list[TaskView])
    assert [task.index for task in tasks] == [0, 1]
    why = msgspec.json.decode(hello.run("why", "hello_world/0", "-o", "json").out, type=WhyView)
    assert why.phase is Phase.HEALTHY
    events = hello.events("hello_world")
    assert any(isinstance(event.event, e.JobSubmitted) for event in events)
    assert [(event.seq, event.ordinal) for event in events] == sorted(
        (event.seq, event.ordinal) for event in events
    )


def test_why_says_in_words_how_a_task_is(hello: TestCell) -> None:
    hello.until_healthy("hello_world", 5)
    assert "healthy" in hello.run("why", "hello_world/3").out
    assert "nothing holds up" in hello.run("why", "hello_world").out


def test_why_names_what_a_pending_task_waits_for(hello: TestCell, tmp_path: Path) -> None:
    hello.until_healthy("hello_world", 5)
    huge = job_file(tmp_path, "huge", replicas=1, more="priority = free")
    huge.write_text(huge.read_text().replace("cpu = 0.02", "cpu = 5000"))
    ended = hello.try_("up", huge, "--timeout", "2s")
    assert ended.code == 3, ended.all
    why = hello.run("why", "huge/0").out
    assert "waiting" in why
    assert "cpu" in why
    hello.run("down", "huge")


def test_logs_are_what_the_tasks_wrote(hello: TestCell) -> None:
    tasks = hello.until_healthy("hello_world", 5)
    assert hello.run("logs", "hello_world/2", "--tail", "1").out == (f"serving on {tasks[2].url}\n")
    all_of_them = hello.run("logs", "hello_world", "--tail", "1").out.splitlines()
    assert sorted(all_of_them) == [
        f"[{task.index}] serving on {task.url}" for task in sorted(tasks, key=lambda t: t.index)
    ]


def test_a_killed_task_runs_again_on_its_own_and_everything_tells_the_story(
    hello: TestCell,
) -> None:
    hello.until_healthy("hello_world", 5)
    before = hello.pids("hello_world")
    restarts = {task.index: task.restarts for task in hello.tasks("hello_world")}
    last = hello.events()[-1].seq
    victim = psutil.Process(before[2])
    assert "hello_world_webserver" in " ".join(victim.cmdline())
    victim.kill()

    def back() -> TaskView | None:
        task = hello.tasks("hello_world")[2]
        is_new = task.pid not in (0, before[2]) and task.restarts == restarts[2] + 1
        return task if is_new and task.phase in (Phase.RUNNING, Phase.HEALTHY) else None

    task = until(back, "task 2 running again")
    until(lambda: not is_silent(task.url), "an answer")
    assert f"{JOB}/2" in answer(task.url)
    healthy = hello.until_healthy("hello_world", 5)
    after = hello.pids("hello_world")
    assert {index: pid for index, pid in after.items() if index != 2} == {
        index: pid for index, pid in before.items() if index != 2
    }
    assert {t.index: t.restarts for t in healthy} == restarts | {2: restarts[2] + 1}
    status = hello.run("status", "hello_world").out
    assert "5 of 5 healthy" in status
    assert "2 restarted once" in status
    assert "signal 9" in status
    said = "\n".join(event.text for event in hello.events("hello_world", "--after", str(last)))
    assert f"{JOB}/2" in said
    assert "signal 9" in said, said
    assert hello.run("logs", "hello_world/2").out.count("serving on") >= 1


def test_ctrl_c_during_up_detaches_and_cancels_nothing(hello: TestCell, tmp_path: Path) -> None:
    slow = job_file(tmp_path, "slow", more="")  # without a check healthy after ten seconds only
    with hello.begin("up", slow) as up:
        until(lambda: hello.try_("status", "slow").code == 0 or None, "the job accepted")
        up.send_signal(signal.SIGINT)
        out, err = up.communicate(timeout=20)
    assert up.returncode == 130, out + err
    assert "detached" in err
    assert "status slow" in err
    tasks = hello.until_healthy("slow", 2)
    assert [task.restarts for task in tasks] == [0, 0]
    assert not hello.job("slow").stopped
    hello.run("down", "slow")


def test_scaling_up_and_down_leaves_the_others_alone(hello: TestCell, tmp_path: Path) -> None:
    hello.run("up", job_file(tmp_path, "scaled", replicas=2))
    two = hello.pids("scaled")
    more = hello.run("up", job_file(tmp_path, "scaled", replicas=4))
    assert "2 to create" in more.err
    four = hello.pids("scaled")
    assert len(four) == 4
    assert four.items() >= two.items()
    urls = {task.index: task.url for task in hello.tasks("scaled")}
    fewer = hello.run("up", job_file(tmp_path, "scaled", replicas=1))
    assert "3 to stop" in fewer.err
    (left,) = hello.until_healthy("scaled", 1)
    assert (left.index, left.pid) == (0, two[0])
    for index in (1, 2, 3):
        until_gone(four[index])
        assert is_silent(urls[index])
    hello.run("down", "scaled")


def test_changed_args_replace_the_tasks(hello: TestCell, tmp_path: Path) -> None:
    hello.run("up", job_file(tmp_path, "changed"))
    before = hello.pids("changed")
    changed = job_file(tmp_path, "changed", args="port = %port% address = '127.0.0.1'")
    assert "2 to replace" in hello.run("up", changed).err
    tasks = hello.until_healthy("changed", 2)
    assert not {task.pid for task in tasks} & set(before.values())
    assert not any(task.outdated for task in tasks)
    for task in tasks:
        assert "--address=127.0.0.1" in psutil.Process(task.pid).cmdline()
        assert f"{USER}/changed/{task.index}" in answer(task.url)
    for pid in before.values():
        until_gone(pid)
    hello.run("down", "changed")


def test_a_changed_program_is_a_changed_job(hello: TestCell, tmp_path: Path) -> None:
    file = job_file(tmp_path, "rebuilt", replicas=1)
    hello.run("up", file)
    (before,) = hello.tasks("rebuilt")
    program = tmp_path / "hello_world_webserver"
    program.write_text(program.read_text().replace("Hello, world!", "Good evening!"))
    up = hello.run("up", file)
    assert "uploaded hello_world_webserver" in up.err
    assert "1 to replace" in up.err
    (after,) = hello.until_healthy("rebuilt", 1)
    assert after.pid != before.pid
    assert "Good evening!" in answer(after.url)
    hello.run("down", "rebuilt")


def test_a_killed_index_stays_dead_until_up_brings_it_back(hello: TestCell, tmp_path: Path) -> None:
    file = job_file(tmp_path, "some", replicas=3)
    hello.run("up", file)
    before = hello.tasks("some")
    hello.run("kill", "some/1")
    until(lambda: hello.tasks("some")[1].state is TaskState.DEAD or None, "some/1 dead")
    until_gone(before[1].pid)
    dead = hello.tasks("some")[1]
    assert dead.phase is Phase.KILLED
    assert is_silent(before[1].url)
    assert "serving on" in hello.run("logs", "some/1").out, "its log outlives it"
    pids = hello.pids("some")
    assert pids == {0: before[0].pid, 2: before[2].pid}
    assert "1 to create" in hello.run("up", file).err
    assert hello.pids("some").items() > pids.items()
    hello.until_healthy("some", 3)
    hello.run("down", "some")


def test_down_ends_everything_and_the_story_stays_readable(hello: TestCell, tmp_path: Path) -> None:
    file = job_file(tmp_path, "leaving")
    hello.run("up", file)
    before = hello.tasks("leaving")
    ended = hello.run("down", file)
    assert "2 tasks to end" in ended.err
    for task in before:
        assert not psutil.pid_exists(task.pid)
        assert is_silent(task.url)
    assert all(task.state is TaskState.DEAD for task in hello.tasks("leaving"))
    assert hello.job("leaving").stopped
    for task in before:
        log = hello.run("logs", f"leaving/{task.index}").out
        assert log == f"serving on {task.url}\n"
    texts = [event.text for event in hello.events("leaving")]
    assert any("submitted" in text for text in texts)
    assert any("stop" in text for text in texts), texts
    again = hello.run("up", file)
    assert "2 to create" in again.err, "up starts a stopped job again"
    hello.run("down", file, "--purge")
    gone = lambda: hello.try_("status", "leaving").code == 5 or None  # noqa: E731
    until(gone, "the job forgotten")


def test_events_can_be_followed_and_interrupted(hello: TestCell) -> None:
    known = hello.events()
    with hello.begin("events", "-f", "-o", "json") as following:
        assert following.stdout is not None
        lines = [following.stdout.readline() for _ in known]
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=20)
    assert following.returncode == 130
    assert [msgspec.json.decode(line, type=EventView) for line in lines] == known


def test_the_cell_stops_with_everything_it_started_and_comes_back(own_cell: TestCell) -> None:
    file = job_file(own_cell.home / "jobs", "web")
    own_cell.run("up", file)
    before = own_cell.pids("web")
    own_cell.run("cell", "stop")
    assert [_line(process) for process in own_cell.survivors()] == []
    down = own_cell.try_("status")
    assert down.code == 7, down.all
    assert "borgcfg cell start" in down.err
    own_cell.run("cell", "start")
    after = own_cell.until_healthy("web", 2)
    assert not {task.pid for task in after} & set(before.values())


def test_the_console_script_is_the_same_command() -> None:
    script = os.path.join(os.path.dirname(sys.executable), "borgcfg")
    done = subprocess.run([script, "version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("borgcfg ")


def _line(process: psutil.Process) -> str:
    return " ".join(process.cmdline())
