"""Consistent copies of a cell's SQLite database, made while it is in use."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from borgpy.errors import Conflict, Corrupt, InvalidConfig, NotFound, StoreFull, StoreUnavailable
from borgpy.store.engine import is_sqlite, sqlite_path


def backup(engine: Engine, path: Path) -> None:
    """Copy the database as it is at one moment into the file ``path``, wholly or not at all."""
    if not is_sqlite(engine):
        raise InvalidConfig(
            "only an SQLite store is copied into a file",
            hint="PostgreSQL has pg_dump and base backups",
        )
    _copy(sqlite_path(engine), path)


def restore(path: Path, target: Path) -> None:
    """Put a backup where a Borgmaster will find it. What is there already stays: `Conflict`."""
    if not path.is_file():
        raise NotFound(f"there is no backup {path}")
    # A log without its database would be taken for the restored one's.
    for taken in (target, *_companions(target)):
        if taken.exists():
            raise Conflict(
                f"{taken} is there already", hint="stop the Borgmaster and move its database away"
            )
    _verify(path)
    _copy(path, target)


def _copy(source: Path, target: Path) -> None:
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.unfinished")
    try:
        with _translated():
            # Made with the mode that it keeps: job specs may carry secrets in their environment.
            os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
            with closing(_open(source)) as from_, closing(_open(unfinished)) as to:
                from_.backup(to)
            _sync(unfinished)
            unfinished.replace(target)
            _sync(target.parent)
    finally:
        for left_over in (unfinished, *_companions(unfinished)):
            left_over.unlink(missing_ok=True)


def _verify(path: Path) -> None:
    with _translated(), closing(_open(path)) as connection:
        [verdict] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise Corrupt(f"the backup {path} is damaged: {verdict}")


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5)


def _companions(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal"))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL":
            raise StoreFull("there is no room for the copy") from error
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise Corrupt(f"this is not a database, or a damaged one: {error}") from error
        raise StoreUnavailable(f"the database cannot be copied: {error}") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StoreFull("there is no room for the copy") from error
        raise StoreUnavailable(f"{error.filename}: {error.strerror}") from error
