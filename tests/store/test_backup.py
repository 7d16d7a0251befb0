"""Backups of an SQLite store: consistent under writes, whole or absent, and never put over a cell that is there."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from borgpy.errors import Conflict, Corrupt, InvalidConfig, NotFound, StoreTooNew, StoreUnavailable
from borgpy.store.backup import backup, restore
from borgpy.store.engine import sqlite_path, writing
from borgpy.store.faces import Checkpoint
from borgpy.store.migrate import VERSION_TABLE
from borgpy.store.open import open_store, store_over


def test_a_backup_taken_under_writes_is_a_consistent_cell(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    store = store_over(sqlite_engine)
    store.checkpoints.save(Checkpoint(1, 1, b"state", "hash"))
    stop, seqs = threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            store.journal.append(1, seqs[-1] + 1, [(1, b"x" * 2000)] * 3)
            seqs.append(seqs[-1] + 3)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            already = seqs[-1]
            backup(sqlite_engine, tmp_path / f"{number}.backup")
            restore(tmp_path / f"{number}.backup", tmp_path / f"{number}.sqlite")
            copy = open_store(tmp_path / f"{number}.sqlite")
            last = copy.journal.last().seq
            assert last >= already
            assert last % 3 == 0  # no append is torn
            assert [row.seq for row in copy.journal.read(0, 10**6)] == list(range(1, last + 1))
            assert copy.checkpoints.newest() == Checkpoint(1, 1, b"state", "hash")
            copy.close()
    finally:
        stop.set()
        writer.join()


def test_a_backup_replaces_an_older_one_and_leaves_nothing_else(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for seq in (1, 2):
        store_over(sqlite_engine).journal.append(1, seq, [(1, b"x")])
        backup(sqlite_engine, folder / "cell.backup")
    assert [file.name for file in folder.iterdir()] == ["cell.backup"]
    assert (folder / "cell.backup").stat().st_mode & 0o777 == 0o600
    restore(folder / "cell.backup", folder / "cell.sqlite")
    store = open_store(folder / "cell.sqlite")
    assert store.journal.last().seq == 2
    store.close()


def test_a_backup_that_cannot_be_written_leaves_nothing(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnavailable, match="No such file"):
        backup(sqlite_engine, tmp_path / "missing" / "cell.backup")
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("taken", ["cell.sqlite", "cell.sqlite-wal", "cell.sqlite-shm"])
def test_a_cell_that_is_there_is_never_overwritten(
    sqlite_engine: Engine, tmp_path: Path, taken: str
) -> None:
    backup(sqlite_engine, tmp_path / "cell.backup")
    there = tmp_path / "elsewhere" / taken
    there.parent.mkdir()
    there.write_bytes(b"precious")
    with pytest.raises(Conflict, match=taken):
        restore(tmp_path / "cell.backup", there.parent / "cell.sqlite")
    assert [file.read_bytes() for file in there.parent.iterdir()] == [b"precious"]


def test_a_missing_a_foreign_and_a_damaged_backup_are_refused(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    store_over(sqlite_engine).checkpoints.save(Checkpoint(1, 1, bytes(200_000), "hash"))
    backup(sqlite_engine, tmp_path / "cell.backup")
    whole = (tmp_path / "cell.backup").read_bytes()
    (tmp_path / "foreign").write_bytes(b"something else" * 1000)
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])

    target = tmp_path / "restored.sqlite"
    with pytest.raises(NotFound):
        restore(tmp_path / "missing", target)
    for name in ("foreign", "cut"):
        with pytest.raises(Corrupt):
            restore(tmp_path / name, target)
    assert not target.exists()


def test_a_backup_from_a_newer_release_is_refused_when_it_is_opened(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    with writing(sqlite_engine) as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9876'"))
    backup(sqlite_engine, tmp_path / "cell.backup")
    restore(tmp_path / "cell.backup", tmp_path / "restored.sqlite")
    with pytest.raises(StoreTooNew):
        open_store(tmp_path / "restored.sqlite")


def test_a_backup_of_a_backup_is_the_same_cell(sqlite_engine: Engine, tmp_path: Path) -> None:
    store_over(sqlite_engine).journal.append(1, 1, [(1, b"x")])
    backup(sqlite_engine, tmp_path / "cell.backup")
    restore(tmp_path / "cell.backup", tmp_path / "restored.sqlite")
    store = open_store(tmp_path / "restored.sqlite")
    assert store.journal.read(0) == store_over(sqlite_engine).journal.read(0)
    store.close()
    assert sqlite_path(sqlite_engine).exists()


@pytest.mark.postgres
def test_postgres_has_its_own_means(postgres_engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="SQLite") as refusal:
        backup(postgres_engine, tmp_path / "cell.backup")
    assert "pg_dump" in refusal.value.hint
