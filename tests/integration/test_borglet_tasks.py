"""Tasks as real processes below a real Borglet, driven over its HTTP port."""

import os
import signal
import socket
from pathlib import Path

import msgspec
import psutil
import pytest

from borgpy.model.lifecycle import Phase
from borgpy.model.orders import DeviceOrder, TaskReport
from borgpy.model.spec import Restart
from tests.integration.borglet_rig import (
    JOB,
    BorgletProcess,
    a_borglet,
    a_server,
    a_spec,
    all_healthy,
    is_running,
    until,
)

pytestmark = pytest.mark.slow


async def test_five_tasks_answer_on_ports_of_their_own_and_one_that_is_killed_comes_back(
    tmp_path: Path,
) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        borgmaster.order(a_server(borgmaster), *range(5))
        tasks = await borgmaster.until(all_healthy(5))
        ports = [task.status.ports["port"] for task in tasks.values()]
        assert len(set(ports)) == 5
        for index, port in enumerate(ports):
            async with borgmaster.session.get(f"http://127.0.0.1:{port}/") as answer:
                said = await answer.text()
            assert said == f"ic/{JOB}/{index} pid {tasks[index].status.pid}\n"

        os.kill(tasks[2].status.pid, signal.SIGKILL)
        again = await borgmaster.until(lambda now: now[2].status.restarts == 1)
        again = await borgmaster.until(all_healthy(5))
        status = again[2].status
        assert (status.restarts, status.exit_code) == (1, -9)
        assert status.reason == "started again after: killed by signal 9"
        assert status.ports == tasks[2].status.ports
        assert {i: t.status.pid for i, t in again.items() if i != 2} == {
            i: t.status.pid for i, t in tasks.items() if i != 2
        }


async def test_tasks_serve_on_while_their_borglet_is_dead_and_the_next_one_takes_them_back(
    tmp_path: Path,
) -> None:
    async with a_borglet(tmp_path) as (borgmaster, borglet):
        borgmaster.order(a_server(borgmaster), *range(3))
        before = await borgmaster.until(all_healthy(3))
        await borglet.kill()
        for task in before.values():
            url = f"http://127.0.0.1:{task.status.ports['port']}/"
            async with borgmaster.session.get(url) as answer:
                assert answer.status == 200
        await borglet.start()
        after = await borgmaster.until(all_healthy(3))
        assert after == before


async def test_an_exit_status_is_not_lost_while_the_borglet_is_dead(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, borglet):
        script = "#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.05; done\nexit 7\n"
        spec = a_spec(borgmaster.package("waiter", script), restart=Restart.NEVER)
        borgmaster.order(spec, 0)
        await borgmaster.until_alive(1)
        await borglet.kill()
        (work,) = borglet.data.glob("tasks/*/*/0/1/sandbox")
        (work / "go").touch()
        await until(lambda: bool(list(borglet.data.glob("tasks/*/*/0/1/runs/1/exit"))))
        await borglet.start()
        tasks = await borgmaster.until(lambda tasks: phase(tasks) is Phase.FAILED)
        assert (tasks[0].status.exit_code, tasks[0].status.reason) == (7, "exit status 7")


