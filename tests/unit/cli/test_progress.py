import pytest

from borgpy.cli.progress import Lines, Standing, Wait, remaining, standing
from borgpy.clock import ManualClock
from tests.builders import a_job
from tests.fakes.borgmaster import a_view

JOB = a_job(replicas=5)


@pytest.mark.parametrize(
    ("phases", "reached"),
    [
        pytest.param({"waiting": 5}, {Wait.ACCEPTED}, id="all pending"),
        pytest.param(
            {"waiting": 1, "healthy": 4}, {Wait.ACCEPTED}, id="one pending keeps all others waiting"
        ),
        pytest.param(
            {"assigned": 2, "backing_off": 3},
            {Wait.ACCEPTED, Wait.PLACED},
            id="placed, not running",
        ),
        pytest.param(
            {"running": 1, "unhealthy": 1, "healthy": 3},
            {Wait.ACCEPTED, Wait.PLACED, Wait.RUNNING},
            id="running, not all healthy",
        ),
        pytest.param({"healthy": 5}, set(Wait), id="healthy"),
        pytest.param(
            {"healthy": 3, "finished": 2}, set(Wait), id="finished ones have come all the way"
        ),
        pytest.param({"healthy": 4, "killed": 1}, {Wait.ACCEPTED}, id="a killed one is missing"),
    ],
)
def test_how_far_a_job_has_come(phases: dict[str, int], reached: set[Wait]) -> None:
    now = standing(a_view(JOB, **phases))
    assert {wait for wait in Wait if now.has_reached(wait)} == reached


def test_tasks_of_the_old_version_do_not_count_as_the_new() -> None:
    now = standing(a_view(JOB, healthy=5, outdated=1))
    assert not now.has_reached(Wait.PLACED)
    assert not now.has_reached(Wait.HEALTHY)


def test_hopeless_is_when_only_failed_tasks_are_missing() -> None:
    assert standing(a_view(JOB, healthy=4, failed=1)).is_hopeless(Wait.HEALTHY)
    assert not standing(a_view(JOB, healthy=3, running=1, failed=1)).is_hopeless(Wait.HEALTHY)
    assert not standing(a_view(JOB, healthy=5)).is_hopeless(Wait.HEALTHY)


def test_a_stopped_job_wants_nothing_and_has_some_left() -> None:
    view = a_view(JOB, stopped=True, stopping=3, killed=2)
    assert standing(view).desired == 0
    assert remaining(view) == 3


def test_lines_are_printed_for_changes_only(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(ManualClock(1_700_000_000_000))
    for view in (a_view(JOB, waiting=5), a_view(JOB, waiting=5), a_view(JOB, healthy=5)):
        lines.show([view], {})
    lines.show([view], {JOB.key: ["waits for memory\x1b[2J"]})
    lines.show([view], {JOB.key: ["waits for memory\x1b[2J"]})
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "2023-11-14T22:13:20.000Z alice/web: 5 desired, 0 placed, 0 running, 0 healthy",
        "2023-11-14T22:13:20.000Z alice/web: 5 desired, 5 placed, 5 running, 5 healthy",
        "2023-11-14T22:13:20.000Z alice/web: waits for memory [2J",
    ]


def test_a_standing_says_what_is_wrong_besides() -> None:
    assert str(Standing(9, 8, 7, 6, 1, 2)).endswith("1 failed, 2 not at this version yet")
