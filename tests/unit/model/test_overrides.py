"""Single tasks of a job may run a spec of their own."""

import pytest

from borgpy.model.overrides import IndexRange, Override, overlaid, parse_ranges
from tests.builders import a_job, a_task_spec


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("0", [(0, 0)]),
        ("0,2,5-9", [(0, 0), (2, 2), (5, 9)]),
        (" 3 - 4 , 7 ", [(3, 4), (7, 7)]),
    ],
)
def test_tasks_are_named_by_their_indexes(text: str, ranges: list[tuple[int, int]]) -> None:
    assert [(r.first, r.last) for r in parse_ranges(text)] == ranges


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'' names no tasks"),
        ("1,", "'' names no tasks"),
        ("a", "'a' names no tasks"),
        ("-1", "'-1' names no tasks"),
        ("1-2-3", "'1-2-3' names no tasks"),
        ("9999999999", "names no tasks"),
        ("5-2", "'5-2' ends before it begins"),
    ],
)
def test_what_names_no_tasks(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_ranges(text)


def over(tasks: str, mark: str) -> Override:
    return Override(parse_ranges(tasks), args={"mark": mark})


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([over("0", "a")], [(0, 0, "a")], id="one task"),
        pytest.param([over("2-9", "a")], [(2, 4, "a")], id="only tasks that there are"),
        pytest.param([over("7", "a")], [], id="none that is there"),
        pytest.param([over("0,4", "a")], [(0, 0, "a"), (4, 4, "a")], id="two tasks"),
        pytest.param(
            [over("0-3", "a"), over("2-4", "b")],
            [(0, 1, "a"), (2, 3, "ab"), (4, 4, "b")],
            id="overlapping",
        ),
        pytest.param([over("0-2,1-3", "a")], [(0, 0, "a"), (1, 2, "a"), (3, 3, "a")], id="twice"),
    ],
)
def test_ranges_with_the_same_overrides(
    overrides: list[Override], expected: list[tuple[int, int, str]]
) -> None:
    found = [
        (first, last, "".join(o.args["mark"] for o in several))
        for first, last, several in overlaid(overrides, 5)
    ]
    assert found == expected


def test_the_later_override_wins() -> None:
    overrides = (
        Override((IndexRange(0, 1),), args={"v": "1", "x": "1"}, env={"A": "a"}),
        Override((IndexRange(1, 1),), args={"v": "2"}),
    )
    job = a_job(replicas=3, task=a_task_spec(args={"v": "0"}), overrides=overrides)
    assert [(variant.first, spec.args, spec.env) for variant, spec in job.variants()] == [
        (0, {"v": "1", "x": "1"}, {"A": "a"}),
        (1, {"v": "2", "x": "1"}, {"A": "a"}),
    ]


def test_an_override_that_changes_nothing_makes_no_variant() -> None:
    task = a_task_spec(args={"v": "0"})
    overrides = (Override((IndexRange(0, 1),), args={"v": "0"}),)
    assert a_job(task=task, overrides=overrides).variants() == ()
