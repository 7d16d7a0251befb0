"""The devices of one kind while a pass goes on: who fits, which ones a task gets, what is left."""

import numpy as np

from borgpy.model.devices import WHOLE, DeviceRequest
from borgpy.scheduling.snapshot import ABSENT, DeviceColumns, Mask, Rows


class Devices:
    """``free`` int64[machines, most devices] in thousandths is changed by `book` alone."""

    def __init__(self, columns: DeviceColumns) -> None:
        self.columns = columns
        self.free = columns.free.copy()

    def fits(self, request: DeviceRequest, rows: Rows | slice) -> Mask:
        """bool[rows]: whether one task could have its devices there now."""
        enough = (self.free[rows] >= request.millis).sum(axis=1) >= request.count
        if not request.models:
            return enough
        named = [self.columns.names.index(m) for m in request.models if m in self.columns.names]
        return enough & np.isin(self.columns.models[rows], named)

    def choose(self, request: DeviceRequest, row: int) -> tuple[int, ...]:
        """The devices that a task gets on a machine where it fits: whole ones by number, else the tightest."""
        free = self.free[row].tolist()
        able = [number for number, left in enumerate(free) if left >= request.millis]
        able.sort(key=lambda number: (free[number], number))
        return tuple(sorted(able[: request.count]))

    def book(self, request: DeviceRequest, row: int, chosen: tuple[int, ...], sign: int) -> None:
        """Take (1) or give back (-1)."""
        self.free[row, list(chosen)] -= sign * request.millis


def none_of(machines: int) -> DeviceColumns:
    """What a cell has of a kind that none of its machines offers."""
    nothing = np.zeros((machines, 0), np.int64)
    return DeviceColumns(nothing, np.full(machines, ABSENT, np.int64), ())


assert WHOLE == 1000
