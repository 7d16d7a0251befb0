"""Whose turn it is: within one priority the users' tasks are placed in rounds, so that none waits behind a large job.

The rule: in each round every user who still has tasks places one. Larger turns give the same shares for as long as
everybody's turn can be met in full, so a round tries to give everyone many tasks at once; if one user's turn cannot
be met it is undone and tried again with half, down to the single task, where a shape that fits nowhere is out for
the rest of the pass: room only shrinks. Two users with equal jobs hence never differ by more than one task.

A successful round doubles the next turn, so that undone rounds are no more than the others and a few.
"""

from collections.abc import Sequence

import msgspec

from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.placing import Taken
from borgpy.scheduling.room import Room
from borgpy.scheduling.shapes import Shape


class Batch(msgspec.Struct, eq=False):
    """Tasks of one job that have one shape. The first ``placed`` of ``indexes`` have a machine.

    ``loose`` ones could as well be of any other job with that shape.
    """

    job: PendingJob
    indexes: tuple[int, ...]
    shape: Shape
    loose: bool
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

    def run(self, wanted: int) -> list[Batch]:
        """The front batch, and as many loose ones after it of the same shape as ``wanted`` tasks take up."""
        batch = self.batches[self.first]
        run, tasks = [batch], batch.left()
        following = self.first + 1
        while batch.loose and tasks < wanted and following < len(self.batches):
            other = self.batches[following]
            if other.shape is not batch.shape or not other.loose:
                break
            if other.left():
                run.append(other)
                tasks += other.left()
            following += 1
        return run


class Grant(msgspec.Struct, frozen=True, eq=False):
    """What was taken goes to the tasks of the batches, each from its position on, one machine for each in order."""

    shares: tuple[tuple[Batch, int, int], ...]  # batch, first position, how many
    taken: Taken


def take_turns(room: Room, queues: Sequence[Queue]) -> list[Grant]:
    """Place what can be placed of one priority; `Batch.left` is nothing for all of it afterwards."""
    grants: list[Grant] = []
    longest = max(sum(batch.left() for batch in queue.batches) for queue in queues)
    turn, sifted = longest, False
    while waiting := [queue for queue in queues if queue.front()]:
        # Alone there is nobody to be fair to.
        turn = longest if len(waiting) == 1 else turn
        granted = _round(room, waiting, turn)
        if granted is not None:
            grants += granted
            turn = min(2 * turn, longest)
            continue
        turn //= 2
        if not sifted:
            _sift(room, waiting)
            sifted = True
    return grants


def _round(room: Room, queues: Sequence[Queue], turn: int) -> list[Grant] | None:
    """Give every queue a turn of so many tasks; nothing, and None, if one cannot be met that might be a smaller one."""
    binding = turn == 1 or len(queues) == 1
    firsts = [queue.first for queue in queues]
    grants: list[Grant] = []
    for queue in queues:
        wanted = turn
        while wanted and (batch := queue.front()):
            if batch.shape.hopeless:
                batch.fits_nowhere = True
                continue
            run = queue.run(wanted)
            asked = min(wanted, sum(each.left() for each in run))
            taken = room.take(batch.shape, batch.job, asked)
            got = len(taken.rows)
            grants.append(_grant(run, taken))
            wanted -= got
            if got == asked:
                continue
            if not binding:
                _undo(room, grants)
                for other, first in zip(queues, firsts, strict=True):
                    other.first = first
                return None
            _give_up(run)
    return grants


def _grant(run: Sequence[Batch], taken: Taken) -> Grant:
    shares = []
    left = len(taken.rows)
    for batch in run:
        part = min(left, batch.left())
        if part:
            shares.append((batch, batch.placed, part))
            batch.placed += part
            left -= part
    return Grant(tuple(shares), taken)


def _give_up(run: Sequence[Batch]) -> None:
    """No machine takes one more of these. What is loose is so for its whole shape; a tied job is alone in this."""
    for batch in run:
        if batch.left():
            batch.fits_nowhere = True
    if run[0].loose:
        run[0].shape.hopeless = True


def _undo(room: Room, grants: Sequence[Grant]) -> None:
    for grant in reversed(grants):
        room.give_back(grant.taken)
        for batch, start, _ in grant.shares:
            batch.placed = start


def _sift(room: Room, queues: Sequence[Queue]) -> None:
    """Take out what fits nowhere as it is, so that it does not make every larger turn fail in its turn."""
    for queue in queues:
        for batch in queue.batches[queue.first :]:
            if batch.left() and (batch.shape.hopeless or not room.fits(batch.shape)):
                batch.fits_nowhere = batch.shape.hopeless = True
