"""What a database's error means for the caller: the one place where foreign errors become `borgpy.errors`."""

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from borgpy.errors import BorgError, Corrupt, StoreFull, StoreUnavailable, StoreUncertain

_MAKE_ROOM = "free some space; writes are taken again as soon as there is room"

# PostgreSQL's classes of errors (its manual, appendix A) which pass by themselves or by an operator's doing: the
# connection, resources, another's lock, a time-out or a shutdown, a transaction that lost a race, a standby.
_PASSING_CLASSES = ("08", "53", "55", "57", "58", "40", "25")
_DISK_FULL = "53100"

# After these the connection is gone, so that a COMMIT on its way may or may not have arrived.
_SEVERED_CLASSES = ("08", "57P")


def refused(error: SQLAlchemyError) -> BorgError | None:
    """The error of a transaction that was not committed; None for a fault of ours, which should surface as it is."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable("the store is too busy: no connection became free in time")
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _from_sqlite(error.orig)
    return _from_postgres(error)


def uncommitted(error: SQLAlchemyError) -> BorgError | None:
    """The error of a COMMIT: `StoreUncertain` unless the database itself said that it did not happen."""
    fault = refused(error)
    if isinstance(fault, StoreFull | Corrupt) or not isinstance(error, DBAPIError):
        return fault
    if isinstance(error.orig, sqlite3.Error):
        decided = _sqlite_name(error.orig) in ("SQLITE_BUSY", "SQLITE_LOCKED")
    else:
        state = _sqlstate(error)
        decided = bool(state) and not state.startswith(_SEVERED_CLASSES)
    if decided:
        return fault
    return StoreUncertain(f"the store broke off while it committed: {error.orig}")


def _from_sqlite(error: sqlite3.Error) -> BorgError | None:
    name = _sqlite_name(error)
    # Before it writes, SQLite sets aside shared memory beside the file; without room that fails as an I/O error.
    if name in ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"):
        return StoreFull("the disk of the store is full", hint=_MAKE_ROOM)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Corrupt(
            f"the database is damaged: {error}",
            hint="restore a backup, and keep the damaged file for a closer look",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreUnavailable(f"another process keeps the store locked: {error}")
    if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")):
        return StoreUnavailable(
            f"the store cannot be used: {error}",
            hint="look at its folder: permissions, free space, a failing disk",
        )
    return None


def _from_postgres(error: DBAPIError) -> BorgError | None:
    state = _sqlstate(error)
    if state == _DISK_FULL:
        return StoreFull("the disk of the store is full", hint=_MAKE_ROOM)
    if error.connection_invalidated or state.startswith(_PASSING_CLASSES):
        return StoreUnavailable(f"the store did not answer as it should: {error.orig}")
    if not state and type(error).__name__ in ("OperationalError", "InterfaceError"):
        return StoreUnavailable(
            f"the store cannot be reached: {error.orig}",
            hint="is PostgreSQL running, and is the URL right?",
        )
    return None


def _sqlite_name(error: sqlite3.Error) -> str:
    # Errors raised by the Python module itself, rather than by SQLite, carry no name.
    return getattr(error, "sqlite_errorname", "")


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
