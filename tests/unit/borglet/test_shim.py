"""The shim on its own: it needs no Borglet, and little memory."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import psutil
import pytest

from borgpy.borglet.launch import compile_shim, start_shim
from borgpy.borglet.run import (
    Exit,
    RunConfig,
    Started,
    is_alive,
    read_exit,
    read_started,
    write_config,
    write_stop,
)
from borgpy.errors import BorgError

MOST_KIB = 6 * 1024
"""What one more shim may cost; an interpreter that does nothing has some 2.8 MB of its own."""


class Shims:
    """Starts shims, and ends them with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = compile_shim(folder)
        self.children: list[tuple[subprocess.Popen[bytes], Started]] = []

    def prepare(self, script: str, number: int = 0) -> Path:
        run = self.folder / f"run{number}"
        (run / "logs").mkdir(parents=True)
        config = RunConfig(
            name="task",
            argv=["/bin/sh", "-c", script],
            env={"PATH": os.environ["PATH"]},
            sandbox=str(run),
            logs=str(run / "logs"),
            cgroup_procs=[],
            rlimits=[],
            notice_ms=5000,
            segment_bytes=1 << 20,
            segments_kept=2,
            run_id="x",
            ports={},
            boot_id="x",
            groups=[],
        )
        write_config(run, config)
        return run

    def start(self, script: str, number: int = 0) -> tuple[Path, subprocess.Popen[bytes], Started]:
        run = self.prepare(script, number)
        child, started = start_shim(run, self.program)
        self.children.append((child, started))
        return run, child, started


@pytest.fixture
def shims(tmp_path: Path) -> Iterator[Shims]:
    shims = Shims(tmp_path)
    yield shims
    for child, _ in shims.children:
        if child.poll() is None:
            child.kill()
            child.wait()


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", -9), ("kill -15 $$", -15)]
)
def test_the_exit_status_is_written_down(shims: Shims, script: str, code: int) -> None:
    run, child, started = shims.start(script)
    assert child.wait() == 0
    assert read_started(run) == started
    end = read_exit(run)
    assert end is not None
    assert (end.code, end.reason) == (code, "")
    assert end.at >= started.at
    assert not is_alive(run)
    assert (run / "shim.err").read_text() == ""


def test_its_lock_tells_that_it_lives(shims: Shims) -> None:
    run, child, _ = shims.start("exec sleep 1000")
    assert is_alive(run)
    with pytest.raises(BorgError, match="has a shim already"):
        start_shim(run, shims.program)
    child.kill()
    child.wait()
    assert not is_alive(run)


def test_a_stop_tells_its_reason_and_a_second_one_hurries_it(shims: Shims) -> None:
    run, child, _ = shims.start("trap '' TERM; while :; do sleep 0.05; done")
    write_stop(run, 600_000, "not needed\nany more")
    child.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.3)
    write_stop(run, 0, "something else")
    child.terminate()
    child.wait(10)
    end = read_exit(run)
    assert end is not None
    assert (end.code, end.reason) == (-signal.SIGKILL, "not needed any more")


def test_on_a_stop_what_is_left_has_the_rest_of_the_notice(shims: Shims) -> None:
    """A shell that leaves at once does not cut short what its server still has to finish."""
    server = "trap 'sleep 0.3; echo finished; exit' TERM; while :; do sleep 0.05; done"
    run, child, _ = shims.start(f'(exec setsid sh -c "{server}") & echo up; wait')
    for _ in range(200):
        if (run / "logs" / "stdout.0000000000000000").read_bytes() == b"up\n":
            break
        sleep(0.02)
    sleep(0.2)
    child.terminate()
    child.wait(10)
    assert (run / "logs" / "stdout.0000000000000000").read_bytes() == b"up\nfinished\n"


def test_a_bomb_of_forks_is_put_out(shims: Shims) -> None:
    bomb = 'bomb() { [ "$1" -gt 0 ] && { bomb $(($1-1)) & bomb $(($1-1)) & }; sleep 300; }'
    run, child, started = shims.start(f"{bomb}; bomb 7 & sleep 0.4; exit 5")
    assert child.wait(60) == 0
    assert read_exit(run) == Exit(5, (read_exit(run) or Exit(0, 0)).at)
    assert [pid for pid in psutil.pids() if session_of(pid) == started.pid] == []


def session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def test_what_cannot_be_executed_is_said_and_written_down(shims: Shims) -> None:
    run = shims.prepare("true")
    (run / "config").write_bytes((run / "config").read_bytes().replace(b"/bin/sh", b"/no/way"))
    with pytest.raises(BorgError, match="cannot run task: No such file or directory"):
        start_shim(run, shims.program)
    end = read_exit(run)
    assert end is not None
    assert (end.code, end.reason) == (127, "cannot run task: No such file or directory")
    assert read_started(run) is None


def test_a_shim_that_cannot_begin_says_why(shims: Shims) -> None:
    run = shims.prepare("true")
    (run / "config").write_bytes(b"rubbish")
    with pytest.raises(BorgError, match=r"its shim failed: .*Error"):
        start_shim(run, shims.program)
    assert not is_alive(run)


def test_a_shim_is_small(shims: Shims) -> None:
    """The share of its own (PSS) of each of several."""
    shares = []
    for number in range(6):
        shims.start("exec sleep 1000", number)
    for child, _ in shims.children:
        lines = Path(f"/proc/{child.pid}/smaps_rollup").read_text().splitlines()
        shares += [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    assert max(shares) < MOST_KIB
