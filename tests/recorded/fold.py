"""Folds a recorded journal and prints what comes out: ``python -m tests.recorded.fold``."""

import sys
from pathlib import Path

import msgspec

from borgpy.master.borgmaster import Borgmaster
from borgpy.model import checkpoint
from borgpy.model.cell import Cell
from borgpy.model.operations import Operation

PLACE = Path(__file__).with_name("rules-1.journal")


class Recording(msgspec.Struct, frozen=True):
    """A journal, and the chain and state hash it folds to."""

    entries: tuple[bytes, ...]
    chain: str
    state: str


def state_of(blob: bytes) -> tuple[str, str]:
    """The chain over all operations and events, and the hash of the whole state."""
    return checkpoint.decode(blob).chain, checkpoint.state_hash(blob)


def read() -> Recording:
    return msgspec.msgpack.decode(PLACE.read_bytes(), type=Recording)


def fold(recording: Recording) -> Borgmaster:
    decoder: msgspec.msgpack.Decoder[Operation] = msgspec.msgpack.Decoder(Operation)
    master = Borgmaster(Cell("ic"))
    for entry in recording.entries:
        master.apply(decoder.decode(entry))
    return master


if __name__ == "__main__":
    sys.stdout.write(" ".join(state_of(checkpoint.encode(fold(read()).cell))))
