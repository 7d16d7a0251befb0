"""The journal in a database: one writer at a time, fenced by sequence and epoch."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, delete, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from borgpy.errors import Fenced
from borgpy.store.engine import is_sqlite, reading, writing
from borgpy.store.faces import PAGE, Holding, Position, Row
from borgpy.store.tables import JOURNAL

# Rows forgotten in one transaction: a large one would keep the writer waiting.
_PRUNE_ROWS = 1000

_COLUMNS = select(JOURNAL.c.seq, JOURNAL.c.epoch, JOURNAL.c.at, JOURNAL.c.operation)
_LAST = select(JOURNAL.c.seq, JOURNAL.c.epoch).order_by(JOURNAL.c.seq.desc()).limit(1)


class SqlJournal:
    """A `borgpy.store.faces.Journal` over SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> None:
        if not entries:
            return
        rows = [
            {"seq": seq, "epoch": epoch, "at": at, "operation": operation}
            for seq, (at, operation) in enumerate(entries, first_seq)
        ]
        try:
            with writing(self._engine) as connection:
                may_append(_last(connection), epoch, first_seq)
                connection.execute(insert(JOURNAL), rows)
        except IntegrityError as error:
            # On PostgreSQL another writer may commit between the look and the insert; the primary key tells.
            raise Fenced(f"sequence {first_seq} was taken by another Borgmaster") from error

    def read(self, after: int, limit: int = PAGE) -> list[Row]:
        query = _COLUMNS.where(JOURNAL.c.seq > after).order_by(JOURNAL.c.seq).limit(limit)
        with reading(self._engine) as connection:
            return [Row(*row) for row in connection.execute(query)]

    def last(self) -> Position:
        with reading(self._engine) as connection:
            return _last(connection)

    def holds(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> Holding:
        query = _COLUMNS.where(
            JOURNAL.c.seq.between(first_seq, first_seq + len(entries) - 1)
        ).order_by(JOURNAL.c.seq)
        # An append may still be under way in the database although its client has lost it. Both databases let a writer
        # (SQLite) or this lock (PostgreSQL) wait until it is decided, so that "none" is final.
        with writing(self._engine) as connection:
            if not is_sqlite(self._engine):
                connection.execute(text("LOCK TABLE journal IN SHARE MODE"))
            found = [Row(*row) for row in connection.execute(query)]
        return holding(found, epoch, first_seq, entries)

    def prune(self, before_seq: int) -> int:
        pruned = 0
        while True:
            with writing(self._engine) as connection:
                end = min(before_seq, _last(connection).seq)
                oldest = connection.scalar(select(func.min(JOURNAL.c.seq)))
                if oldest is None or oldest >= end:
                    return pruned
                stop = min(end, oldest + _PRUNE_ROWS)
                connection.execute(delete(JOURNAL).where(JOURNAL.c.seq < stop))
                pruned += stop - oldest


def may_append(last: Position, epoch: int, first_seq: int) -> None:
    """`Fenced` unless a Borgmaster of this epoch may append at this sequence."""
    if epoch < last.epoch:
        raise Fenced(
            f"a Borgmaster of epoch {last.epoch} has taken over from this one, of epoch {epoch}",
            hint="this process should stop leading and follow the journal",
        )
    if first_seq != last.seq + 1:
        raise Fenced(f"the journal ends at {last.seq}, so {first_seq} is not its next sequence")


def holding(
    found: Sequence[Row], epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]
) -> Holding:
    """Compare what stands in an append's place with what it was to write."""
    if not found:
        return Holding.NONE
    wanted = [Row(seq, epoch, *entry) for seq, entry in enumerate(entries, first_seq)]
    return Holding.ALL if list(found) == wanted else Holding.OTHER


def _last(connection: Connection) -> Position:
    # Epochs never fall along the journal, so that the last row's is the highest.
    row = connection.execute(_LAST).first()
    return Position(*row) if row else Position(0, 0)
