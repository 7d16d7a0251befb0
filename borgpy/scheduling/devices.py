"""The devices of one kind while a pass goes on: who fits, which ones a task gets, what is left."""

import numpy as np
from numpy.typing import NDArray

from borgpy.model.devices import DeviceRequest
from borgpy.scheduling.snapshot import ABSENT, DeviceColumns, Ints, Mask, Rows


class Devices:
    """``free`` int64[machines, most devices] in thousandths is changed by `book` alone."""

    def __init__(self, columns: DeviceColumns) -> None:
        self.columns = columns
        self.free: Ints = columns.free.copy()
        self._serving: dict[tuple[str, ...], Mask] = {}

    def fits(self, request: DeviceRequest, rows: Rows | slice) -> Mask:
        """bool[rows]: whether one task could have its devices there now; one that asks for none fits anywhere."""
        if request.count <= 0:
            return np.ones(len(self.columns.models[rows]), np.bool_)
        # A device that does not exist has less than nothing, so that not even a share of nothing fits on it.
        able: NDArray[np.intp] = np.count_nonzero(self.free[rows] >= max(request.millis, 0), axis=1)
        enough: Mask = able >= request.count
        if not request.models:
            return enough
        return enough & self._of(request.models)[self.columns.models[rows]]

    def choose(self, request: DeviceRequest, row: int) -> tuple[int, ...]:
        """The devices that a task gets on a machine where it fits: whole ones by number, else the tightest."""
        free = self.free[row].tolist()
        able = [number for number, left in enumerate(free) if left >= max(request.millis, 0)]
        able.sort(key=lambda number: (free[number], number))
        return tuple(sorted(able[: max(request.count, 0)]))

    def book(self, request: DeviceRequest, row: int, chosen: tuple[int, ...], sign: int) -> None:
        """Take (1) or give back (-1)."""
        self.free[row, list(chosen)] -= sign * max(request.millis, 0)

    def _of(self, models: tuple[str, ...]) -> Mask:
        """bool[models + 1]: which of the columns' models will do; the last stands for a machine without devices."""
        known = self._serving.get(models)
        if known is None:
            known = np.array([*(name in models for name in self.columns.names), False], np.bool_)
            self._serving[models] = known
        return known


def none_of(machines: int) -> DeviceColumns:
    """What a cell has of a kind that none of its machines offers."""
    nothing = np.zeros((machines, 0), np.int64)
    return DeviceColumns(nothing, np.full(machines, ABSENT, np.int64), ())
