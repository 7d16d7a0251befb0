"""What a job asks of its machines holds on a real cell: racks, a port of its own number, devices that a task is told."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from borgpy.borglet.main import STOP_TASKS
from borgpy.model.api import MachineView
from borgpy.model.lifecycle import Phase, TaskState
from borgpy.shipped import shipped
from tests.e2e.cells import TestCell, a_cell, answer, job_file, until

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

TELLER = "#!/bin/sh\necho gpus $BORG_DEVICES_GPU cuda $CUDA_VISIBLE_DEVICES\nsleep 600\n"


@contextmanager
def a_further_machine(cell: TestCell, name: str, *flags: str) -> Iterator[None]:
    """Another Borglet of the embedded cell, on this very host. It ends with its tasks."""
    data = cell.home / name
    data.mkdir()
    command = [
        *(sys.executable, "-m", "borgpy.cli.borglet", "--master", cell.record().address),
        *("--join-token", str(cell.layout.join_token), "--data", str(data), "--name", name),
        *("--listen", "127.0.0.1:0", *flags),
    ]
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: name in cell.run("machine", "list", "-o", "name").out, f"{name} joined")
        yield
    finally:
        (data / STOP_TASKS).touch()
        process.terminate()
        process.wait(30)


@pytest.fixture
def cell(tmp_path: Path) -> Iterator[TestCell]:
    """An embedded cell with two more machines in racks; the first of them has two GPUs."""
    with a_cell(tmp_path / "home") as cell, ExitStack() as machines:
        cell.run("cell", "start")
        gpus = ("--gpus", "2:A100", "--extra", "licences=3", "--set", "eni=2x4")
        for name, *more in (("in-r1", *gpus), ("in-r2",)):
            rack = f"rack={name.removeprefix('in-')}"
            machines.enter_context(a_further_machine(cell, name, "--attribute", rack, *more))
        yield cell


def test_a_job_is_placed_by_all_that_it_asks_for(cell: TestCell) -> None:
    a_job_with_a_rack_limit_runs_once_in_each_rack_and_says_why_not_more(cell)
    a_job_gets_the_port_that_it_has_to_have(cell)
    a_task_is_told_its_devices_and_the_machine_shows_what_is_left(cell)


def test_a_batch_waits_for_the_jobs_before_it(own_cell: TestCell) -> None:
    cell = own_cell
    batch = shipped("jobspecs") / "nightly" / "nightly.borg"
    cell.run("up", batch, "--detach")
    assert "it waits for" in cell.run("why", "report").out
    steps = [f"fetch_{source}" for source in ("orders", "clicks", "returns")] + ["merge", "report"]
    until(
        lambda: all(cell.tasks(step)[0].phase is Phase.FINISHED for step in steps),
        "every step has finished",
        60,
    )
    ended = {step: cell.tasks(step)[0].since for step in steps}
    assert max(ended[step] for step in steps[:3]) < ended["merge"] < ended["report"]


def a_job_with_a_rack_limit_runs_once_in_each_rack_and_says_why_not_more(cell: TestCell) -> None:
    rules = (
        "constraints = [{ attribute = rack }, { attribute = rack operator = limit value = 1 }] "
        "health = { grace = 10s interval = 200ms }"
    )
    cell.run("up", "--detach", job_file(cell.home, "racks", replicas=3, more=rules))
    until(lambda: cell.job("racks").healthy == 2, "two tasks healthy")
    placed = {task.machine for task in cell.tasks("racks") if task.state is TaskState.RUNNING}
    assert placed == {"in-r1", "in-r2"}
    (waiting,) = [task.index for task in cell.tasks("racks") if task.state is TaskState.PENDING]
    assert "rack" in cell.run("why", f"racks/{waiting}").out


def a_job_gets_the_port_that_it_has_to_have(cell: TestCell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
    more = f"ports = [{{ name = port number = {number} }}]"
    cell.run("up", job_file(cell.home, "fixed", replicas=1, more=more))
    (task,) = cell.until_healthy("fixed", 1)
    assert task.ports == {"port": number}
    assert answer(f"http://127.0.0.1:{number}/")


def a_task_is_told_its_devices_and_the_machine_shows_what_is_left(cell: TestCell) -> None:
    teller = cell.home / "teller"
    teller.write_text(TELLER)
    teller.chmod(0o755)
    file = cell.home / "gpus.borg"
    file.write_text(
        "job gpus = { runtime = { cell = ic } binary = ./teller replicas = 3\n"
        "  requirements = { cpu = 0.02 gpu = { model = A100 } extra = { licences = 1 }\n"
        "    sets = [{ name = eni value = 'sg-1' slots = 2 }] } }\n"
    )
    cell.run("up", "--detach", file)
    until(lambda: cell.job("gpus").running == 2, "two tasks have a GPU each")
    said = sorted(
        cell.run("logs", f"gpus/{task.index}").out
        for task in cell.tasks("gpus")
        if task.state is TaskState.RUNNING
    )
    assert said == ["gpus 0 cuda 0\n", "gpus 1 cuda 1\n"]
    shown = cell.run("machine", "show", "in-r1", "-o", "json").out
    machine = msgspec.json.decode(shown, type=MachineView)
    assert [(d.kind, d.model, d.free) for d in machine.devices] == [("gpu", "A100", (0, 0))]
    assert machine.used.extra == {"licences": 2}
    cell.run("down", "gpus")
    free = "  gpu      0 of 2 (A100), free 0:1 1:1\n"
    until(lambda: free in cell.run("machine", "show", "in-r1").out, "the GPUs are given back")
