"""Appends that can be recognised afterwards: their size, place and bytes follow from where they begin."""

import hashlib


def batch(run: int, first_seq: int) -> list[tuple[int, bytes]]:
    """1 to 40 entries of up to some kilobytes; each names the batch's first sequence and its size."""
    chance = hashlib.sha256(b"%d %d" % (run, first_seq)).digest()
    size = 1 + chance[0] % 40
    return [
        (
            first_seq,
            b"%d %d %d " % (first_seq, size, ordinal) + bytes(chance[1 + ordinal % 31] * 40),
        )
        for ordinal in range(size)
    ]
