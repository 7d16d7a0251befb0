"""What is left of a run whose shim could not clean up, and how it is ended."""

import os
import signal
from contextlib import suppress
from time import sleep

import psutil

from borgpy.borglet.limits import Group
from borgpy.borglet.run import RUN_VARIABLE, Started, read_or_nothing_of_process, start_ticks

ROUNDS = 50
PAUSE_SECONDS = 0.02


def survivors(run_id: str, started: Started | None, group: Group) -> set[int]:
    """The processes of a run: those in its group, those with its id in their environment, those of its session.

    A session counts only from its leader's start on, as its number may have been given anew since.
    """
    pids = group.pids()
    mark = f"{RUN_VARIABLE}={run_id}".encode()
    for pid in psutil.pids():
        if mark in read_or_nothing_of_process(pid, "environ").split(b"\0") or (
            started is not None and _in_session(pid, started)
        ):
            pids.add(pid)
    return pids - {os.getpid()}


def kill_survivors(run_id: str, started: Started | None, group: Group) -> int:
    """Kill them until there are none; how many there were."""
    killed: set[int] = set()
    for _ in range(ROUNDS):
        alive = {pid for pid in survivors(run_id, started, group) if start_ticks(pid)}
        if not alive:
            break
        for pid in alive:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        killed |= alive
        sleep(PAUSE_SECONDS)
    return len(killed)


def _in_session(pid: int, started: Started) -> bool:
    try:
        if os.getsid(pid) != started.pid:
            return False
    except OSError:
        return False
    leader = start_ticks(started.pid)
    return leader in (0, started.ticks) and start_ticks(pid) >= started.ticks
