"""The resource sets of one name while a pass goes on: who fits, which set a task gets, what is left."""

import numpy as np

from borgpy.model.resource_sets import SetRequest
from borgpy.scheduling.snapshot import ABSENT, MAX_AMOUNT, Ints, Mask, Rows, SetColumns


class Sets:
    """The columns of `SetColumns`, changed by `book` alone.

    A task that asks for no set of this name takes part all the same, with the request `shared`: where a machine has
    such sets it is on one of them, which then serves nobody by name (a network interface that every task without a
    security group is on); where a machine has none it needs none.
    """

    def __init__(self, columns: SetColumns) -> None:
        self.slots = columns.slots
        self.used: Ints = columns.used.copy()
        self.tasks: Ints = columns.tasks.copy()
        self.values: Ints = columns.values.copy()
        self._codes = {value: code for code, value in enumerate(columns.served)}
        self._without = np.asarray((columns.tasks == ABSENT).all(axis=1), np.bool_)

    def fits(self, request: SetRequest, rows: Rows | slice) -> Mask:
        """bool[rows]: whether one task could have a set there now, or needs none."""
        able: Mask = np.asarray(self._open(request, rows).any(axis=1))
        if _is_shared(request):
            np.logical_or(able, self.has_none(rows), out=able)
        return able

    def has_none(self, rows: Rows | slice) -> Mask:
        """bool[rows]: which machines have no sets of this name."""
        return self._without[rows]

    def choose(self, request: SetRequest, row: int) -> int:
        """The number of the set that a task gets where it fits, `ABSENT` where it needs none.

        A set that serves its value already, if one has room: that leaves most sets to others.
        """
        if _is_shared(request) and self._without[row]:
            return ABSENT
        able = self._open(request, slice(row, row + 1))[0]
        sharing = able & (self.tasks[row] > 0)
        return int((sharing if sharing.any() else able).argmax())

    def book(self, request: SetRequest, row: int, number: int, sign: int) -> None:
        """Take (1) or give back (-1); a set that its last task leaves serves nobody."""
        if number == ABSENT:
            return
        self.used[row, number] += sign * _slots(request)
        self.tasks[row, number] += sign
        empty = self.tasks[row, number] == 0
        self.values[row, number] = ABSENT if empty else self._code(request.value)

    def _open(self, request: SetRequest, rows: Rows | slice) -> Mask:
        """bool[rows, sets]: which sets could take one more task."""
        tasks = self.tasks[rows]
        serving = (tasks > 0) & (self.values[rows] == self._code(request.value))
        room = self.used[rows] + _slots(request) <= self.slots[rows][:, None]
        able: Mask = room & ((tasks == 0) | serving)
        return able

    def _code(self, value: str) -> int:
        return self._codes.setdefault(value, len(self._codes))


def shared(name: str) -> SetRequest:
    """What a task asks for that does not ask for a set of this name."""
    return SetRequest(name, "", 0)


def none_of(machines: int) -> SetColumns:
    """What a cell has of a name that none of its machines offers."""
    nothing = np.zeros((machines, 0), np.int64)
    return SetColumns(np.zeros(machines, np.int64), nothing, nothing, nothing, ())


def _is_shared(request: SetRequest) -> bool:
    return not request.value and request.slots <= 0


def _slots(request: SetRequest) -> int:
    """Asked slots, of which more than any set can have stays more."""
    return min(max(request.slots, 0), MAX_AMOUNT + 1)
