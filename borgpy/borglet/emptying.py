"""How a cgroup is emptied: everything in it is killed until nothing is, and the directory goes."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from time import sleep

ROUNDS = 200
PAUSE_SECONDS = 0.02
"""Together some 4 s: the kernel needs a moment to bury the dead, and a group that stays is swept at the next start."""


def pids_in(folder: Path) -> set[int]:
    """The processes in a cgroup and those below it; none when it is gone."""
    pids: set[int] = set()
    for procs in folder.rglob("cgroup.procs") if folder.is_dir() else ():
        with suppress(OSError, ValueError):
            pids.update(int(line) for line in procs.read_text().split())
    return pids


def empty_and_remove(folder: Path) -> bool:
    """Whether the group is gone."""
    for _ in range(ROUNDS):
        if not folder.is_dir():
            return True
        for pid in pids_in(folder):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if _remove(folder):
            return True
        sleep(PAUSE_SECONDS)
    return False


def _remove(folder: Path) -> bool:
    """Groups that the task made for itself go first."""
    try:
        for below in sorted(folder.rglob("*/"), reverse=True):
            if below.is_dir():
                below.rmdir()
        folder.rmdir()
    except OSError:
        return False
    return True
