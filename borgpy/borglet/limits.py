"""How much a task may take of the machine, and which of the kernel's means there are to see to it."""

import resource
from pathlib import Path
from typing import Protocol

from borgpy.model.resources import Resources, bytes_text

PROCESSES_ALLOWED = 4096
"""Far more than a service needs, far fewer than a fork bomb wants."""


class Group(Protocol):
    """The kernel's group of one run's processes, or the lack of one."""

    @property
    def directories(self) -> list[str]:
        """Where it lies, ``controller:path`` each, to be found again by `borgpy.borglet.cgroups.reopen`."""
        ...

    def procs_files(self) -> list[str]:
        """A process enters the group by writing ``0`` into each of these."""
        ...

    def pids(self) -> set[int]: ...

    def oom_kills(self) -> int:
        """How many processes the kernel killed because the group reached its limit."""
        ...

    def cpu_ns(self) -> int | None:
        """CPU time used since the start; None where the kernel does not tell by group."""
        ...

    def ram(self) -> int | None:
        """Resident memory in bytes, without caches; None where the kernel does not tell by group."""
        ...

    def remove(self) -> None:
        """Kill whoever is in it, and take it away."""
        ...


class Limits(Protocol):
    """One way to bound what tasks take."""

    @property
    def words(self) -> str:
        """What an operator reads in the log: how limits are enforced here."""
        ...

    def create(self, name: str, limit: Resources) -> Group: ...

    def sweep(self, names_kept: set[str]) -> list[str]:
        """Remove the groups of vanished runs; which."""
        ...

    def leave(self) -> None:
        """Take away what was set up for all runs, unless there still are some."""
        ...


class NoGroup:
    """Where the kernel offers no groups: the sampler watches the tree of processes instead."""

    @property
    def directories(self) -> list[str]:
        return []

    def procs_files(self) -> list[str]:
        return []

    def pids(self) -> set[int]:
        return set()

    def oom_kills(self) -> int:
        return 0

    def cpu_ns(self) -> int | None:
        return None

    def ram(self) -> int | None:
        return None

    def remove(self) -> None:
        pass


class WatchedLimits:
    """No groups: rlimits, and memory that is looked at every second."""

    words = "no writable cgroup: rlimits, and memory watched every second"

    def create(self, name: str, limit: Resources) -> Group:
        return NoGroup()

    def sweep(self, names_kept: set[str]) -> list[str]:
        return []

    def leave(self) -> None:
        pass


def rlimits(limit: Resources) -> list[tuple[int, int]]:
    """What every process of a task gets: no core dumps, and no single file larger than its disk limit.

    RLIMIT_AS is left alone: it bounds addresses, and many a run-time reserves far more of them than it uses.
    """
    cores = [(resource.RLIMIT_CORE, 0)]
    return [*cores, (resource.RLIMIT_FSIZE, limit.disk)] if limit.disk > 0 else cores


def out_of_memory(limit: Resources) -> str:
    return f"out of memory: limit {bytes_text(limit.ram)} reached"


def out_of_disk(limit: Resources) -> str:
    return f"disk limit {bytes_text(limit.disk)} reached"


def write_value(folder: Path, name: str, value: str) -> None:
    """Set a control of a cgroup; `OSError` when the kernel refuses it."""
    with (folder / name).open("w") as control:
        control.write(value)


def read_value(folder: Path, name: str) -> str:
    """A control's content, empty when there is none."""
    try:
        return (folder / name).read_text()
    except OSError:
        return ""


def counter(text: str, name: str) -> int:
    """The number after ``name`` in lines of ``name number``; 0 when it is missing."""
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == name:
            return int(words[1])
    return 0
