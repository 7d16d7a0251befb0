"""How tasks of one class find their machines: one by one, a few, many at once, or among a sample; the result is the same
for the first three."""

from collections.abc import Sequence

import msgspec
import numpy as np

from borgpy.model.policy import Policy
from borgpy.scheduling.domains import Ties
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.merge import merge
from borgpy.scheduling.own import Board, Own
from borgpy.scheduling.sampling import Samples
from borgpy.scheduling.scores import Scores
from borgpy.scheduling.shapes import Shape
from borgpy.scheduling.snapshot import Ints, Mask, Rows
from borgpy.scheduling.standing import Booking, Inner, Standing
from borgpy.scheduling.tying import Tying

FEW = 64
"""So many tasks of a job with ties are placed sooner one by one than by `merge`, which sorts for each kind of domain."""

FEW_LOOSE = 12
"""The same for tasks without ties."""


class Taken(msgspec.Struct, frozen=True, eq=False):
    """What tasks of one job took: ``rows`` names the machine of each in order, ``bookings`` how to give it back.

    ``inner`` is what each holds by number; it is empty if none does.
    """

    rows: Rows
    bookings: tuple[Booking, ...] = ()
    inner: tuple[Inner, ...] = ()


NOTHING_TAKEN = Taken(np.zeros(0, np.intp))