@pytest.mark.parametrize("flags", [(), ("--no-cgroups",)], ids=["cgroups", "no cgroups"])
async def test_a_task_whose_shim_is_killed_is_ended_with_all_it_forked_and_starts_again(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    async with a_borglet(tmp_path, *flags) as (borgmaster, borglet):
        script = "#!/bin/sh\nsetsid sleep 987 &\nsleep 986 &\nwait\n"
        borgmaster.order(a_spec(borgmaster.package("forker", script)), 0)
        await borgmaster.until_alive(1)
        family = await a_family(borglet, 4)
        shim = family[0]
        shim.kill()
        tasks = await borgmaster.until(
            lambda tasks: tasks[0].status.restarts == 1 and tasks[0].status.pid > 0
        )
        assert tasks[0].status.exit_code == -9
        assert "its shim was killed" in tasks[0].status.reason
        assert [p.pid for p in family[1:] if is_running(p.pid)] == []


async def test_nothing_a_task_forks_outlives_it(tmp_path: Path) -> None:
    async with a_borglet(tmp_path, "--no-cgroups") as (borgmaster, borglet):
        script = """\
#!/usr/bin/env python3
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for number in range(30):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.environ.clear()
            time.sleep(1000)
        os._exit(0)
while not os.path.exists("go"):
    time.sleep(0.05)
"""
        spec = a_spec(borgmaster.package("daemons", script), restart=Restart.NEVER)
        borgmaster.order(spec, 0)
        await borgmaster.until_alive(1)
        family = await a_family(borglet, 32)
        (work,) = borglet.data.glob("tasks/*/*/0/1/sandbox")
        (work / "go").touch()
        await borgmaster.until(lambda tasks: phase(tasks) is Phase.FINISHED)
        assert [p.pid for p in family if is_running(p.pid)] == []


async def test_a_task_that_ignores_sigterm_is_killed_after_its_notice(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, borglet):
        script = "#!/bin/sh\ntrap 'echo told' TERM\nwhile :; do sleep 0.1; done\n"
        borgmaster.order(a_spec(borgmaster.package("deaf", script), notice_ms=700), 0)
        tasks = await borgmaster.until_alive(1)
        borgmaster.withdraw(0)
        stopping = await borgmaster.until(lambda tasks: phase(tasks) is Phase.STOPPING)
        assert stopping[0].status.pid == tasks[0].status.pid
        await borgmaster.until(lambda tasks: not tasks)
        assert not is_running(tasks[0].status.pid)
        assert await borgmaster.log(0) == "told\n"
        assert "exit code -9 told to stop" in borglet.log()


async def test_another_incarnation_starts_when_the_last_one_is_gone_and_on_its_ports(
    tmp_path: Path,
) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        spec = a_server(borgmaster)
        borgmaster.order(spec, 0)
        before = await borgmaster.until(all_healthy(1))
        borgmaster.order(spec, 0, incarnation=2)
        after = await borgmaster.until(
            lambda tasks: tasks[0].incarnation == 2 and phase(tasks) is Phase.HEALTHY
        )
        assert after[0].status.ports == before[0].status.ports
        assert not is_running(before[0].status.pid)


async def test_a_task_that_cannot_be_executed_says_why(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        borgmaster.order(a_spec(borgmaster.package("noise", b"\x00\x01nonsense")), 0)
        tasks = await borgmaster.until(lambda tasks: "noise" in tasks[0].status.reason)
        assert tasks[0].status.reason == "cannot run noise: Exec format error"


async def test_what_a_task_is_given(tmp_path: Path) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        script = '#!/bin/sh\necho "$@"\npwd\nenv | sort\n'
        args = {"b": "%port%", "a": "%port:admin%", "t": "%task%-%replica%-%%", "h": "%host%"}
        spec = a_spec(
            borgmaster.package("teller", script),
            args=args,
            ports=("port", "admin"),
            restart=Restart.NEVER,
        )
        borgmaster.order(spec, 4)
        await borgmaster.until(lambda tasks: phase(tasks, 4) is Phase.FINISHED)
        said = (await borgmaster.log(4)).splitlines()
        arguments, work, lines = said[0], said[1], said[2:]
        variables = dict(line.split("=", 1) for line in lines)
        assert work == variables["HOME"] == variables["PWD"]
        assert arguments == (
            f"--b={variables['BORG_PORT_PORT']} --a={variables['BORG_PORT_ADMIN']} "
            f"--t=ic/{JOB}/4-4-% --h=127.0.0.1"
        )
        assert set(variables) - {"PWD", "OLDPWD", "SHLVL", "_"} == {
            *("PATH", "HOME", "TMPDIR", "LANG", "BORG_CELL", "BORG_JOB", "BORG_USER"),
            *("BORG_TASK", "BORG_REPLICA", "BORG_PORT_PORT", "BORG_PORT_ADMIN", "BORG_RUN"),
        }


async def test_a_task_has_its_devices_its_files_and_the_port_that_it_has_to_have(
    tmp_path: Path,
) -> None:
    async with a_borglet(tmp_path) as (borgmaster, _):
        script = '#!/bin/sh\necho "$1 $BORG_DEVICES_GPU $CUDA_VISIBLE_DEVICES"; cat words\n'
        spec = a_spec(
            borgmaster.package("teller", script),
            args={"port": "%port%"},
            ports=("port",),
            restart=Restart.NEVER,
        )
        with socket.create_server(("127.0.0.1", 0)) as listener:
            number = listener.getsockname()[1]
            words = borgmaster.package("words", "beside the binary\n")
            fixed = msgspec.structs.replace(spec, fixed_ports={"port": number}, packages=(words,))
            borgmaster.devices = (DeviceOrder(JOB, 4, {"gpu": (0, 2)}),)
            borgmaster.order(fixed, 4)
            tasks = await borgmaster.until(lambda tasks: phase(tasks, 4) is Phase.FAILED)
            assert tasks[4].status.reason == (
                f"port {number} is in use on this machine, or may not be listened on"
            )
        borgmaster.order(fixed, 4, incarnation=2)
        await borgmaster.until(lambda tasks: phase(tasks, 4) is Phase.FINISHED)
        said = await borgmaster.log(4)
        assert said == f"--port={number} 0,2 0,2\nbeside the binary\n"


def phase(tasks: dict[int, TaskReport], index: int = 0) -> Phase | None:
    return tasks[index].status.phase if index in tasks else None


async def a_family(borglet: BorgletProcess, size: int) -> list[psutil.Process]:
    """The shim of the one task there is and all below it, once they are ``size``."""
    (said,) = borglet.data.glob("tasks/*/*/*/*/runs/1/started")
    shim = psutil.Process(int(said.read_text().split("\n")[0].removeprefix("shim=")))
    family: list[psutil.Process] = []

    def complete() -> bool:
        family[:] = [p for p in [shim, *shim.children(recursive=True)] if is_running(p.pid)]
        return len(family) == size

    await until(complete)
    return family
