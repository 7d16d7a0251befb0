"""What cannot be read is refused where it stands, with what to do about it."""

import pytest

from tests.unit.bcl.samples import error_of


@pytest.mark.parametrize(
    ("source", "position", "message", "way_out"),
    [
        pytest.param("r = {\n a = 1\n", "2:7", "'{' opened at 1:5", "", id="an open brace"),
        pytest.param("r = {\n n 3\n}", "2:4", "expected '='", "", id="no equals sign"),
        pytest.param("a = 'abc\nb = 1", "1:5", "unterminated string", "", id="an open string"),
        pytest.param('a = """abc\nb = 1', "1:5", "unterminated string", "", id="an open text"),
        pytest.param("a = 1 /* b", "1:7", "unterminated comment", "", id="an open comment"),
        pytest.param("a = 5Q", "1:6", "unknown unit 'Q'", "the units are", id="no unit"),
        pytest.param("a = 0644", "1:5", "'0644' is no number", "quote it", id="an octal"),
        pytest.param("a = 1.2.3", "1:5", "'1.2.3' is no number", "quote it", id="a version"),
        pytest.param("a = ../b//c", "1:9", "'//' starts a comment", "quote", id="a glued comment"),
        pytest.param("a = ./b$c", "1:5", "no bare path", "quote it", id="a strange path"),
        pytest.param("a = /b/", "1:5", "no bare path", "quote it", id="a path without an end"),
        pytest.param("a = http://h", "1:9", "unexpected ':'", "'http://h'", id="a URL"),
        pytest.param("a = us-east1-b", "1:7", "unexpected '-'", "'us-east1-b'", id="dashes"),
        pytest.param("a: 1", "1:2", "unexpected ':'", "", id="a colon"),
        pytest.param("if = 3", "1:1", "'if' is a reserved word", "", id="a reserved name"),
        pytest.param("a = lambda x: x", "1:5", "reserved word", "", id="a function"),
        pytest.param("a = true && false", "1:10", "unexpected '&'", "'and'", id="another and"),
        pytest.param("a = 1 + 2", "1:7", "unexpected '+'", "no arithmetic", id="a sum"),
        pytest.param("a = b { c = 1 }", "1:7", "unexpected '{'", "inheritance", id="inheritance"),
        pytest.param("a = [1 2]", "1:8", "expected ',' or ']'", "", id="a list without commas"),
        pytest.param("jbo a = {}", "1:1", "unknown declaration", "'job'", id="a misspelt kind"),
        pytest.param("a = '\\q'", "1:6", "unknown escape", r"\uXXXX", id="an escape"),
        pytest.param("a = \x00", "1:5", "U+0000", "", id="a control character"),
        pytest.param("a = }", "1:5", "unexpected '}', expected a value", "", id="no value"),
    ],
)
def test_what_cannot_be_read(source: str, position: str, message: str, way_out: str) -> None:
    error = error_of(source)
    assert error.code == "syntax"
    assert str(error).startswith(f"main.borg:{position}: error[syntax]: ")
    assert message in error.diagnostics[0].message
    assert way_out in error.diagnostics[0].help


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = " + "[" * 5000 + "1" + "]" * 5000, id="lists"),
        pytest.param("x = " + "{a=" * 100_000, id="records"),
        pytest.param("x = 1 // " + "x" * (4 << 20), id="a long file"),
        pytest.param("x = '" + "x" * (1 << 21) + "'", id="a long string"),
    ],
)
def test_hostile_sizes_are_refused(source: str) -> None:
    assert error_of(source).code == "limit"


def test_words_that_later_releases_reserve_may_be_quoted() -> None:
    assert "quote it if it is text" in str(error_of("mode = final"))
