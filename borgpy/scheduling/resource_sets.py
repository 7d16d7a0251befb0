"""The resource sets of one name while a pass goes on: who fits, which set a task gets, what is left."""

import numpy as np

from borgpy.model.resource_sets import SetRequest
from borgpy.scheduling.snapshot import ABSENT, Ints, Mask, Rows, SetColumns


class Sets:
    """The columns of `SetColumns`, changed by `book` alone."""

    def __init__(self, columns: SetColumns) -> None:
        self.slots = columns.slots
        self.used: Ints = columns.used.copy()
        self.tasks: Ints = columns.tasks.copy()
        self.values: Ints = columns.values.copy()
        self._codes = {value: code for code, value in enumerate(columns.served)}

    def fits(self, request: SetRequest, rows: Rows | slice) -> Mask:
        """bool[rows]: whether one task could have a set there now."""
        return self._open(request, rows).any(axis=1)

    def choose(self, request: SetRequest, row: int) -> int:
        """The number of the set that a task gets where it fits: one that serves its value already, if any has room."""
        open_here = self._open(request, np.array([row]))[0]
        shared = np.flatnonzero(open_here & (self.tasks[row] > 0))
        return int(shared[0] if shared.size else np.flatnonzero(open_here)[0])

    def book(self, request: SetRequest, row: int, number: int, sign: int) -> None:
        """Take (1) or give back (-1); a set that its last task leaves serves nobody."""
        self.used[row, number] += sign * request.slots
        self.tasks[row, number] += sign
        empty = self.tasks[row, number] == 0
        self.values[row, number] = ABSENT if empty else self._code(request.value)

    def _open(self, request: SetRequest, rows: Rows | slice) -> Mask:
        tasks, values = self.tasks[rows], self.values[rows]
        room = self.used[rows] + request.slots <= self.slots[rows][:, None]
        return room & ((tasks == 0) | ((tasks > 0) & (values == self._code(request.value))))

    def _code(self, value: str) -> int:
        return self._codes.setdefault(value, len(self._codes))
