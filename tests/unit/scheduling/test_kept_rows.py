"""What is kept of scores takes bounded memory, and is worked out anew when it was dropped."""

import pytest

from borgpy.model.policy import Policy
from borgpy.scheduling import scores
from borgpy.scheduling.room import Kept
from borgpy.scheduling.schedule import schedule_pass
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job, amounts


def test_dropping_rows_of_scores_changes_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = tuple(
        a_pending_job(f"user{i % 3}/job{i}", tasks=2, request=amounts(1 + i % 2, 1 + i % 5))
        for i in range(30)
    )
    cell = a_cell(*(a_machine(f"m{i}") for i in range(8)), pending=jobs)
    expected = schedule_pass(cell, Policy(), 1)
    assert expected.placements
    monkeypatch.setattr(scores, "MOST_SCORES", 20)  # two rows and a half
    kept = Kept()
    for _ in range(3):
        assert schedule_pass(cell, Policy(), 1, kept=kept) == expected
