"""Takes a checkpoint in a process of its own: fold the journal onto the last one, write it down, forget what is too old.

It is the same fold as a restart, so it costs the serving process nothing, and finds a journal that does not fold long
before anybody depends on it.
"""

import argparse
import sys

from borgpy.errors import BorgError
from borgpy.model import checkpoint
from borgpy.server.recovery import recover
from borgpy.store.faces import Checkpoint
from borgpy.store.open import open_store

CHECKPOINTS_KEPT = 10
"""Of the newest. The journal is kept back to the oldest of them, so that any moment since can be restored."""


def take(place: str, cell: str, upto: int) -> int:
    """Write the checkpoint at sequence ``upto`` into the store at ``place``; the sequence it has."""
    store = open_store(place)
    try:
        master = recover(store, cell, upto=upto)
        blob = checkpoint.encode(master.cell)
        seq = master.cell.seq
        store.checkpoints.save(Checkpoint(seq, master.cell.at, blob, checkpoint.state_hash(blob)))
        store.checkpoints.prune(CHECKPOINTS_KEPT)
        kept = store.checkpoints.kept()
        if len(kept) == CHECKPOINTS_KEPT:
            store.journal.prune(kept[-1].seq)
    finally:
        store.close()
    return seq


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--cell", required=True)
    parser.add_argument("--upto", type=int, required=True)
    chosen = parser.parse_args(arguments)
    try:
        seq = take(chosen.store, chosen.cell, chosen.upto)
    except BorgError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{seq}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
