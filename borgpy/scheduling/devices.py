"""The devices of one kind while a pass goes on: who fits, which ones a task gets, what is left."""

import numpy as np

from borgpy.model.devices import WHOLE, DeviceRequest
from borgpy.scheduling.snapshot import ABSENT, DeviceColumns, Ints, Mask, Rows


class Devices:
    """``free`` int64[machines, most devices] in thousandths is changed by `book` alone.

    ``whole``, ``freest`` and ``total`` int64[machines] say how many devices are wholly free, how much is free of the
    freest, and of all together; a machine without any has a freest of `ABSENT`.
    """

    def __init__(self, columns: DeviceColumns) -> None:
        self.columns = columns
        self.free: Ints = columns.free.copy()
        self.whole: Ints = (self.free == WHOLE).sum(axis=1)
        self.freest: Ints = self.free.max(axis=1, initial=ABSENT)
        self.total: Ints = np.maximum(self.free, 0).sum(axis=1)
        self._serving: dict[tuple[str, ...], Mask] = {}

    def fits(self, request: DeviceRequest, rows: Rows | slice) -> Mask:
        """bool[rows]: whether one task could have its devices there now; one that asks for none fits anywhere."""
        if request.count <= 0:
            return np.ones(len(self.columns.models[rows]), np.bool_)
        enough: Mask
        if request.count == 1:
            # A device that does not exist has less than nothing, so that not even a share of nothing fits on it.
            enough = self.freest[rows] >= max(request.millis, 0)
        elif request.millis == WHOLE:
            enough = self.whole[rows] >= request.count
        else:
            able = np.count_nonzero(self.free[rows] >= max(request.millis, 0), axis=1)
            enough = able >= request.count
        if request.models:
            enough &= self._of(request.models)[rows]
        return enough

    def choose(self, request: DeviceRequest, row: int) -> tuple[int, ...]:
        """The devices that a task gets on a machine where it fits: whole ones by number, else the tightest."""
        free = self.free[row].tolist()
        able = [number for number, left in enumerate(free) if left >= max(request.millis, 0)]
        able.sort(key=lambda number: (free[number], number))
        return tuple(sorted(able[: max(request.count, 0)]))

    def book(self, request: DeviceRequest, row: int, chosen: tuple[int, ...], sign: int) -> None:
        """Take (1) or give back (-1)."""
        taken = sign * max(request.millis, 0)
        free = self.free[row]
        for number in chosen:
            free[number] -= taken
        left = free.tolist()
        self.whole[row] = left.count(WHOLE)
        self.freest[row] = max(left, default=ABSENT)
        self.total[row] -= taken * len(chosen)

    def _of(self, models: tuple[str, ...]) -> Mask:
        """bool[machines]: whose devices are of such a model."""
        known = self._serving.get(models)
        if known is None:
            served = np.array([*(name in models for name in self.columns.names), False], np.bool_)
            known = self._serving[models] = served[self.columns.models]
        return known


def none_of(machines: int) -> DeviceColumns:
    """What a cell has of a kind that none of its machines offers."""
    nothing = np.zeros((machines, 0), np.int64)
    return DeviceColumns(nothing, np.full(machines, ABSENT, np.int64), ())
