"""The embedded cell: a Borgmaster and a Borglet on this machine, as files in one folder and two background processes."""

import asyncio
import fcntl
import hashlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from borgpy.clock import new_id
from borgpy.errors import Corrupt, TimedOut
from borgpy.model.resources import Resources

LOCK_SECONDS = 120
"""Longer than any start takes: another borgcfg that holds the lock is at work on the same cell."""


class Programs(msgspec.Struct, frozen=True):
    """How the two processes are called, up to their flags."""

    borgmaster: tuple[str, ...] = (sys.executable, "-m", "borgpy.cli.borgmaster")
    borglet: tuple[str, ...] = (sys.executable, "-m", "borgpy.cli.borglet")


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """What cell.json keeps of an embedded cell. A pid of 0: not started, or stopped.

    ``simulate`` machines stand in for this one (0: this one). ``granted`` is the capacity its user got quota for.
    ``plugins`` are what the Borgmaster is started with.
    """

    cell: str
    user: str
    address: str = ""
    borgmaster_pid: int = 0
    borgmaster_started: float = 0.0
    borglet_pid: int = 0
    borglet_started: float = 0.0
    machine: str = ""
    simulate: int = 0
    granted: Resources | None = None
    plugins: tuple[str, ...] = ()


class Layout(msgspec.Struct, frozen=True):
    """Where an embedded cell keeps what."""

    root: Path

    @property
    def record(self) -> Path:
        return self.root / "cell.json"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens.json"

    @property
    def token(self) -> Path:
        return self.root / "token"

    @property
    def join_token(self) -> Path:
        return self.root / "join-token"

    @property
    def credential(self) -> Path:
        return self.root / "credential"

    @property
    def master(self) -> Path:
        return self.root / "master"

    @property
    def borglet(self) -> Path:
        return self.root / "borglet"

    @property
    def stop_tasks(self) -> Path:
        """While this file is there, a Borglet that is told to end takes its tasks along, and removes it."""
        return self.borglet / "stop-tasks"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def log_of(self, program: str) -> Path:
        return self.logs / f"{program}.log"

    def address_of(self, program: str) -> Path:
        return self.root / f"{program}.address"


def read_record(layout: Layout) -> Recorded | None:
    """What is recorded of the cell; none if there never was one here."""
    try:
        return msgspec.json.decode(layout.record.read_bytes(), type=Recorded)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise Corrupt(
            f"{layout.record} cannot be read: {error}", hint="is it from another release?"
        ) from error


def write_record(layout: Layout, recorded: Recorded) -> None:
    text = msgspec.json.format(msgspec.json.encode(recorded), indent=2)
    write_privately(layout.record, text + b"\n")


def prepare(layout: Layout, user: str) -> None:
    """Make the folders and the secrets that are missing; only this user may read them."""
    for folder in (layout.root, layout.master, layout.borglet, layout.logs):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for secret in (layout.token, layout.join_token, layout.credential):
        if not secret.exists():
            write_privately(secret, (new_id() + new_id()).encode())
    # Written anew each time: it follows from the two tokens, and a half-made cell is made whole so.
    rights = [
        {"user": user, "sha256": _digest(layout.token), "rights": ["read", "write", "admin"]},
        {"user": "borglets", "sha256": _digest(layout.join_token), "rights": ["join"]},
    ]
    write_privately(layout.tokens, msgspec.json.encode(rights))


def write_privately(path: Path, content: bytes) -> None:
    """Put a file in place, whole, readable by its owner only."""
    fresh = path.with_name(f".{path.name}.{new_id()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@asynccontextmanager
async def locked(layout: Layout) -> AsyncIterator[None]:
    """Hold the cell for one start or stop at a time, on this machine."""
    layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(layout.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for _ in range(LOCK_SECONDS * 10):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.1)
        else:
            raise TimedOut(f"another borgcfg holds the cell at {layout.root} for too long")
        yield
    finally:
        os.close(descriptor)


def _digest(secret: Path) -> str:
    return hashlib.sha256(secret.read_bytes().strip()).hexdigest()
