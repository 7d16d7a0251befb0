"""The journal that fails on command does to an append exactly what its fault says."""

import pytest

from borgpy.errors import StoreFull, StoreUnavailable, StoreUncertain
from borgpy.store.faces import Holding, Journal
from borgpy.store.memory import MemoryJournal
from tests.fakes.faulty_journal import Fault, FaultyJournal


@pytest.mark.parametrize(
    ("fault", "error", "holding"),
    [
        (Fault.BEFORE_COMMIT, StoreUnavailable, Holding.NONE),
        (Fault.FULL, StoreFull, Holding.NONE),
        (Fault.LOST_BEFORE_COMMIT, StoreUncertain, Holding.NONE),
        (Fault.LOST_AFTER_COMMIT, StoreUncertain, Holding.ALL),
    ],
)
def test_a_planned_fault_strikes_one_append(
    fault: Fault, error: type[StoreUnavailable], holding: Holding
) -> None:
    journal: Journal = FaultyJournal(MemoryJournal(), Fault.NONE, fault)
    journal.append(1, 1, [(1, b"first")])
    with pytest.raises(StoreUnavailable) as failure:
        journal.append(1, 2, [(1, b"second")])
    assert type(failure.value) is error
    assert journal.holds(1, 2, [(1, b"second")]) is holding

    journal.append(1, journal.last().seq + 1, [(1, b"third")])
    assert journal.read(0)[-1].operation == b"third"


def test_a_full_disk_stays_full_until_there_is_room() -> None:
    journal = FaultyJournal(MemoryJournal())
    journal.full = True
    for _ in range(3):
        with pytest.raises(StoreFull):
            journal.append(1, 1, [(1, b"x")])
    journal.full = False
    journal.append(1, 1, [(1, b"x")])
    assert journal.last().seq == 1