def joined(parts: Sequence[Taken]) -> Taken:
    """What was taken in parts, in order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NOTHING_TAKEN
    # Who holds anything by number is placed alone; where several were placed at once, nobody does.
    rows = np.concatenate([part.rows for part in parts])
    inner = tuple(held for part in parts for held in part.inner)
    bookings = tuple(booking for part in parts for booking in part.bookings)
    return Taken(rows, bookings, inner if len(inner) == len(rows) else ())


class Placing:
    """The ways to place, on what a pass stands on."""

    def __init__(
        self, standing: Standing, scores: Scores, tying: Tying, policy: Policy, seed: int
    ) -> None:
        self._standing = standing
        self._scores = scores
        self._tying = tying
        self._machines = len(standing)
        self._samples = Samples(scores, policy, self._machines, seed)
        self._relaxed = bool(policy.sample or policy.good_enough)
        self._watched = tying.watched()

    def take(self, shape: Shape, job: PendingJob, count: int) -> Taken:
        """Place up to ``count`` tasks; fewer only if no machine can take one more."""
        if not self._machines:
            return NOTHING_TAKEN
        ties = self.ties(shape, job)
        few = count <= (FEW_LOOSE if ties is None else FEW)
        chained = ties is None or (ties.chain and not ties.moving)
        if not few and chained and not self._scores.needs_state(shape):
            # To look at every machine once for all of them is less work than a sample for every few.
            return self._many(shape, job, count, ties)
        if self._relaxed:
            return self._sampled(shape, job, count, ties)
        if few and self._is_plain(shape, job, ties):
            return self._few(shape, job, count, ties)
        return self.each(shape, job, count)

    def give_back(self, taken: Taken) -> None:
        for booking in reversed(taken.bookings):
            self._standing.give_back(booking)
            self._scores.changed(booking.machines)

    def is_loose(self, job: PendingJob) -> bool:
        """Whether any of its tasks could as well be another job's of the same class."""
        return self._tying.is_loose(job) and job.job not in self._watched

    def ties(self, shape: Shape, job: PendingJob) -> Ties | None:
        """What binds the job's next task, as things stand."""

        def allowed() -> Mask:
            placeable = self._standing.snapshot.placeable
            return placeable if shape.allowed is None else placeable & shape.allowed

        return self._tying.ties(job, allowed)

    def each(self, shape: Shape, job: PendingJob, count: int) -> Taken:
        """One after the other, each on what is then the best of all machines."""
        taken: list[Taken] = []
        while len(taken) < count:
            ties = self.ties(shape, job)
            score = self._scores.row(shape)
            if ties is not None:
                score = score + ties.worse(self._machines)
            row = int(score.argmin())
            if score[row] == np.inf:
                break
            taken.append(self.book(shape, job, np.array([row])))
        return joined(taken)

    def _is_plain(self, shape: Shape, job: PendingJob, ties: Ties | None) -> bool:
        """Whether tasks only take amounts, and are tied to nothing but a few others of their job."""
        if job.ports or job.runtime_ms or self._scores.needs_state(shape):
            return False
        return ties is None or (ties.is_sparse() and not ties.moving)

    def _few(self, shape: Shape, job: PendingJob, count: int, ties: Ties | None) -> Taken:
        """As `each`, of a plain class, by looking only at what changes from one task to the next."""
        scores = self._scores.row(shape)
        taken = self._on(Board(scores, lasts=shape.row is not None), shape, job, count, ties)
        self._scores.is_seen(shape)
        return taken

    def _on(
        self, board: Board, shape: Shape, job: PendingJob, count: int, ties: Ties | None
    ) -> Taken:
        """Up to ``count`` tasks of a plain class on the best of these machines, one after the other."""
        own = Own(board, ties)
        rows: list[int] = []
        while len(rows) < count:
            at = int(board.scores.argmin())
            if board.scores[at] == np.inf:
                break
            row = board.row(at)
            self._standing.take_one(shape.taking, row)
            self._scores.changed(np.array([row]))
            rows.append(row)
            if board.lasts or len(rows) < count:
                own.placed(at, self._scores.following(shape, row), is_last=len(rows) == count)
        if board.lasts:
            own.clear()
        if not rows:
            return NOTHING_TAKEN
        booking = self._standing.booked(job, shape.taking, rows, tells=self._tells(job))
        return Taken(np.array(rows, np.intp), (booking,))

    def _many(self, shape: Shape, job: PendingJob, count: int, ties: Ties | None) -> Taken:
        """All at once, on the machines where one by one would have put them."""
        score = self._scores.row(shape)
        able = score < np.inf
        if ties is not None and ties.barred is not None:
            able = able & ~ties.barred
        rows = np.flatnonzero(able)
        extra = None if ties is None else ties.extra
        each = merge(
            lambda machines, before: self._scores.at(shape, machines, before, extra),
            rows,
            score[rows] if extra is None else score[rows] + extra[rows],
            lambda machines: self._scores.fits_on(shape, machines, count),
            count,
            () if ties is None else ties.levels(),
        )
        return self.book(shape, job, each)

    def _sampled(self, shape: Shape, job: PendingJob, count: int, ties: Ties | None) -> Taken:
        """Among machines of a sample, each of which serves several tasks of a class."""
        taken: list[Taken] = []
        left = count
        while left:
            part = self._from_pool(shape, job, left, ties)
            if not len(part.rows):
                board = self._samples.draw(shape, ties)
                if board.rows is None or not len(board.rows):
                    break
                part = self.book(shape, job, board.rows[[int(board.scores.argmin())]])
            taken.append(part)
            left -= len(part.rows)
            if left and ties is not None:
                ties = self.ties(shape, job)
        return joined(taken)

    def _from_pool(self, shape: Shape, job: PendingJob, left: int, ties: Ties | None) -> Taken:
        """What the class's present sample has room for, if that is all that matters."""
        if not self._is_plain(shape, job, ties):
            return NOTHING_TAKEN
        pool = self._samples.pool(shape)
        if pool is None:
            return NOTHING_TAKEN
        taken = self._on(pool.board, shape, job, min(left, pool.left), ties)
        pool.left -= len(taken.rows)
        pool.seen = self._scores.changes
        return taken

    def book(self, shape: Shape, job: PendingJob, each: Rows) -> Taken:
        """One task for each entry of ``each``."""
        if not len(each):
            return NOTHING_TAKEN
        machines, counts = np.unique(each, return_counts=True)
        amounts: Ints = counts.astype(np.int64)
        booking = self._standing.take(
            job, shape.taking, machines, amounts, shape.sets, tells=self._tells(job)
        )
        self._scores.changed(machines)
        return Taken(each, (booking,), (booking.inner,) if len(each) == 1 else ())

    def _tells(self, job: PendingJob) -> bool:
        """Whether it matters to anybody where the job's tasks are."""
        return job.replicas > 1 or job.is_bound() or job.job in self._watched
