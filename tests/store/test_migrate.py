"""Revisions: a database comes to this release's wholly or not at all, and a newer one is left alone."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from borgpy.errors import StoreTooNew, StoreTooOld
from borgpy.shipped import shipped
from borgpy.store.engine import reading, writing
from borgpy.store.faces import Position
from borgpy.store.migrate import (
    VERSION_TABLE,
    Upgrade,
    check,
    current,
    known,
    latest,
    migrate_to,
    prepare,
    upgrade,
)
from borgpy.store.open import open_store, store_over
from borgpy.store.tables import METADATA
from tests.store.conftest import opened

NEXT = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "next", "{before}", None, None

def upgrade() -> None:
    op.execute("CREATE TABLE novelty (x INTEGER)")
    {then}

def downgrade() -> None:
    op.drop_table("novelty")
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A database at this release's revision."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Turn this release into the next one, whose migration ends with the given statement."""

    def become(then: str) -> None:
        before = latest()
        copy = tmp_path / "next" / "migrations"
        shutil.copytree(shipped("migrations"), copy)
        migration = copy / "cell" / "versions" / "next.py"
        migration.write_text(NEXT.format(before=before, then=then))
        monkeypatch.setattr("borgpy.store.migrate.shipped", lambda _: copy)

    return become


def test_tables_and_migrations_do_not_drift(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []


def test_a_database_goes_down_and_up_again(engine: Engine) -> None:
    there = set(inspect(engine).get_table_names())
    assert there == {VERSION_TABLE, *METADATA.tables}
    migrate_to(engine, "base")
    assert set(inspect(engine).get_table_names()) == {VERSION_TABLE}
    assert upgrade(engine) == Upgrade("", latest())
    assert set(inspect(engine).get_table_names()) == there


def test_a_database_that_is_up_to_date_is_left_alone(engine: Engine) -> None:
    check(engine)
    assert upgrade(engine) == prepare(engine) == Upgrade(latest(), latest())


def test_a_newer_database_is_refused_with_both_revisions(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9876'"))
    for touch in (check, upgrade, prepare):
        with pytest.raises(StoreTooNew) as refusal:
            touch(engine)
        assert "9876" in refusal.value.message
        assert latest() in refusal.value.message
        assert "9876" in refusal.value.hint
    assert current(engine) == "9876"


def test_revisions_are_known_in_their_order() -> None:
    assert known()[0] == "0001"
    assert known()[-1] == latest()


def test_an_older_sqlite_database_is_copied_and_upgraded(
    sqlite_file: Path, release: Callable[[str], None]
) -> None:
    store = open_store(sqlite_file)
    store.journal.append(1, 1, [(5, b"kept")])
    store.close()
    before = latest()

    release("pass")
    with opened(sqlite_file) as engine:
        done = prepare(engine)
        copy = sqlite_file.parent / "cell.before-next.backup"
        assert done == Upgrade(before, "next", copy)
        assert store_over(engine).journal.last() == Position(1, 1)
        assert inspect(engine).has_table("novelty")
    with opened(copy) as engine:
        assert current(engine) == before
        assert store_over(engine).journal.last() == Position(1, 1)


@pytest.mark.postgres
def test_an_older_postgres_database_waits_for_its_operator(
    postgres_engine: Engine, release: Callable[[str], None]
) -> None:
    before = latest()
    release("pass")
    with pytest.raises(StoreTooOld, match="borgmaster db upgrade") as refusal:
        prepare(postgres_engine)
    assert before in refusal.value.message
    assert upgrade(postgres_engine) == Upgrade(before, "next")
    assert prepare(postgres_engine) == Upgrade("next", "next")


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    engine: Engine, release: Callable[[str], None]
) -> None:
    store_over(engine).journal.append(1, 1, [(5, b"kept")])
    before = latest()
    release("raise RuntimeError('a fault in the migration')")
    with pytest.raises(RuntimeError, match="a fault"):
        upgrade(engine)
    assert current(engine) == before
    assert not inspect(engine).has_table("novelty")
    assert store_over(engine).journal.last() == Position(1, 1)


@pytest.mark.slow
def test_processes_that_open_a_new_store_at_once_all_get_it(sqlite_file: Path) -> None:
    code = "import sys; from borgpy.store.open import open_store; open_store(sys.argv[1]).close()"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, sqlite_file], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    said = [process.communicate(timeout=60)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    with opened(sqlite_file) as engine:
        check(engine)
