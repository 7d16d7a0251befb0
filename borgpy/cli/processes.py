"""Background processes: started apart from the terminal, known again by pid and start time, ended by nothing else."""

import asyncio
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import psutil

SAME_START_SECONDS = 2.0
"""The start time is derived from the time of boot, which a correction of the clock may move a little."""

LOOK_SECONDS = 0.05


class ProcessId(msgspec.Struct, frozen=True):
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    started: float

    def is_alive(self) -> bool:
        return self._process() is not None

    def send(self, signal_number: int) -> None:
        """Send a signal, if the process still is there."""
        process = self._process()
        if process is not None:
            try:
                process.send_signal(signal_number)
            except psutil.NoSuchProcess:
                return

    async def gone_within(self, seconds: float) -> bool:
        """Wait for the end of the process; False if it still lives then."""
        for _ in range(max(1, round(seconds / LOOK_SECONDS))):
            if not self.is_alive():
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return not self.is_alive()

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) > SAME_START_SECONDS:
                return None
            return None if process.status() == psutil.STATUS_ZOMBIE else process
        except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
            return None


def start_in_background(
    arguments: Sequence[str], *, log: Path, folder: Path, environment: Mapping[str, str]
) -> ProcessId:
    """Start a process in a session of its own, so that neither the terminal nor we take it along when we go."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
    # It outlives us by intent: nobody will wait for it, and Popen need not complain of that.
    process.returncode = 0
    try:
        started = psutil.Process(process.pid).create_time()
    except psutil.NoSuchProcess:
        started = 0.0
    return ProcessId(process.pid, started)


def last_lines(log: Path, count: int = 10) -> list[str]:
    """The end of a log, for the one who asks why a process did not start."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16384))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []
