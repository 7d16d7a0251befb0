"""Where a task lives on disk, and what it is started with: command line and environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from borgpy.borglet.facts import Instance
from borgpy.model.names import is_name, job_key, split_job, task_key
from borgpy.model.placeholders import substitute
from borgpy.model.spec import TaskSpec

_VARIABLE_UNFIT = re.compile(r"[^A-Z0-9_]")

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Sandbox(msgspec.Struct, frozen=True):
    """The folder of one incarnation: its working directory, its logs, and a folder for each of its runs."""

    root: Path

    @property
    def work(self) -> Path:
        """Where the task works: its own until the incarnation is collected, over all its runs."""
        return self.root / "sandbox"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def dead_mark(self) -> Path:
        """Exists, with the time in it, once the incarnation is over."""
        return self.root / "dead"

    def run(self, run: int) -> Path:
        return self.root / "runs" / str(run)

    def runs(self) -> list[int]:
        """The runs there are records of, oldest first."""
        folder = self.root / "runs"
        if not folder.is_dir():
            return []
        return sorted(int(entry.name) for entry in folder.iterdir() if entry.name.isdigit())

    def prepare(self, run: int) -> Path:
        """Make what is missing; the run's folder is new and empty."""
        for folder in (self.work, self.work / "tmp", self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.dead_mark.unlink(missing_ok=True)
        fresh = self.run(run)
        fresh.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in fresh.iterdir():  # of a start that was interrupted
            leftover.unlink()
        return fresh


def sandbox_of(data: Path, task: Instance) -> Sandbox:
    """The sandbox of ``task`` below the Borglet's directory ``data``; `ValueError` for a name that is none.

    The names come over the wire and become a path, so they are checked here too.
    """
    user, job = split_job(task.job)
    if not (is_name(user) and is_name(job) and task.index >= 0 and task.incarnation >= 0):
        raise ValueError(f"{task_key(task.job, task.index)} is no name of a task")
    return Sandbox(data / "tasks" / user / job / str(task.index) / str(task.incarnation))


def all_sandboxes(data: Path) -> list[tuple[Instance, Sandbox]]:
    """Every incarnation that left something on disk, alive or dead."""
    found = []
    for root in sorted((data / "tasks").glob("*/*/*/*")):
        user, job, index, incarnation = root.parts[-4:]
        if index.isdigit() and incarnation.isdigit():
            task = Instance(job_key(user, job), int(index), int(incarnation))
            found.append((task, Sandbox(root)))
    return found


class Place(msgspec.Struct, frozen=True):
    """What the cell and the machine add to a task: the values of its placeholders and variables."""

    cell: str
    host: str
    task: Instance
    sandbox: Sandbox
    ports: Mapping[str, int]
    path: str

    @property
    def full_name(self) -> str:
        """``cell/user/job/index``."""
        return f"{self.cell}/{task_key(self.task.job, self.task.index)}"

    def values(self) -> dict[str, str]:
        """What the placeholders stand for."""
        user, job = split_job(self.task.job)
        return {
            "task": self.full_name,
            "job": job,
            "user": user,
            "cell": self.cell,
            "replica": str(self.task.index),
            "host": self.host,
            "dir": str(self.sandbox.work),
        }


def command(spec: TaskSpec, place: Place) -> list[str]:
    """The program, as a link in the sandbox, and ``--name=value`` for each argument in order."""
    values = place.values()
    program = str(file_link(place.sandbox, spec.package.name))
    return [
        program,
        *(f"--{name}={substitute(text, values, place.ports)}" for name, text in spec.args.items()),
    ]


def file_link(sandbox: Sandbox, name: str) -> Path:
    """Where a package appears in the sandbox; `ValueError` for a name that would lead out of it."""
    if not name or "/" in name or "\0" in name or name in (".", "..", "tmp"):
        raise ValueError(f"{name!r} is no name for a program, or for a file beside it")
    return sandbox.work / name


def environment(spec: TaskSpec, place: Place) -> dict[str, str]:
    """All the task's variables: nothing of the Borglet's own environment but its PATH, then what the job asks for."""
    values = place.values()
    mine = {
        "PATH": place.path or DEFAULT_PATH,
        "HOME": str(place.sandbox.work),
        "TMPDIR": str(place.sandbox.work / "tmp"),
        "LANG": "C.UTF-8",
        "BORG_CELL": place.cell,
        "BORG_JOB": values["job"],
        "BORG_USER": values["user"],
        "BORG_TASK": place.full_name,
        "BORG_REPLICA": values["replica"],
    }
    for name, port in place.ports.items():
        mine["BORG_PORT_" + _VARIABLE_UNFIT.sub("_", name.upper())] = str(port)
    asked = {name: substitute(text, values, place.ports) for name, text in spec.env.items()}
    return mine | asked


def link_files(sandbox: Sandbox, files: Mapping[str, Path]) -> None:
    """Let the program, and what lies beside it, appear in the sandbox without another copy on the disk."""
    for name, cached in files.items():
        link = file_link(sandbox, name)
        if link.is_symlink() and Path(os.readlink(link)) == cached:
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(cached)
