"""Borg's table, walked from end to end."""

import itertools

import pytest

from borgpy.errors import IllegalTransition
from borgpy.model.lifecycle import (
    DEAD_PHASE,
    PHASE_STATE,
    TRANSITIONS,
    Phase,
    TaskEvent,
    TaskState,
    transition,
)

LEGAL = {
    "new: submit → pending",
    "pending: schedule → running",
    "pending: update → pending",
    "pending: fail → dead",
    "pending: kill → dead",
    "pending: lost → dead",
    "running: update → running",
    "running: evict → pending",
    "running: finish → dead",
    "running: fail → dead",
    "running: kill → dead",
    "running: lost → dead",
    "dead: submit → pending",
}


def test_the_table_is_that_of_the_paper() -> None:
    found = {
        f"{state.value if state else 'new'}: {event.value} → {after.value}"
        for (state, event), after in TRANSITIONS.items()
    }
    assert found == LEGAL


@pytest.mark.parametrize(
    ("state", "event"),
    [pair for pair in itertools.product([None, *TaskState], TaskEvent) if pair not in TRANSITIONS],
)
def test_every_other_event_is_refused_by_name(state: TaskState | None, event: TaskEvent) -> None:
    with pytest.raises(IllegalTransition, match=event.value) as refused:
        transition(state, event)
    assert (state.value if state else "new") in str(refused.value)


def test_every_phase_belongs_to_one_state_and_every_death_has_its_phase() -> None:
    assert set(PHASE_STATE) == set(Phase)
    deaths = {event for (_, event), after in TRANSITIONS.items() if after is TaskState.DEAD}
    assert set(DEAD_PHASE) == deaths
    assert {PHASE_STATE[phase] for phase in DEAD_PHASE.values()} == {TaskState.DEAD}
