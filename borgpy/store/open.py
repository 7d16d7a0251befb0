"""Opening the store of a cell: the database at this release's revision, behind its faces."""

from pathlib import Path

from sqlalchemy import Engine

from borgpy.store.checkpoints import SqlCheckpoints
from borgpy.store.engine import open_engine
from borgpy.store.faces import Store
from borgpy.store.history import SqlHistory
from borgpy.store.journal import SqlJournal
from borgpy.store.lease import SqlLeases
from borgpy.store.migrate import prepare


def open_store(place: str | Path) -> Store:
    """The store at a path (SQLite) or URL, upgraded or checked as `borgpy.store.migrate.prepare` says."""
    engine = open_engine(place)
    try:
        prepare(engine)
    except BaseException:
        engine.dispose()
        raise
    return store_over(engine)


def store_over(engine: Engine) -> Store:
    """The faces over a database that is at this release's revision."""
    return Store(
        SqlJournal(engine),
        SqlCheckpoints(engine),
        SqlLeases(engine),
        SqlHistory(engine),
        close=engine.dispose,
    )
