"""PostgreSQL as the production store: safe settings, locks, broken connections, and a COMMIT that nobody answers."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text

from borgpy.errors import StoreTooOld, StoreUnavailable, StoreUncertain
from borgpy.store.engine import open_engine, reading, writing
from borgpy.store.faces import Holding, Position, Row
from borgpy.store.open import open_store, store_over
from tests.fakes.cutting_proxy import Cut, CuttingProxy
from tests.store.conftest import opened

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("lock_timeout", "5s"),
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("synchronous_commit", "on"),
    ],
)
def test_every_session_is_set_up(postgres_engine: Engine, setting: str, value: str) -> None:
    with reading(postgres_engine) as one, reading(postgres_engine) as two:
        for connection in (one, two):
            assert connection.scalar(text(f"SHOW {setting}")) == value


@pytest.mark.parametrize(
    ("theirs", "ours"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")]
)
def test_a_database_is_made_safer_and_never_less_safe(
    postgres_url: str, theirs: str, ours: str
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            f"ALTER ROLE postgres IN DATABASE {connection.info.dbname}"
            f" SET synchronous_commit = {theirs}".encode()
        )
    with opened(postgres_url) as engine, reading(engine) as again:
        assert again.scalar(text("SHOW synchronous_commit")) == ours


def test_an_empty_database_waits_for_its_operator(postgres_url: str) -> None:
    with pytest.raises(StoreTooOld, match="borgmaster db upgrade"):
        open_store(postgres_url)


def test_the_usual_spellings_of_a_url_work(postgres_engine: Engine, postgres_url: str) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        store = open_store(postgres_url.replace("postgresql", scheme, 1))
        assert store.journal.last() == Position(0, 0)
        store.close()


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    nowhere = f"postgresql://root:hunter2@/cell?host={tmp_path}"
    with opened(nowhere) as engine, pytest.raises(StoreUnavailable) as failure:
        store_over(engine).journal.last()
    assert failure.value.hint
    assert "hunter2" not in str(failure.value)


def test_a_locked_journal_is_unavailable_and_nothing_is_written(
    postgres_engine: Engine, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("borgpy.store.engine.LOCK_TIMEOUT_MS", 50)
    with opened(postgres_url) as engine, psycopg.connect(postgres_url) as other:
        journal = store_over(engine).journal
        # Another's append, not committed yet: the same one waits for it, and so does reading back what became of it.
        other.execute("INSERT INTO journal VALUES (1, 1, 1, 'x')")
        with pytest.raises(StoreUnavailable):
            journal.append(1, 1, [(1, b"x")])
        with pytest.raises(StoreUnavailable):
            journal.holds(1, 1, [(1, b"x")])
        other.rollback()
        assert journal.holds(1, 1, [(1, b"x")]) is Holding.NONE
        journal.append(1, 1, [(1, b"x")])


def test_sessions_that_were_ended_are_replaced(postgres_engine: Engine, postgres_url: str) -> None:
    journal = store_over(postgres_engine).journal
    journal.append(1, 1, [(1, b"x")])
    with psycopg.connect(postgres_url, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    journal.append(1, 2, [(1, b"y")])
    assert journal.last() == Position(2, 1)


def test_a_session_that_is_ended_before_its_commit_leaves_the_outcome_unknown(
    postgres_engine: Engine, postgres_url: str
) -> None:
    with pytest.raises(StoreUncertain):
        _write_and_be_ended(postgres_engine, postgres_url)
    journal = store_over(postgres_engine).journal
    assert journal.holds(1, 1, [(1, b"x")]) is Holding.NONE


@pytest.mark.parametrize(
    ("cut", "holding"),
    [
        pytest.param(Cut.BEFORE_COMMIT, Holding.NONE, id="before the server heard of it"),
        pytest.param(Cut.AFTER_COMMIT, Holding.ALL, id="after the server did it"),
    ],
)
def test_a_connection_cut_at_commit_leaves_the_outcome_unknown_until_it_is_read_back(
    proxy: CuttingProxy, proxied: Engine, cut: Cut, holding: Holding
) -> None:
    journal = store_over(proxied).journal
    journal.append(1, 1, [(1, b"first")])
    proxy.cut = cut
    with pytest.raises(StoreUncertain):
        journal.append(1, 2, [(1, b"second")])
    proxy.cut = Cut.NEVER

    assert journal.holds(1, 2, [(1, b"second")]) is holding
    if holding is Holding.NONE:
        journal.append(1, 2, [(1, b"second")])
    assert journal.read(1) == [Row(2, 1, 1, b"second")]


def _write_and_be_ended(engine: Engine, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as operator, writing(engine) as connection:
        connection.execute(text("INSERT INTO journal VALUES (1, 1, 1, 'x')"))
        mine = connection.scalar(text("SELECT pg_backend_pid()"))
        operator.execute("SELECT pg_terminate_backend(%s, 5000)", (mine,))


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[CuttingProxy]:
    server = Path(str(psycopg.conninfo.conninfo_to_dict(postgres_url)["host"]))
    # A socket's path must be short, which pytest's folders are not.
    with tempfile.TemporaryDirectory(prefix="borg-cut-", dir="/tmp") as folder:
        proxy = CuttingProxy(Path(folder), server)
        try:
            yield proxy
        finally:
            proxy.close()


@pytest.fixture
def proxied(proxy: CuttingProxy, postgres_engine: Engine) -> Iterator[Engine]:
    """The same database, reached through the proxy."""
    with ExitStack() as stack:
        engine = open_engine(
            f"postgresql://postgres@/{postgres_engine.url.database}?host={proxy.folder}"
        )
        stack.callback(engine.dispose)
        yield engine
