"""An embedded cell of a test's own: borgcfg as a person calls it, and nothing left running afterwards."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

import msgspec
import psutil

from borgpy.cli.embedded import Layout, Recorded, read_record
from borgpy.model.api import EventView, JobView, TaskView
from borgpy.model.lifecycle import Phase, TaskState
from borgpy.shipped import shipped

T = TypeVar("T")

USER = "alice"
CELL = "ic"
BORGCFG = (sys.executable, "-m", "borgpy.cli.borgcfg")
HELLO_WORLD = shipped("jobspecs") / "hello_world.borg"

DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy that the environment names must not stand between a test and its own loopback."""


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class TestCell:
    """The cells under one pair of XDG directories, and a borgcfg that knows no others."""

    __test__ = False

    def __init__(self, home: Path, borgcfg: Sequence[str] = BORGCFG) -> None:
        self.home = home
        self._borgcfg = tuple(borgcfg)
        self.layout = Layout(home / "data" / "borg" / "cells" / CELL)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BORG_", "PYTHON"))}
        xdg = {
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
        }
        return {**kept, **xdg, "BORG_USER": USER, **(extra or {})}

    def try_(
        self,
        *arguments: str | Path,
        extra: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        typed: str = "",
        seconds: float = 60,
    ) -> Ended:
        """Run borgcfg to its end, whatever that is."""
        done = subprocess.run(
            [*self._borgcfg, *map(str, arguments)],
            input=typed,
            capture_output=True,
            text=True,
            env=self.environment(extra),
            cwd=cwd or self.home,
            timeout=seconds,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def run(self, *arguments: str | Path, cwd: Path | None = None, seconds: float = 60) -> Ended:
        """Run borgcfg, which must succeed."""
        ended = self.try_(*arguments, cwd=cwd, seconds=seconds)
        assert ended.code == 0, ended.all
        return ended

    def begin(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Begin a borgcfg that the test interrupts; its standard streams are pipes."""
        return subprocess.Popen(
            [*self._borgcfg, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
            cwd=self.home,
            # A test run in the background inherits an ignored SIGINT; a person's terminal does not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def record(self) -> Recorded:
        recorded = read_record(self.layout)
        assert recorded is not None, f"there is no cell in {self.layout.root}"
        return recorded

    def job(self, name: str) -> JobView:
        return msgspec.json.decode(self.run("status", name, "-o", "json").out, type=JobView)

    def tasks(self, name: str) -> list[TaskView]:
        return msgspec.json.decode(self.run("tasks", name, "-o", "json").out, type=list[TaskView])

    def events(self, *which: str) -> list[EventView]:
        lines = self.run("events", *which, "-o", "json").out.splitlines()
        return [msgspec.json.decode(line, type=EventView) for line in lines]

    def pids(self, name: str) -> dict[int, int]:
        """The pid of each living task, by index."""
        return {task.index: task.pid for task in self.tasks(name) if task.pid}

    def until_healthy(self, name: str, count: int, seconds: float = 30) -> list[TaskView]:
        """The living tasks, once there are exactly so many and each is healthy."""

        def look() -> list[TaskView] | None:
            living = [task for task in self.tasks(name) if task.state is not TaskState.DEAD]
            fine = len(living) == count and all(task.phase is Phase.HEALTHY for task in living)
            return living if fine else None

        return until(look, f"{count} tasks of {name} healthy", seconds)

    def processes(self) -> list[psutil.Process]:
        """Every process of this cell: it was started with the cell's directories, or works in them."""
        return [p for p in psutil.process_iter() if p.pid != os.getpid() and self._is_ours(p)]

    def end(self) -> list[str]:
        """Stop the cell, and whatever it left is killed and named."""
        said = ""
        if self.layout.record.exists():
            try:
                stopped = self.try_("cell", "stop", CELL, seconds=90)
                said = "" if stopped.code == 0 else stopped.all
            except subprocess.TimeoutExpired as error:
                said = str(error)
        left = self.survivors()
        names = [f"pid {process.pid}: {_words(process)}" for process in left]
        while left:
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(left, timeout=2)
            left = self.processes()
        return [said, *names] if said or names else []

    def survivors(self, seconds: float = 5) -> list[psutil.Process]:
        """The processes of this cell that do not end by themselves within a moment."""
        deadline = time.monotonic() + seconds
        while (found := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def _is_ours(self, process: psutil.Process) -> bool:
        mark = str(self.home)
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            said = [*process.cmdline(), process.cwd(), *process.environ().values()]
        except (psutil.Error, OSError):
            return False
        return any(mark in text for text in said)


@contextmanager
def a_cell(home: Path, borgcfg: Sequence[str] = BORGCFG) -> Iterator[TestCell]:
    """A cell below ``home`` that is stopped in the end, and has to leave no process behind."""
    home.mkdir(parents=True, exist_ok=True)
    cell = TestCell(home, borgcfg)
    try:
        yield cell
    finally:
        left = cell.end()
    assert not left, "\n".join(["`borgcfg cell stop` left processes behind", *left])


def job_file(
    folder: Path,
    name: str,
    *,
    replicas: int = 2,
    args: str = "port = %port%",
    more: str = "health = { grace = 10s interval = 200ms }",
    binary: str = "./hello_world_webserver",
) -> Path:
    """A file that declares a small web server, proven healthy as soon as it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "hello_world_webserver"
    if not program.exists():
        shutil.copy(shipped("jobspecs") / "hello_world_webserver", program)
    file = folder / f"{name}.borg"
    file.write_text(
        f"job {name} = {{\n"
        f"  runtime = {{ cell = {CELL} }}\n"
        f"  binary = {binary}\n"
        f"  args = {{ {args} }}\n"
        "  requirements = { cpu = 0.02 ram = 64M disk = 16M }\n"
        f"  replicas = {replicas}\n"
        f"  {more}\n"
        "}\n"
    )
    return file


def until(look: Callable[[], T | None], what: str, seconds: float = 30) -> T:
    """What ``look`` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)
    return found


def answer(url: str, seconds: float = 5) -> str:
    """What a web server says; `OSError` if it says nothing."""
    with DIRECTLY.open(url, timeout=seconds) as response:
        text: str = response.read().decode()
        return text


def is_silent(url: str) -> bool:
    try:
        answer(url, 2)
    except OSError:
        return True
    return False


def until_gone(pid: int) -> None:
    """Return once there is no such process."""
    until(lambda: not psutil.pid_exists(pid) or None, f"the end of pid {pid}")


class Watch:
    """Asks each URL all the time, beside the test; what was not answered is kept."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.answers = dict.fromkeys(urls, 0)
        self.silences: list[str] = []
        self._over = Event()
        self._threads = [Thread(target=self._ask, args=(url,), daemon=True) for url in urls]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(10)

    def check(self) -> None:
        """Every URL answered every time, and often."""
        assert not self.silences, self.silences[:10]
        assert min(self.answers.values()) >= 10, self.answers

    def _ask(self, url: str) -> None:
        while not self._over.wait(0.05):
            try:
                answer(url)
            except OSError as error:
                self.silences.append(f"{url}: {error}")
            else:
                self.answers[url] += 1


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "gone meanwhile"
