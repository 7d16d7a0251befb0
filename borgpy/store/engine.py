"""Opening a database, and the two kinds of transaction there are: reading and writing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from borgpy.errors import InvalidConfig
from borgpy.store.faults import refused, uncommitted

# A writer waits this long for another one before it gives up. Only a stalled disk keeps a lock for longer.
LOCK_TIMEOUT_MS = 5_000
# The longest statement is the read of a checkpoint of some hundred megabytes.
STATEMENT_TIMEOUT_MS = 30_000
# A client that vanished within a transaction would keep its locks; PostgreSQL ends it after this time.
IDLE_TIMEOUT_MS = 10_000
# The write-ahead log is cut back to this size once its content is in the database.
WAL_LIMIT_BYTES = 64 * 1024 * 1024
# The committing thread, the history's, a few readers and the API's: more would only queue up at the disk.
POOL_SIZE = 8
POOL_TIMEOUT_SECONDS = 10

_WRITES = "borg_writes"


def open_engine(place: str | Path) -> Engine:
    """The database at a path (SQLite, created if need be) or a ``sqlite:`` or ``postgresql:`` URL.

    Nothing is read yet: `borgpy.store.migrate.prepare` decides whether this release may use it.
    """
    url = _url(place)
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url)
    if url.get_backend_name() == "postgresql":
        return _open_postgres(url)
    raise InvalidConfig(
        f"the store cannot be a {url.get_backend_name()} database",
        hint="name a file for SQLite, or postgresql://user@host/database",
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that sees one state of the database, and changes nothing."""
    with _translated(), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed durably at the end; an exception within leaves nothing of it behind."""
    with _translated(), engine.connect().execution_options(**{_WRITES: True}) as connection:
        transaction = connection.begin()
        yield connection
        try:
            transaction.commit()
        except SQLAlchemyError as error:
            # Whatever state the connection is in now, nobody should meet it again.
            connection.invalidate()
            fault = uncommitted(error)
            if fault is None:
                raise
            raise fault from error


def is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def sqlite_path(engine: Engine) -> Path:
    """The file of an SQLite database."""
    return Path(engine.url.database or "")


def place_text(engine: Engine) -> str:
    """Where the database is, for messages, without its password."""
    if is_sqlite(engine):
        return str(sqlite_path(engine))
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=True)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        fault = refused(error)
        if fault is None:
            raise
        raise fault from error


def _url(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(Path(place).absolute()))
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):
        # The URL may hold a password, and so may the message of this error.
        raise InvalidConfig(
            "the store's URL is malformed", hint="postgresql://user:password@host:port/database"
        ) from None
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url


def _open_sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    if url.database in (None, "", ":memory:"):
        raise InvalidConfig("the store needs a file", hint="sqlite:////absolute/path/cell.sqlite")
    try:
        # Job specs may carry secrets in their environment: nobody else reads along. WAL files inherit the mode. A file
        # that is there must not be opened by us: to close it would drop the locks of this process's other connections.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise InvalidConfig(f"the store {path} cannot be opened: {error.strerror}") from error
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # Python's sqlite3 would begin transactions behind our back, and never an immediate one.
    connection.isolation_level = None
    with _setting_up(connection) as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL syncs the log at each commit: NORMAL could lose acknowledged writes with the machine's power.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: one that turns from reader to writer halfway fails whenever another was quicker.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _open_postgres(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_SECONDS,
            pool_pre_ping=True,
            # A server that went away without a word is noticed by the kernel rather than never.
            connect_args={
                "connect_timeout": 5,
                "keepalives_idle": 5,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 20_000,
            },
        )
    except ModuleNotFoundError as error:
        raise InvalidConfig(
            "PostgreSQL needs psycopg, which is not installed",
            hint="pip install 'borgpy[postgres]'",
        ) from error
    event.listen(engine, "connect", _set_up_postgres)
    return engine


def _set_up_postgres(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    with _setting_up(connection) as cursor:
        for name, value in (
            ("lock_timeout", LOCK_TIMEOUT_MS),
            ("statement_timeout", STATEMENT_TIMEOUT_MS),
            ("idle_in_transaction_session_timeout", IDLE_TIMEOUT_MS),
        ):
            cursor.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
        # An acknowledged write must be on disk. A database set to wait for its replicas as well stays as it is.
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        )
    connection.commit()


@contextmanager
def _setting_up(connection: DBAPIConnection) -> Iterator[DBAPICursor]:
    cursor = connection.cursor()
    try:
        yield cursor
    except BaseException:
        # The pool never gets to see a connection whose set-up failed, so that nobody else would close it. An open cursor
        # would keep SQLite's files open all the same.
        cursor.close()
        connection.close()
        raise
    cursor.close()
