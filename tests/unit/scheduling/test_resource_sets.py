"""Two-level resource sets during a pass, with Fenzo's scenarios under their numbers (G1 to G7)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.model.resource_sets import SetOffer, SetRequest, SetState
from borgpy.model.resources import NOTHING
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts
from borgpy.scheduling.resource_sets import Sets, none_of, shared
from borgpy.scheduling.snapshot import ABSENT

ALL = slice(None)


def a_host(
    name: str = "a", count: int = 3, slots: int = 8, states: tuple[SetState, ...] = ()
) -> MachineFacts:
    """A machine with ``count`` network interfaces of ``slots`` addresses each."""
    offer = SetOffer("eni", count, slots)
    return MachineFacts(name, NOTHING, NOTHING, sets=(offer,), set_states={"eni": states})


def sets_of(*facts: MachineFacts) -> Sets:
    columns = Columns()
    columns.update(facts)
    return Sets(columns.snapshot(1, ()).sets["eni"])


def place(sets: Sets, value: str, slots: int = 1, row: int = 0) -> int | None:
    """The interface that a task of this security group gets, if any."""
    request = SetRequest("eni", value, slots)
    if not sets.fits(request, np.array([row]))[0]:
        return None
    number = sets.choose(request, row)
    sets.book(request, row, number, 1)
    return number


def leave(sets: Sets, value: str, number: int, slots: int = 1) -> None:
    sets.book(SetRequest("eni", value, slots), 0, number, -1)


def test_g1_equal_values_share_a_set() -> None:
    sets = sets_of(a_host())
    assert [place(sets, value) for value in ("sg1", "sg2", "sg1", "sg2")] == [0, 1, 0, 1]
    assert sets.tasks.tolist() == [[2, 2, 0]]


def test_g2_when_all_sets_serve_somebody_only_their_values_have_room() -> None:
    sets = sets_of(a_host())
    assert [place(sets, value) for value in ("sg1", "sg2", "sg3")] == [0, 1, 2]
    assert place(sets, "sg1") == 0
    assert place(sets, "sg4") is None


def test_g3_a_full_set_is_left_for_another_one() -> None:
    sets = sets_of(a_host(slots=2))
    assert [place(sets, "sg1", 2) for _ in range(4)] == [0, 1, 2, None]


def test_g4_tasks_without_slots_share_without_limit() -> None:
    sets = sets_of(a_host(slots=1))
    assert (place(sets, "sg1"), place(sets, "sg2")) == (0, 1)
    assert [place(sets, "sg3", 0) for _ in range(20)] == [2] * 20


def test_g5_a_task_without_a_request_is_on_a_set_of_all_such_tasks() -> None:
    sets = sets_of(a_host())
    assert (place(sets, "sg1"), place(sets, "sg2")) == (0, 1)
    number = sets.choose(shared("eni"), 0)
    sets.book(shared("eni"), 0, number, 1)
    assert number == 2
    assert place(sets, "sg3") is None
    assert sets.choose(shared("eni"), 0) == 2


def test_a_set_that_a_task_without_a_request_leaves_is_free_again() -> None:
    """Fenzo never releases it."""
    sets = sets_of(a_host(count=1))
    number = sets.choose(shared("eni"), 0)
    sets.book(shared("eni"), 0, number, 1)
    assert place(sets, "sg1") is None
    sets.book(shared("eni"), 0, number, -1)
    assert place(sets, "sg1") == 0


def test_g6_what_runs_already_holds_its_sets() -> None:
    states = (SetState("sg1", 2, 2), SetState("sg2", 1, 1))
    sets = sets_of(a_host(count=2, states=states))
    assert place(sets, "sg1") == 0
    assert place(sets, "sg3") is None
    assert place(sets, "sg2") == 1
    assert sets.used.tolist() == [[3, 2]]


def test_g7_the_last_task_sets_a_set_free_for_another_value() -> None:
    sets = sets_of(a_host(count=1))
    assert [place(sets, "sg1"), place(sets, "sg1"), place(sets, "sg2")] == [0, 0, None]
    leave(sets, "sg1", 0)
    assert place(sets, "sg2") is None
    leave(sets, "sg1", 0)
    assert place(sets, "sg2") == 0
    assert place(sets, "sg1") is None


def test_g7_a_machine_without_tasks_may_come_to_offer_other_sets() -> None:
    columns = Columns()
    columns.update([a_host(count=2, states=(SetState("sg1", 1, 1),))])
    columns.update([a_host(count=1)])
    sets = Sets(columns.snapshot(1, ()).sets["eni"])
    assert (place(sets, "sg2"), place(sets, "sg3")) == (0, None)


def test_a_machine_without_such_sets_takes_only_those_who_ask_for_none() -> None:
    sets = sets_of(a_host("a"), MachineFacts("b", NOTHING, NOTHING))
    assert sets.fits(SetRequest("eni", "sg1"), ALL).tolist() == [True, False]
    assert sets.fits(SetRequest("eni", "sg1", 0), ALL).tolist() == [True, False]
    assert sets.fits(shared("eni"), ALL).tolist() == [True, True]
    assert sets.choose(shared("eni"), 1) == ABSENT
    sets.book(shared("eni"), 1, ABSENT, 1)
    assert sets.tasks.tolist() == [[0, 0, 0], [ABSENT] * 3]


def test_sets_that_no_machine_has_serve_only_those_who_ask_for_none() -> None:
    sets = Sets(none_of(2))
    assert sets.fits(SetRequest("eni", "sg1"), ALL).tolist() == [False, False]
    assert sets.fits(shared("eni"), np.array([1])).tolist() == [True]
    assert sets.choose(shared("eni"), 1) == ABSENT


@pytest.mark.parametrize(
    ("slots", "number"),
    [
        pytest.param(8, 0, id="a whole set"),
        pytest.param(9, None, id="more than one set has"),
        pytest.param(2**80, None, id="absurdly many"),
        pytest.param(-5, 0, id="a negative number is nothing"),
    ],
)
def test_how_many_slots_fit(slots: int, number: int | None) -> None:
    sets = sets_of(a_host())
    assert place(sets, "sg1", slots) == number
    assert sets.used.min() >= 0


@pytest.mark.parametrize(
    ("fact", "tasks", "used"),
    [
        pytest.param(
            a_host(count=1, states=(SetState("x", 1, 1), SetState("y", 2, 2))),
            [1],
            [1],
            id="more states than sets",
        ),
        pytest.param(
            a_host(count=2, states=(SetState("x", 5, 0), SetState("y", 2, -2))),
            [0, 0],
            [0, 0],
            id="values that nobody is served",
        ),
        pytest.param(
            a_host(count=2, states=(SetState("x", -5, 1), SetState("y", 2**80, 2**80))),
            [1, 2**60],
            [0, 2**60],
            id="absurd amounts",
        ),
        pytest.param(a_host(count=10**12), [0] * 1024, [0] * 1024, id="absurdly many"),
    ],
)
def test_what_a_machine_says_is_taken_as_far_as_it_makes_sense(
    fact: MachineFacts, tasks: list[int], used: list[int]
) -> None:
    sets = sets_of(fact)
    assert (sets.tasks.tolist(), sets.used.tolist()) == ([tasks], [used])


@pytest.mark.parametrize("count", [0, -3])
def test_a_machine_with_no_sets_of_a_name_does_not_have_the_name(count: int) -> None:
    columns = Columns()
    columns.update([a_host(count=count)])
    assert columns.snapshot(1, ()).sets == {}


def test_values_that_nobody_is_served_any_more_are_forgotten() -> None:
    columns = Columns()
    for number in range(5000):
        columns.update([a_host(states=(SetState(f"sg{number}", 1, 1),)), a_host("b")])
        if number % 1000 == 999:
            columns.snapshot(1, ())
    made = columns.snapshot(1, ()).sets["eni"]
    assert made.served == ("sg4999",)
    assert made.values.tolist() == [[0, ABSENT, ABSENT], [ABSENT] * 3]


values = st.sampled_from(["", "sg1", "sg2", "sg3"])


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 4)), min_size=1, max_size=3),
    st.lists(
        st.tuples(values, st.integers(0, 3), st.integers(0, 2), st.integers(0, 9)), max_size=40
    ),
)
def test_no_set_serves_two_values_and_giving_back_restores_what_was(
    machines: list[tuple[int, int]], steps: list[tuple[str, int, int, int]]
) -> None:
    running = (SetState("sg1", 1, 2),)
    facts = [a_host(f"m{i}", count, slots, running) for i, (count, slots) in enumerate(machines)]
    sets = sets_of(*facts)
    before = [column.copy() for column in (sets.used, sets.tasks, sets.values)]
    holders: list[tuple[SetRequest, int, int]] = []
    for value, slots, row, back in steps:
        row %= len(facts)
        request = SetRequest("eni", value, slots)
        if back < 4 and holders:
            sets.book(*holders.pop(back % len(holders)), -1)
        elif sets.fits(request, np.array([row]))[0]:
            number = sets.choose(request, row)
            sets.book(request, row, number, 1)
            holders.append((request, row, number))
        added = np.zeros_like(before[0])
        for request, row, number in holders:
            added[row, number] += request.slots
        assert np.array_equal(sets.used - added, before[0])
        assert (added[sets.used > sets.slots[:, None]] == 0).all()
        served: dict[tuple[int, int], set[str]] = {}
        for request, row, number in holders:
            served.setdefault((row, number), {"sg1"} if number == 0 else set()).add(request.value)
        assert all(len(one) == 1 for one in served.values())
    for holder in reversed(holders):
        sets.book(*holder, -1)
    after = [sets.used, sets.tasks, sets.values]
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True))
