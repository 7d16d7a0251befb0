"""A process to be killed: it appends to an SQLite journal for as long as it lives, and says what it got through.

``python -m tests.store.appender FILE RUN`` prints one line for each append that was acknowledged: its last sequence.
"""

import sys

from borgpy.store.open import open_store
from tests.store.batches import batch


def main(file: str, run: int) -> None:
    journal = open_store(file).journal
    seq = journal.last().seq + 1
    print("ready", flush=True)  # noqa: T201
    while True:
        entries = batch(run, seq)
        journal.append(run, seq, entries)
        seq += len(entries)
        print(seq - 1, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
