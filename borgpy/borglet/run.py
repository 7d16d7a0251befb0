"""One run of a task as its folder tells it: what the shim was given, what it said, and whether it lives."""

import fcntl
import marshal
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from borgpy.borglet.files import read_or_nothing, write_whole

T = TypeVar("T")

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class RunConfig(msgspec.Struct, frozen=True):
    """What a shim is given (it reads the first ten) and a later Borglet wants to know.

    ``run_id`` is in the environment of all that the task forks, which finds what slipped away from everything else.
    """

    name: str
    argv: list[str]
    env: dict[str, str]
    sandbox: str
    logs: str
    cgroup_procs: list[str]
    rlimits: list[tuple[int, int]]
    notice_ms: int
    segment_bytes: int
    segments_kept: int
    run_id: str
    ports: dict[str, int]
    boot_id: str
    groups: list[str]


class Started(msgspec.Struct, frozen=True):
    """What the shim says once the task runs: both processes, each with its start in clock ticks since boot."""

    shim: int
    shim_ticks: int
    pid: int
    ticks: int
    at: int


class Exit(msgspec.Struct, frozen=True):
    """What the shim says in the end: the exit code (negative: the signal), when, and what ended it if not itself."""

    code: int
    at: int
    reason: str = ""


RUN_VARIABLE = "BORG_RUN"
"""The environment variable that holds the run's id."""


def boot_id() -> str:
    """A name for the time since the machine started; pids mean nothing beyond it."""
    return read_or_nothing(BOOT_ID).decode().strip()


def write_config(folder: Path, config: RunConfig) -> None:
    write_whole(folder / "config", marshal.dumps(msgspec.structs.asdict(config)))


def read_config(folder: Path) -> RunConfig | None:
    """None when the run was not wholly prepared."""
    content = read_or_nothing(folder / "config")
    try:
        return msgspec.convert(marshal.loads(content), RunConfig) if content else None
    except (ValueError, EOFError, TypeError, msgspec.ValidationError):
        return None


def read_started(folder: Path) -> Started | None:
    return parse_started(read_or_nothing(folder / "started").decode())


def parse_started(text: str) -> Started | None:
    return _parse(text, Started)


def read_exit(folder: Path) -> Exit | None:
    return _parse(read_or_nothing(folder / "exit").decode("utf-8", "replace"), Exit)


def write_exit(folder: Path, exit_: Exit) -> None:
    """In the place of a shim that could not."""
    said = f"code={exit_.code}\nat={exit_.at}\nreason={exit_.reason}\n"
    write_whole(folder / "exit", said.encode())


def write_stop(folder: Path, notice_ms: int, reason: str) -> None:
    """What a shim reads when SIGTERM tells it to stop its task."""
    one_line = " ".join(reason.split())
    write_whole(folder / "stop", f"{notice_ms}\n{one_line}".encode())


def lock_run(folder: Path) -> int | None:
    """Take the run's lock, to be handed to its shim; None while a shim holds it. The caller closes it.

    The kernel lets go of a lock with the last process that holds it: no pid has to be trusted.
    """
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def is_alive(folder: Path) -> bool:
    """Whether the run has a shim."""
    if not (folder / "lock").exists():
        return False
    fd = lock_run(folder)
    if fd is None:
        return True
    os.close(fd)
    return False


def start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 when it is gone or a zombie."""
    text = read_or_nothing_of_process(pid, "stat").decode("utf-8", "replace")
    fields = text.rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 and fields[0] != "Z" else 0


def read_or_nothing_of_process(pid: int, name: str) -> bytes:
    """A file of /proc/PID, empty when the process is gone or not ours to look at."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _parse(text: str, kind: type[T]) -> T | None:
    """``name=value`` lines as a ``kind``; None when it is not all there."""
    fields: Mapping[str, str] = dict(
        line.partition("=")[::2] for line in text.splitlines() if "=" in line
    )
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError:
        return None
