"""Whose turn it is: within one priority the users' tasks are placed in rounds, so that none waits behind a large job.

The rule: in each round every user who still has tasks places one. Larger turns give the same shares for as long as
everybody's turn can be met in full, so a round tries to give everyone many tasks at once; if one user's turn cannot
be met it is undone and tried again with half, down to the single task, where a shape that fits nowhere is out for
the rest of the pass: room only shrinks. Two users with equal jobs hence never differ by more than one task.

A successful round doubles the next turn, so that undone rounds are no more than the others and a few.
"""

from collections.abc import Sequence

import msgspec

from borgpy.model.names import JobKey
from borgpy.scheduling.room import Room, Shape, Taken

Hopeless = set[tuple[bytes, bytes]]
"""The keys of shapes that fit nowhere in what is left of the room."""


class Batch(msgspec.Struct, eq=False):
    """Tasks of one job that have one shape. The first ``placed`` of ``indexes`` have a machine."""

    job: JobKey
    indexes: tuple[int, ...]
    shape: Shape
    placed: int = 0
    fits_nowhere: bool = False

    def left(self) -> int:
        """How many tasks there is still hope for."""
        return 0 if self.fits_nowhere else len(self.indexes) - self.placed


class Queue(msgspec.Struct, eq=False):
    """The batches of one user at one priority, in order; those before ``first`` are through."""

    batches: list[Batch]
    first: int = 0

    def front(self) -> Batch | None:
        """The batch whose turn it is, if any has tasks left."""
        while self.first < len(self.batches):
            batch = self.batches[self.first]
            if batch.left():
                return batch
            self.first += 1
        return None


class Grant(msgspec.Struct, frozen=True, eq=False):
    """The tasks of a batch from position ``start`` on go to the machines that were taken, one each, in order."""

    batch: Batch
    start: int
    taken: Taken


def take_turns(room: Room, queues: Sequence[Queue], hopeless: Hopeless) -> list[Grant]:
    """Place what can be placed of one priority; `Batch.left` is nothing for all of it afterwards."""
    grants: list[Grant] = []
    longest = max(sum(batch.left() for batch in queue.batches) for queue in queues)
    turn, sifted = longest, False
    while waiting := [queue for queue in queues if queue.front()]:
        # Alone there is nobody to be fair to.
        turn = longest if len(waiting) == 1 else turn
        granted = _round(room, waiting, turn, hopeless)
        if granted is not None:
            grants += granted
            turn = min(2 * turn, longest)
            continue
        turn //= 2
        if not sifted:
            _sift(room, waiting, hopeless)
            sifted = True
    return grants


def _round(
    room: Room, queues: Sequence[Queue], turn: int, hopeless: Hopeless
) -> list[Grant] | None:
    """Give every queue a turn of so many tasks; nothing, and None, if one cannot be met that might be a smaller one."""
    binding = turn == 1 or len(queues) == 1
    firsts = [queue.first for queue in queues]
    grants: list[Grant] = []
    for queue in queues:
        wanted = turn
        while wanted and (batch := queue.front()):
            if batch.shape.key in hopeless:
                batch.fits_nowhere = True
                continue
            asked = min(wanted, batch.left())
            taken = room.take(batch.shape, asked)
            grants.append(Grant(batch, batch.placed, taken))
            batch.placed += len(taken.rows)
            wanted -= len(taken.rows)
            if len(taken.rows) == asked:
                continue
            if not binding:
                _undo(room, grants)
                for other, first in zip(queues, firsts, strict=True):
                    other.first = first
                return None
            batch.fits_nowhere = True
            hopeless.add(batch.shape.key)
    return grants


def _undo(room: Room, grants: Sequence[Grant]) -> None:
    for grant in reversed(grants):
        room.give_back(grant.batch.shape, grant.taken)
        grant.batch.placed = grant.start


def _sift(room: Room, queues: Sequence[Queue], hopeless: Hopeless) -> None:
    """Take out what fits nowhere as it is, so that it does not make every larger turn fail in its turn."""
    for queue in queues:
        for batch in queue.batches[queue.first :]:
            key = batch.shape.key
            if batch.left() and (key in hopeless or not room.fits(batch.shape)):
                batch.fits_nowhere = True
                hopeless.add(key)
