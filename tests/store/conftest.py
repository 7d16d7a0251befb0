"""The stores under test: in memory, SQLite in a fresh folder, PostgreSQL in a fresh database."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from borgpy.store.engine import open_engine, writing
from borgpy.store.faces import Store
from borgpy.store.memory import MemoryCheckpoints, memory_store
from borgpy.store.migrate import prepare, upgrade
from borgpy.store.open import store_over
from borgpy.store.tables import CHECKPOINT
from tests.fakes.postgres import Postgres, PostgresMissing, running_postgres

_NUMBERS = count()


class Bench:
    """One store under test: ``open`` gives another handle on it, as another process would have."""

    def __init__(self, open_: Callable[[], Store], damage: Callable[[int, bytes], None]) -> None:
        self.open = open_
        self.damage = damage
        self.store = open_()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for the whole run. It does not sync: these tests kill clients, never the machine."""
    with ExitStack() as stack:
        try:
            yield stack.enter_context(running_postgres("fsync=off", "log_statement=none"))
        except PostgresMissing as error:
            pytest.skip(f"no PostgreSQL here: {error}")


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database."""
    name = f"cell_{next(_NUMBERS)}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    with opened(postgres_url) as engine:
        upgrade(engine)
        yield engine


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    return tmp_path / "cell.sqlite"


@pytest.fixture
def sqlite_engine(sqlite_file: Path) -> Iterator[Engine]:
    with opened(sqlite_file) as engine:
        prepare(engine)
        yield engine


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "memory":
        store = memory_store()
        checkpoints = store.checkpoints
        assert isinstance(checkpoints, MemoryCheckpoints)
        yield Bench(lambda: store, checkpoints.damage)
        return
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    with ExitStack() as stack:
        place = engine.url.render_as_string(hide_password=False)
        yield Bench(
            lambda: store_over(stack.enter_context(opened(place))),
            lambda seq, blob: _damage(engine, seq, blob),
        )


@pytest.fixture
def store(bench: Bench) -> Store:
    return bench.store


@contextmanager
def opened(place: str | Path) -> Iterator[Engine]:
    engine = open_engine(place)
    try:
        yield engine
    finally:
        engine.dispose()


def _damage(engine: Engine, seq: int, blob: bytes) -> None:
    with writing(engine) as connection:
        connection.execute(update(CHECKPOINT).where(CHECKPOINT.c.seq == seq).values(blob=blob))
