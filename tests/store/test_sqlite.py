"""SQLite as the embedded store: durable settings, a full disk, locks, damage, and outcomes nobody knows."""

import errno
import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from borgpy.errors import (
    BorgError,
    Corrupt,
    InvalidConfig,
    StoreFull,
    StoreUnavailable,
    StoreUncertain,
)
from borgpy.model.events import Record, TaskScheduled
from borgpy.model.names import JobKey
from borgpy.store.engine import open_engine, reading, sqlite_path
from borgpy.store.faces import Checkpoint, Holding, Journal, Position
from borgpy.store.migrate import prepare
from borgpy.store.open import open_store, store_over
from tests.store.conftest import opened

LARGE = b"\xab" * 100_000


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        pytest.param("journal_mode", "wal", id="readers never wait for the writer"),
        pytest.param("synchronous", 2, id="each commit is synced"),
        pytest.param("foreign_keys", 0, id="migrations may copy tables"),
        pytest.param("busy_timeout", 5000, id="a writer waits for another, not for ever"),
    ],
)
def test_every_connection_is_set_up(sqlite_engine: Engine, setting: str, value: str | int) -> None:
    with reading(sqlite_engine) as one, reading(sqlite_engine) as two:
        for connection in (one, two):
            assert connection.scalar(text(f"PRAGMA {setting}")) == value


def test_nobody_else_may_read_the_database(sqlite_file: Path) -> None:
    with opened(sqlite_file) as engine:
        prepare(engine)
        store_over(engine).journal.append(1, 1, [(1, b"secret")])
        modes = {file.name: file.stat().st_mode & 0o777 for file in sqlite_file.parent.iterdir()}
    assert modes == {"cell.sqlite": 0o600, "cell.sqlite-wal": 0o600, "cell.sqlite-shm": 0o600}


@pytest.mark.parametrize("spell", [str, "sqlite:///{}".format, Path])
def test_a_path_or_a_url_names_the_same_file(sqlite_file: Path, spell: type[str]) -> None:
    store = open_store(spell(sqlite_file))
    store.journal.append(1, 1, [(1, b"x")])
    store.close()
    with opened(sqlite_file) as engine:
        assert sqlite_path(engine) == sqlite_file
        assert store_over(engine).journal.last() == Position(1, 1)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        pytest.param("mysql://root:hunter2@db/cell", "mysql", id="another database"),
        pytest.param("postgresql://root:hunter2@db:port/cell", "malformed", id="a broken URL"),
        pytest.param("sqlite://", "file", id="no file"),
        pytest.param(
            "{tmp}/not/there/cell.sqlite", "No such file", id="a folder that is not there"
        ),
    ],
)
def test_a_place_that_cannot_be_a_store_is_refused(tmp_path: Path, place: str, says: str) -> None:
    with pytest.raises(InvalidConfig, match=says) as refusal:
        open_engine(place.replace("{tmp}", str(tmp_path)))
    assert refusal.value.hint or "tmp" in place
    assert "hunter2" not in str(refusal.value)


def test_a_database_without_room_refuses_writes_and_recovers(sqlite_file: Path) -> None:
    with opened(sqlite_file) as engine:
        prepare(engine)
        engine.dispose()
        store = store_over(engine)
        with reading(
            engine
        ) as connection:  # the pool's only connection so far, hence the one used below
            connection.execute(text("PRAGMA max_page_count = 60"))
        _fill(store.journal)
        last = store.journal.last()
        records = [Record(9, n, 9, TaskScheduled(JobKey("a/b"), n, "m", 1)) for n in range(5000)]
        with pytest.raises(StoreFull, match="full"):
            store.journal.append(1, last.seq + 1, [(1, LARGE)] * 3)
        with pytest.raises(StoreFull, match="full"):
            store.checkpoints.save(Checkpoint(9, 9, LARGE, ""))
        with pytest.raises(StoreFull, match="full"):
            store.history.append(records)
        assert store.journal.last() == last
        assert store.checkpoints.kept() == []
        assert store.history.read(0) == []

        with reading(engine) as connection:
            connection.execute(text("PRAGMA max_page_count = 100000"))
        store.journal.append(1, last.seq + 1, [(1, LARGE)] * 3)
        assert store.journal.last().seq == last.seq + 3


