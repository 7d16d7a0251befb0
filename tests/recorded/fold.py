"""Folds a recorded journal and prints what comes out: ``python -m tests.recorded.fold rules-1``."""

import sys
from pathlib import Path

import msgspec

from borgpy.master.borgmaster import Borgmaster
from borgpy.model import checkpoint
from borgpy.model.cell import Cell
from borgpy.model.operations import Operation

FOLDER = Path(__file__).parent

NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.journal")))
"""What has been recorded: the cell of the first release, and a later story for what entries learned to say since."""


class Recording(msgspec.Struct, frozen=True):
    """A journal, and the chain and state hash it folds to."""

    entries: tuple[bytes, ...]
    chain: str
    state: str


def state_of(blob: bytes) -> tuple[str, str]:
    """The chain over all operations and events, and the hash of the whole state."""
    return checkpoint.decode(blob).chain, checkpoint.state_hash(blob)


def read(name: str) -> Recording:
    return msgspec.msgpack.decode((FOLDER / f"{name}.journal").read_bytes(), type=Recording)


def fold(recording: Recording) -> Borgmaster:
    decoder: msgspec.msgpack.Decoder[Operation] = msgspec.msgpack.Decoder(Operation)
    master = Borgmaster(Cell("ic"))
    for entry in recording.entries:
        master.apply(decoder.decode(entry))
    return master


if __name__ == "__main__":
    sys.stdout.write(" ".join(state_of(checkpoint.encode(fold(read(sys.argv[1])).cell))))
