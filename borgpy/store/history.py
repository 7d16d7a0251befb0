"""The history in a database: events and usage as plain rows, kept for as long as the retention says."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Engine, Select, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from borgpy.errors import Corrupt
from borgpy.model.events import Event, Record
from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey
from borgpy.model.orders import Usage
from borgpy.store.engine import is_sqlite, reading, writing
from borgpy.store.faces import PAGE, UsageSample
from borgpy.store.tables import EVENT_HISTORY, USAGE_HISTORY

# Rows forgotten in one transaction: a larger one would keep the journal's writer waiting.
_CHUNK_ROWS = 5000

_E = EVENT_HISTORY.c
_U = USAGE_HISTORY.c
_EVENTS = select(_E.seq, _E.ordinal, _E.at, _E.body).order_by(_E.seq, _E.ordinal)
_NEWEST = select(func.max(_E.seq))
_DECODER = msgspec.json.Decoder(Event)


class SqlHistory:
    """A `borgpy.store.faces.History` over SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, records: Sequence[Record]) -> None:
        self._insert_new(EVENT_HISTORY, [_event_row(record) for record in records])

    def read(self, after_seq: int, job: JobKey | None = None, limit: int = PAGE) -> list[Record]:
        query = _EVENTS.where(_E.seq > after_seq)
        if job is not None:
            query = query.where(_E.job == job)
        with reading(self._engine) as connection:
            rows = connection.execute(query.limit(limit + 1)).all()
            if len(rows) > limit:
                torn = rows[limit].seq
                rows = [row for row in rows if row.seq < torn] or connection.execute(
                    query.where(_E.seq == torn)
                ).all()
        return [_record(*row) for row in rows]

    def last_seq(self) -> int:
        with reading(self._engine) as connection:
            return connection.scalar(_NEWEST) or 0

    def prune(self, before_at: int) -> int:
        newest = _NEWEST.scalar_subquery()
        old = select(_E.seq).where(_E.at < before_at, _E.seq < newest).order_by(_E.seq)
        # Whole sequences, oldest first: the end of a chunk is the sequence that its last row belongs to.
        return self._delete_chunks(EVENT_HISTORY, old)

    def append_usage(self, samples: Sequence[UsageSample]) -> None:
        self._insert_new(USAGE_HISTORY, [_usage_row(sample) for sample in samples])

    def read_usage(self, job: JobKey, since: int, limit: int = PAGE) -> list[UsageSample]:
        query = (
            select(_U.at, _U.job, _U.task_index, _U.machine, _U.cpu, _U.ram, _U.disk)
            .where(_U.job == job, _U.at >= since)
            .order_by(_U.at, _U.task_index, _U.machine)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [
                UsageSample(at, JobKey(key), index, machine, Usage(*amounts))
                for at, key, index, machine, *amounts in connection.execute(query)
            ]

    def prune_usage(self, before_at: int) -> int:
        old = select(_U.at).where(_U.at < before_at).order_by(_U.at)
        return self._delete_chunks(USAGE_HISTORY, old)

    def _insert_new(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        dialect = sqlite if is_sqlite(self._engine) else postgresql
        statement = dialect.insert(table).on_conflict_do_nothing()
        if rows:
            # One transaction: a torn sequence would look complete to `last_seq`.
            with writing(self._engine) as connection:
                connection.execute(statement, rows)

    def _delete_chunks(self, table: Table, old: Select[Any]) -> int:
        """Delete rows by the first column of their key, as far as ``old`` (in its order) lists them."""
        [key] = old.selected_columns
        deleted = 0
        while True:
            with writing(self._engine) as connection:
                chunk = connection.scalars(old.limit(_CHUNK_ROWS)).all()
                if not chunk:
                    return deleted
                doomed = delete(table).where(key <= chunk[-1])
                deleted += connection.execute(doomed).rowcount


def _event_row(record: Record) -> dict[str, Any]:
    event = record.event
    machine = getattr(event, "machine", None)
    return {
        "seq": record.seq,
        "ordinal": record.ordinal,
        "at": record.at,
        "kind": str(event.__struct_config__.tag),
        "job": getattr(event, "job", None),
        "task_index": getattr(event, "index", None),
        "machine": machine.name if isinstance(machine, MachineSpec) else machine or None,
        "body": msgspec.json.encode(event).decode(),
    }


def _record(seq: int, ordinal: int, at: int, body: str) -> Record:
    try:
        return Record(seq, ordinal, at, _DECODER.decode(body))
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"event {ordinal} of sequence {seq} in the history is not one: {error}"
        ) from error


def _usage_row(sample: UsageSample) -> dict[str, Any]:
    return {
        "at": sample.at,
        "job": sample.job,
        "task_index": sample.index,
        "machine": sample.machine,
        "cpu": sample.usage.cpu,
        "ram": sample.usage.ram,
        "disk": sample.usage.disk,
    }