def test_a_really_full_disk_refuses_writes_and_recovers(small_disk: Path) -> None:
    with opened(small_disk / "cell.sqlite") as engine:
        prepare(engine)
        journal = store_over(engine).journal
        journal.append(1, 1, [(1, b"first")])
        ballast = small_disk / "ballast"
        _fill_disk(ballast)

        _fill(journal)
        last = journal.last()
        with pytest.raises(StoreFull):
            journal.append(1, last.seq + 1, [(1, LARGE)] * 3)
        assert journal.last() == last
        assert journal.holds(1, last.seq + 1, [(1, LARGE)] * 3) is Holding.NONE
        assert len(journal.read(0)) == last.seq  # reading never needs room

        ballast.unlink()
        journal.append(1, last.seq + 1, [(1, LARGE)] * 3)
        assert journal.last().seq == last.seq + 3


def test_opening_a_store_on_a_full_disk_says_so(small_disk: Path) -> None:
    _fill_disk(small_disk / "ballast")
    with pytest.raises(StoreFull):
        open_store(small_disk / "cell.sqlite")
    (small_disk / "ballast").unlink()
    open_store(small_disk / "cell.sqlite").close()


def test_a_locked_database_is_unavailable_and_nothing_is_written(
    sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("borgpy.store.engine.LOCK_TIMEOUT_MS", 50)
    with opened(sqlite_file) as engine:
        prepare(engine)
        journal = store_over(engine).journal
        with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="locked"):
                journal.append(1, 1, [(1, b"x")])
            with pytest.raises(StoreUnavailable, match="locked"):
                journal.holds(1, 1, [(1, b"x")])  # the other one may be the append in question
            assert journal.last() == Position(0, 0)
        journal.append(1, 1, [(1, b"x")])


def test_an_io_error_at_commit_leaves_the_outcome_unknown_until_it_is_read_back(
    sqlite_engine: Engine,
) -> None:
    journal = store_over(sqlite_engine).journal
    journal.append(1, 1, [(1, b"first")])
    wal = Path(f"{sqlite_path(sqlite_engine)}-wal")
    with _no_file_longer_than(wal.stat().st_size + 4096), pytest.raises(StoreUncertain):
        journal.append(1, 2, [(1, LARGE)])
    assert journal.holds(1, 2, [(1, LARGE)]) is Holding.NONE
    journal.append(1, 2, [(1, LARGE)])
    assert journal.holds(1, 2, [(1, LARGE)]) is Holding.ALL


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"this is no database at all" * 100, id="another file"),
        pytest.param(b"SQLite format 3\0" + bytes(5000), id="only the first line of one"),
    ],
)
def test_a_file_that_is_no_database_is_corrupt(sqlite_file: Path, content: bytes) -> None:
    sqlite_file.write_bytes(content)
    with pytest.raises(Corrupt):
        open_store(sqlite_file)
    assert sqlite_file.read_bytes() == content


def test_an_unreadable_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "cell.sqlite").mkdir()
    with pytest.raises(StoreUnavailable) as failure:
        open_store(tmp_path / "cell.sqlite")
    assert failure.value.hint


def test_people_may_ask_the_history_in_sql(sqlite_engine: Engine) -> None:
    history = store_over(sqlite_engine).history
    history.append([Record(1, n, 5, TaskScheduled(JobKey("a/b"), n, "m", 1)) for n in range(3)])
    question = text(
        "SELECT kind, job, task_index, machine, json_extract(body, '$.incarnation')"
        " FROM event_history WHERE job = 'a/b' AND task_index = 2"
    )
    with reading(sqlite_engine) as connection:
        assert connection.execute(question).all() == [("task_scheduled", "a/b", 2, "m", 1)]


def test_a_fault_of_ours_surfaces_as_it_is(sqlite_file: Path) -> None:
    with opened(sqlite_file) as engine, pytest.raises(Exception, match="no such table") as fault:
        store_over(engine).journal.last()
    assert not isinstance(fault.value, BorgError)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, where this machine lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("a small disk needs the command mount")
    if mounted.returncode != 0:
        pytest.skip(f"a small disk needs root: {mounted.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        if subprocess.run(["umount", disk], check=False).returncode != 0:
            subprocess.run(["umount", "--lazy", disk], check=True)
            pytest.fail("the store keeps files open after it was closed")


def _fill(journal: Journal) -> None:
    """Append until there is no room for one more."""
    seq = journal.last().seq
    while True:
        seq += 1
        try:
            journal.append(1, seq, [(1, bytes(2000))])
        except StoreFull:
            return


def _fill_disk(ballast: Path) -> None:
    handle = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(handle, bytes(4096)):
            pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(handle)


@contextmanager
def _no_file_longer_than(size: int) -> Iterator[None]:
    # Python ignores SIGXFSZ, so that a longer write fails with EFBIG: to SQLite an I/O error like any other.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
