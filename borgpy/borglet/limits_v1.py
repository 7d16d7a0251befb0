"""Limits by cgroup v1: one directory for each run in each controller's tree."""

from contextlib import suppress
from pathlib import Path

from borgpy.borglet.emptying import empty_and_remove, pids_in
from borgpy.borglet.limits import PROCESSES_ALLOWED, Group, counter, read_value, write_value
from borgpy.model.resources import Resources


class V1Group:
    """A run's directories, by controller."""

    def __init__(self, by_controller: dict[str, Path]) -> None:
        self._folders = by_controller

    @property
    def directories(self) -> list[str]:
        return [f"{controller}:{folder}" for controller, folder in self._folders.items()]

    def procs_files(self) -> list[str]:
        """Trees that are mounted together are one directory, entered once."""
        return [str(folder / "cgroup.procs") for folder in dict.fromkeys(self._folders.values())]

    def pids(self) -> set[int]:
        return set().union(*(pids_in(folder) for folder in self._folders.values()))

    def oom_kills(self) -> int:
        return counter(read_value(self._folders["memory"], "memory.oom_control"), "oom_kill")

    def cpu_ns(self) -> int | None:
        folder = self._folders.get("cpuacct")
        text = read_value(folder, "cpuacct.usage") if folder else ""
        return int(text) if text else None

    def ram(self) -> int | None:
        text = read_value(self._folders["memory"], "memory.stat")
        return counter(text, "total_rss") if text else None

    def remove(self) -> None:
        for folder in dict.fromkeys(self._folders.values()):
            empty_and_remove(folder)


class V1Limits:
    """Groups below ``parents``, by controller. CPU is by shares alone, so that a task may use what others leave idle."""

    def __init__(self, parents: dict[str, Path]) -> None:
        self._parents = parents

    @classmethod
    def set_up(cls, parents: dict[str, Path]) -> "V1Limits | None":
        """None unless at least memory can be limited."""
        usable = {}
        for controller, parent in parents.items():
            try:
                parent.mkdir(exist_ok=True)
            except OSError:
                continue
            usable[controller] = parent
        return cls(usable) if "memory" in usable else None

    @property
    def words(self) -> str:
        return f"cgroup v1 ({', '.join(sorted(self._parents))})"

    def create(self, name: str, limit: Resources) -> Group:
        folders = {controller: parent / name for controller, parent in self._parents.items()}
        for folder in dict.fromkeys(folders.values()):
            folder.mkdir(exist_ok=True)
        if limit.ram > 0:
            memory = folders["memory"]
            write_value(memory, "memory.limit_in_bytes", str(limit.ram))
            if (memory / "memory.memsw.limit_in_bytes").exists():
                write_value(memory, "memory.memsw.limit_in_bytes", str(limit.ram))
        if "cpu" in folders:
            shares = max(limit.cpu * 1024 // 1000, 2)
            write_value(folders["cpu"], "cpu.shares", str(shares))
        if "pids" in folders:
            write_value(folders["pids"], "pids.max", str(PROCESSES_ALLOWED))
        return V1Group(folders)

    def sweep(self, names_kept: set[str]) -> list[str]:
        swept: dict[str, None] = {}
        for parent in self._parents.values():
            for folder in parent.iterdir():
                if folder.is_dir() and folder.name not in names_kept:
                    empty_and_remove(folder)
                    swept[folder.name] = None
        return list(swept)

    def leave(self) -> None:
        for parent in self._parents.values():
            with suppress(OSError):
                parent.rmdir()
