"""Checkpoints in a database: opaque bytes under the sequence they were taken at, verified by hash."""

import hashlib

from sqlalchemy import Connection, Engine, delete, insert, select

from borgpy.errors import Corrupt, NotFound
from borgpy.store.engine import reading, writing
from borgpy.store.faces import Checkpoint, Kept
from borgpy.store.tables import CHECKPOINT

_C = CHECKPOINT.c
_WHOLE = select(_C.seq, _C.at, _C.blob, _C.state_hash, _C.sha256).order_by(_C.seq.desc()).limit(1)
_LINES = select(_C.seq, _C.at, _C.size, _C.sha256, _C.state_hash).order_by(_C.seq.desc())


class SqlCheckpoints:
    """`borgpy.store.faces.Checkpoints` over SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, checkpoint: Checkpoint) -> None:
        row = {
            "seq": checkpoint.seq,
            "at": checkpoint.at,
            "size": len(checkpoint.blob),
            "sha256": sha256(checkpoint.blob),
            "state_hash": checkpoint.state_hash,
            "blob": checkpoint.blob,
        }
        with writing(self._engine) as connection:
            connection.execute(delete(CHECKPOINT).where(_C.seq == checkpoint.seq))
            connection.execute(insert(CHECKPOINT), row)
            # What cannot be read back is not a checkpoint, and must not push out an older one.
            _find(connection, checkpoint.seq)

    def newest(self) -> Checkpoint | None:
        with reading(self._engine) as connection:
            row = connection.execute(_WHOLE).first()
        return _verified(*row) if row else None

    def load(self, seq: int) -> Checkpoint:
        with reading(self._engine) as connection:
            return _find(connection, seq)

    def kept(self) -> list[Kept]:
        with reading(self._engine) as connection:
            return [Kept(*row) for row in connection.execute(_LINES)]

    def prune(self, keep: int) -> int:
        with writing(self._engine) as connection:
            too_old = connection.scalars(
                select(_C.seq).order_by(_C.seq.desc()).offset(max(1, keep))
            ).all()
            connection.execute(delete(CHECKPOINT).where(_C.seq.in_(too_old)))
        return len(too_old)


def sha256(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def no_checkpoint(seq: int) -> NotFound:
    return NotFound(f"there is no checkpoint at sequence {seq}")


def _find(connection: Connection, seq: int) -> Checkpoint:
    row = connection.execute(_WHOLE.where(_C.seq == seq)).first()
    if row is None:
        raise no_checkpoint(seq)
    return _verified(*row)


def _verified(seq: int, at: int, blob: bytes, state_hash: str, expected: str) -> Checkpoint:
    if sha256(blob) != expected:
        raise Corrupt(
            f"the checkpoint at sequence {seq} is damaged: its hash is not the one it was saved with",
            hint="start from an older checkpoint, or from the journal's beginning if it is still there",
        )
    return Checkpoint(seq, at, blob, state_hash)
