"""A journal that fails when it is told to, in every way in which a real one can."""

from collections import deque
from collections.abc import Sequence
from enum import Enum

from borgpy.errors import StoreFull, StoreUnavailable, StoreUncertain
from borgpy.store.faces import PAGE, Holding, Journal, Position, Row


class Fault(Enum):
    """What becomes of one append."""

    NONE = "none"
    BEFORE_COMMIT = "before commit"  # refused: nothing is there
    FULL = "full"  # refused, for want of space
    LOST_BEFORE_COMMIT = "lost before commit"  # outcome unknown, and nothing is there
    LOST_AFTER_COMMIT = "lost after commit"  # outcome unknown, and all of it is there


class FaultyJournal:
    """Wraps a journal; each append takes the next planned fault, and works once the plan is used up."""

    def __init__(self, journal: Journal, *plan: Fault) -> None:
        self._journal = journal
        self._plan = deque(plan)
        self.full = False

    def plan(self, *faults: Fault) -> None:
        self._plan.extend(faults)

    def append(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> None:
        fault = self._plan.popleft() if self._plan else Fault.NONE
        if self.full or fault is Fault.FULL:
            raise StoreFull("the disk of the store is full")
        if fault is Fault.BEFORE_COMMIT:
            raise StoreUnavailable("the store did not answer")
        if fault is not Fault.LOST_BEFORE_COMMIT:
            self._journal.append(epoch, first_seq, entries)
        if fault is not Fault.NONE:
            raise StoreUncertain("the store broke off while it committed")

    def read(self, after: int, limit: int = PAGE) -> list[Row]:
        return self._journal.read(after, limit)

    def last(self) -> Position:
        return self._journal.last()

    def holds(self, epoch: int, first_seq: int, entries: Sequence[tuple[int, bytes]]) -> Holding:
        return self._journal.holds(epoch, first_seq, entries)

    def prune(self, before_seq: int) -> int:
        return self._journal.prune(before_seq)
