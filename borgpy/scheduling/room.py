"""What is free while a pass goes on: the snapshot's columns, copied, from which placements are taken."""

import msgspec
import numpy as np

from borgpy.model.resources import Resources
from borgpy.scheduling.feasibility import request_vector, rows_of
from borgpy.scheduling.fill import Rows, emptiest, in_turn, tightest
from borgpy.model.policy import Scoring
from borgpy.scheduling.scoring import leftover, weights
from borgpy.scheduling.snapshot import STANDARD_COUNT, Ints, Mask, Snapshot


class Shape(msgspec.Struct, frozen=True, eq=False):
    """What tasks must have in common to be placed many at a time: the request, and the machines that they avoid.

    ``size`` is the request in the unit of the scores, ``key`` is equal for equal shapes.
    """

    vector: Ints
    avoided: Rows
    size: int
    key: tuple[bytes, bytes]


class Taken(msgspec.Struct, frozen=True, eq=False):
    """What a shape took: ``rows`` names the machine of each task in order, ``machines`` and ``counts`` sum that up."""

    rows: Rows
    machines: Rows
    counts: Ints


class Room:
    """The free columns of a pass. All arithmetic is on integers, so that giving back restores exactly what was."""

    def __init__(self, snapshot: Snapshot, scoring: Scoring) -> None:
        self._snapshot = snapshot
        self._scoring = scoring
        self._free = np.array(snapshot.free, order="F")
        self._columns = [self._free[:, d] for d in range(self._free.shape[1])]
        self._worth = weights(snapshot.capacity)
        self._scores = leftover(self._free, self._worth)
        # As `Resources.fits_in`: an over-committed machine takes nothing more, not even of what it still has; extras
        # matter only to those who ask for them.
        standard = self._free[:, :STANDARD_COUNT]
        self._usable: Mask = snapshot.placeable & (standard >= 0).all(axis=1)

    def shape(self, request: Resources, avoid: tuple[str, ...]) -> Shape:
        vector = request_vector(self._snapshot.dimensions, request)
        avoided = rows_of(self._snapshot.names, avoid)
        worth = self._worth.tolist()
        size = sum(amount * unit for amount, unit in zip(vector.tolist(), worth, strict=True))
        return Shape(vector, avoided, size, (vector.tobytes(), avoided.tobytes()))

    def fits(self, shape: Shape) -> bool:
        """Whether any machine could take one task of this shape now."""
        return bool(self._open_to(shape).any())

    def take(self, shape: Shape, count: int) -> Taken:
        """Place up to ``count`` tasks; fewer only if no machine has room for one more."""
        rows = np.flatnonzero(self._open_to(shape))
        if count == 1 or not rows.size:
            taken = self._take_one(rows)
        elif self._scoring is Scoring.BEST_FIT:
            machines = rows[tightest(self._scores[rows], count)]
            counts = in_turn(self._fits_on(machines, shape, count), count)
            machines, counts = machines[counts > 0], counts[counts > 0]
            taken = Taken(np.repeat(machines, counts), machines, counts)
        else:
            fits = self._fits_on(rows, shape, count)
            each = rows[emptiest(self._scores[rows], fits, shape.size, count)]
            machines, counts = np.unique(each, return_counts=True)
            taken = Taken(each, machines, counts)
        self._book(shape, taken, 1)
        return taken

    def give_back(self, shape: Shape, taken: Taken) -> None:
        self._book(shape, taken, -1)

    def snapshot(self) -> Snapshot:
        """The snapshot that the pass began with, with what is free now."""
        return msgspec.structs.replace(self._snapshot, free=self._free.copy(order="F"))

    def _open_to(self, shape: Shape) -> Mask:
        """bool[machines]. A dimension of which nothing is asked needs no look: the usable have no less than that."""
        mask = self._usable.copy()
        for column, amount in zip(self._columns, shape.vector.tolist(), strict=True):
            if amount:
                mask &= column >= amount
        mask[shape.avoided] = False
        return mask

    def _fits_on(self, machines: Rows, shape: Shape, count: int) -> Ints:
        """How many tasks of this shape each machine could take, ``count`` at most."""
        fits = np.full(len(machines), count, np.int64)
        for column, amount in zip(self._columns, shape.vector.tolist(), strict=True):
            if amount:
                np.minimum(fits, column[machines] // amount, out=fits)
        return fits

    def _take_one(self, rows: Rows) -> Taken:
        if not rows.size:
            return Taken(rows, rows, np.zeros(0, np.int64))
        scores = self._scores[rows]
        best = scores.argmin() if self._scoring is Scoring.BEST_FIT else scores.argmax()
        row = rows[best : best + 1]
        return Taken(row, row, np.ones(1, np.int64))

    def _book(self, shape: Shape, taken: Taken, sign: int) -> None:
        if taken.machines.size:
            self._free[taken.machines] -= np.outer(taken.counts * sign, shape.vector)
            self._scores[taken.machines] -= taken.counts * (sign * shape.size)
