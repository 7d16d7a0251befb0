"""What people read when a file is wrong: position, excerpt, caret, and a way out."""

import pytest

from borgpy.bcl.diagnostics import MAX_DIAGNOSTICS
from borgpy.errors import InvalidConfig
from tests.unit.bcl.samples import LECTURE, error_of, job_text


def test_a_wrong_unit_is_shown_with_its_caret_and_what_was_meant() -> None:
    assert str(error_of(LECTURE.replace("100M", "100m", 1), "jobs/web.borg")) == (
        "jobs/web.borg:6:11: error[unit]: requirements.ram is 0.1 bytes\n"
        "    6 |     RAM = 100m\n"
        "      |           ^^^^ 'm' is milli, 'M' is mega\n"
        "  help: did you mean 100M (100,000,000 B = 95.4 MiB)?"
    )


def test_a_misspelt_field_is_shown_with_the_right_one() -> None:
    assert str(error_of(LECTURE.replace("replicas", "replica"))) == (
        "main.borg:10:3: error[field]: unknown field 'replica' in job hello_world\n"
        "   10 |   replica = 10000\n"
        "      |   ^^^^^^^ did you mean 'replicas'?\n"
        "  note: an input of a template must be declared hidden"
    )


def test_a_lost_line_break_names_the_bracket_and_the_comment_that_swallows_the_rest() -> None:
    line = "job j = { replicas = 1 // how many? binary = /b/x }"
    assert str(error_of(line, "hello.borg")) == (
        "hello.borg:1:52: error[syntax]: unexpected end of file, unclosed '{' opened at 1:9\n"
        f"    1 | {line}\n"
        f"      | {' ' * len(line)}^\n"
        "  note: the comment starting at 1:24 hides the rest of line 1"
    )


def test_a_cycle_shows_its_path() -> None:
    assert str(error_of("a = b\nb = a\n")) == (
        "main.borg:1:5: error[cycle]: 'a' depends on itself\n"
        "    1 | a = b\n"
        "      |     ^\n"
        "  note: a (main.borg:1:1) -> b (main.borg:2:1) -> a\n"
        "  help: use super.a for the inherited value, up.a for the enclosing one"
    )


def test_all_independent_mistakes_are_reported_at_once_in_the_order_of_the_file() -> None:
    error = error_of(job_text("replicas = 0\n cpus = 1\n priority = 9000\n notice = 5"))
    assert [(d.code, d.span.line) for d in error.diagnostics] == [
        ("range", 1),
        ("field", 2),
        ("range", 3),
        ("unit", 4),
    ]
    assert error.code == "range"
    assert str(error).startswith("main.borg:1:")
    assert str(error).count("error[") == 4


def test_what_is_broken_once_is_reported_once() -> None:
    error = error_of("a = nope\nb = a\nc = [a, b]\nlocal d = b\ne = d\n")
    assert [str(d.span) for d in error.diagnostics] == ["main.borg:1:5"]


def test_no_more_mistakes_are_shown_than_a_person_takes_in() -> None:
    error = error_of("".join(f"f{n} = nope{n}\n" for n in range(50)))
    assert len(error.diagnostics) == MAX_DIAGNOSTICS
    assert str(error).endswith("and 30 more errors")


def test_each_declaration_gets_its_own_syntax_error() -> None:
    broken = "a = = 1\njob x = {\n  replicas 3\n  binary 4\n}\nb = 5Q\nc = 'open\nd = 1\n"
    error = error_of(broken)
    assert [(d.code, d.span.line) for d in error.diagnostics] == [
        ("syntax", 1),
        ("syntax", 3),
        ("syntax", 6),
        ("syntax", 7),
    ]


def test_a_job_that_is_never_closed_is_noticed_at_the_next_one() -> None:
    error = error_of("job a = {\n  replicas = 1\n\njob b = {\n  replicas = = 2\n}\n")
    first, second = error.diagnostics
    assert first.span.line == 4
    assert first.notes == ("'{' opened at 1:9 is not closed above this line",)
    assert second.span.line == 5


def test_a_long_line_is_shown_around_the_caret_only() -> None:
    (diagnostic,) = error_of("x = [" + "1, " * 500 + "5Q" + ", 1" * 500 + "]").diagnostics
    assert len(diagnostic.excerpt) < 140
    caret = diagnostic.caret.index("^")
    assert diagnostic.excerpt[caret : caret + len(diagnostic.caret.strip())] == "Q"


def test_control_characters_of_a_file_never_reach_the_terminal() -> None:
    text = str(error_of("'\x1b[31m' = 1\n'\x1b[31m' = nope\t\x1b[31m\n"))
    assert "\x1b" not in text
    assert "\t" not in text


def test_a_broken_file_is_an_invalid_configuration() -> None:
    error = error_of("x = nope")
    assert isinstance(error, InvalidConfig)
    assert error.exit_code == 4


@pytest.mark.parametrize("count", [1, 100_000])
def test_an_error_stays_short_however_long_the_word(count: int) -> None:
    assert len(str(error_of("x = " + "n" * count))) < 2000
