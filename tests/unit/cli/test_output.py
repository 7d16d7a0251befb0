import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.cli.output import Table, age, columns, moment, printable, share_text
from borgpy.model.resources import Resources


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (-5, "0s"),
        (4_999, "4s"),
        (252_000, "4m12s"),
        (3 * 3_600_000 + 5 * 60_000, "3h05m"),
        (2 * 86_400_000 + 4 * 3_600_000, "2d04h"),
    ],
)
def test_an_age_in_two_units_at_most(milliseconds: int, text: str) -> None:
    assert age(milliseconds) == text


def test_columns_line_up_and_end_without_blanks() -> None:
    table = Table(("TASK", "STATE", "REASON"), [("0", "healthy", ""), ("10", "running", "new")])
    assert columns(table, headers=True) == [
        "TASK  STATE    REASON",
        "0     \x1b[32mhealthy\x1b[0m",
        "10    \x1b[36mrunning\x1b[0m  new",
    ]
    assert len(columns(table, headers=False)) == 2


@given(st.text())
def test_what_a_task_says_never_moves_the_cursor(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)


def test_a_moment_in_utc() -> None:
    assert moment(1_700_000_000_123, utc=True) == "2023-11-14T22:13:20.123Z"


def test_what_is_used_of_what() -> None:
    used = Resources(cpu=500, ram=1 << 20, ports=3)
    limit = Resources(cpu=8000, ram=1 << 30, ports=1000)
    assert share_text("cpu", used, limit) == "0.5 of 8"
    assert share_text("ram", used, limit) == "1 MiB of 1 GiB"
    assert share_text("ports", used, limit) == "3 of 1,000"
    assert share_text("gpu_millis", used, None) == "0 of any"
