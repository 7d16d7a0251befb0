"""The scheduler without what makes it fast: every task is looked at on every machine anew.

No equivalence classes, no rows of scores that are kept, no placing of many at once. Everything else is the same, and so
is the plan. It is here to show what the tricks are worth (Borg §3.4), and is of no use for anything else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from unittest.mock import patch

import numpy as np

from borgpy.scheduling import room
from borgpy.scheduling.domains import Ties
from borgpy.scheduling.eligibility import Eligibilities
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.room import NOTHING_TAKEN, Room, Taken
from borgpy.scheduling.shapes import Shape


class UntrickedRoom(Room):
    """A room that forgets at once whatever it has worked out."""

    def shape(self, job: PendingJob, avoid: tuple[str, ...]) -> Shape:
        """Of this job alone. The number is that of its class, for the order in which jobs are placed hangs on it."""
        return copy(super().shape(job, avoid))

    def is_loose(self, job: PendingJob) -> bool:
        return False

    def take(self, shape: Shape, job: PendingJob, count: int) -> Taken:
        snapshot = self.standing.snapshot
        taken = []
        for _ in range(count):
            shape.row = None
            eligible = Eligibilities(snapshot, self._policy).of(job, shape.avoid)
            shape.allowed = eligible.able
            ties: Ties | None = self._ties(shape, job)
            one = self._each(shape, job, 1, ties)
            if not len(one.rows):
                break
            taken.append(one)
        shape.row = None
        return joined(taken)


def joined(parts: list[Taken]) -> Taken:
    """What was taken one by one as one."""
    if len(parts) == 1:
        return parts[0]
    return Taken(
        np.concatenate([part.rows for part in parts]) if parts else NOTHING_TAKEN.rows,
        tuple(booking for part in parts for booking in part.bookings),
        tuple(held for part in parts for held in part.inner),
    )


@contextmanager
def no_tricks() -> Iterator[None]:
    """Passes within are made so."""
    with patch.object(room, "Room", UntrickedRoom):
        yield
