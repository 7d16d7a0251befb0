"""Limits by cgroup v2: one directory for each run in the unified tree."""

import os
from contextlib import suppress
from pathlib import Path

from borgpy.borglet.emptying import empty_and_remove, pids_in
from borgpy.borglet.limits import PROCESSES_ALLOWED, Group, counter, read_value, write_value
from borgpy.model.resources import Resources

UNIFIED = "unified"
CONTROLLERS = ("memory", "cpu", "pids")


class V2Group:
    """A run's directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def directories(self) -> list[str]:
        return [f"{UNIFIED}:{self._folder}"]

    def procs_files(self) -> list[str]:
        return [str(self._folder / "cgroup.procs")]

    def pids(self) -> set[int]:
        return pids_in(self._folder)

    def oom_kills(self) -> int:
        return counter(read_value(self._folder, "memory.events"), "oom_kill")

    def cpu_ns(self) -> int | None:
        text = read_value(self._folder, "cpu.stat")
        return counter(text, "usage_usec") * 1000 if text else None

    def ram(self) -> int | None:
        text = read_value(self._folder, "memory.stat")
        return counter(text, "anon") if text else None

    def remove(self) -> None:
        empty_and_remove(self._folder)


class V2Limits:
    """Groups below ``parent``. CPU is by weight alone, so that a task may use what others leave idle."""

    def __init__(self, parent: Path) -> None:
        self._parent = parent

    @classmethod
    def set_up(cls, own: Path, name: str) -> "V2Limits | None":
        """None unless memory can be limited below our own cgroup.

        A cgroup that hands controllers down may hold no process itself, so we move into a leaf of it if need be;
        where somebody else is in it too, that does not help, and this way is closed.
        """
        parent = own / name
        try:
            if not _hand_down(own):
                (own / "borglet").mkdir(exist_ok=True)
                write_value(own / "borglet", "cgroup.procs", str(os.getpid()))
                if not _hand_down(own):
                    return None
            parent.mkdir(exist_ok=True)
        except OSError:
            return None
        return cls(parent) if _hand_down(parent) else None

    @property
    def words(self) -> str:
        return "cgroup v2"

    def create(self, name: str, limit: Resources) -> Group:
        folder = self._parent / name
        folder.mkdir(exist_ok=True)
        if limit.ram > 0:
            write_value(folder, "memory.max", str(limit.ram))
            write_value(folder, "memory.oom.group", "1")
            if (folder / "memory.swap.max").exists():
                write_value(folder, "memory.swap.max", "0")
        if (folder / "cpu.weight").exists():
            write_value(folder, "cpu.weight", str(min(max(limit.cpu // 10, 1), 10_000)))
        if (folder / "pids.max").exists():
            write_value(folder, "pids.max", str(PROCESSES_ALLOWED))
        return V2Group(folder)

    def sweep(self, names_kept: set[str]) -> list[str]:
        swept = []
        for folder in self._parent.iterdir():
            if folder.is_dir() and folder.name not in names_kept:
                empty_and_remove(folder)
                swept.append(folder.name)
        return swept

    def leave(self) -> None:
        with suppress(OSError):
            self._parent.rmdir()


def _hand_down(folder: Path) -> bool:
    """Let the cgroups below ``folder`` have controllers; whether memory is among them."""
    offered = read_value(folder, "cgroup.controllers").split()
    for controller in CONTROLLERS:
        if controller in offered:
            try:
                write_value(folder, "cgroup.subtree_control", f"+{controller}")
            except OSError:
                if controller == "memory":
                    return False
    return "memory" in offered
