"""A file is written down in one way."""

import pytest

from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.reading.format import format_text
from tests.unit.bcl.samples import LECTURE


def formatted(text: str) -> str:
    return format_text(Source("main.borg", text))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a=1", "a = 1", id="an equals sign"),
        pytest.param("a  =  1+2*-3 - -x%2/4", "a = 1 + 2 * -3 - -x % 2 / 4", id="operators"),
        pytest.param("a = - 5 + - - x", "a = -5 + --x", id="signs"),
        pytest.param("a=b<=c and not d in[e]", "a = b <= c and not d in [e]", id="words"),
        pytest.param("a={b=1}", "a = { b = 1 }", id="braces"),
        pytest.param("a={ }", "a = {}", id="empty braces"),
        pytest.param("a=[ 1,2 , 3 ]", "a = [1, 2, 3]", id="a list"),
        pytest.param("a=[1,]", "a = [1]", id="a last comma of a line"),
        pytest.param("a = f ( b , c=d )", "a = f(b, c = d)", id="a call"),
        pytest.param("a = b [0] . c", "a = b[0].c", id="steps"),
        pytest.param("a = (b)*(c)", "a = (b) * (c)", id="parentheses"),
        pytest.param("a = 1 . b", "a = 1 .b", id="a number does not go on"),
        pytest.param("a = /b . c", "a = /b .c", id="nor does a path"),
        pytest.param("a = b{c=d}{e+=[f]}", "a = b { c = d } { e += [f] }", id="extensions"),
        pytest.param("a{b{c=1}}", "a { b { c = 1 } }", id="blocks"),
        pytest.param("a:int?|[ {number} ]=1", "a: int? | [{number}] = 1", id="types"),
        pytest.param("a=lambda b,c=1:b", "a = lambda b, c = 1: b", id="functions"),
        pytest.param("a=lambda:1", "a = lambda: 1", id="a function of nothing"),
        pytest.param("a=[b for c,d in e if f]", "a = [b for c, d in e if f]", id="loops"),
        pytest.param("a={for k,v in r:[k]=v}", "a = { for k, v in r: [k] = v }", id="of records"),
        pytest.param("assert a>1:'b'", "assert a > 1 : 'b'", id="asserts"),
        pytest.param("assert lambda a:a:'b'", "assert lambda a: a : 'b'", id="of functions"),
        pytest.param("job[a]=b for a in c", "job [a] = b for a in c", id="declarations"),
        pytest.param("""a=f'{b  }'+ "c  " """, """a = f'{b  }' + "c  \"""", id="texts stay"),
        pytest.param("a=x//b", "a = x //b", id="comments stay"),
        pytest.param("a=x    // b", "a = x    // b", id="and where they are"),
        pytest.param("a=/*b*/1/*c*/", "a = /*b*/ 1 /*c*/", id="comments within"),
        pytest.param("a=1;b=2,c=3", "a = 1, b = 2, c = 3", id="separators of a line"),
        pytest.param(",a=1;;,b=2;", "a = 1, b = 2", id="needless separators"),
        pytest.param("a=1 b=2", "a = 1 b = 2", id="none are added"),
        pytest.param("{}".join(("a=", ",b=2")), "a = {}, b = 2", id="behind braces"),
        pytest.param("r={a=1,}", "r = { a = 1 }", id="before a brace"),
        pytest.param("a=lambda b,c:1,d=2", "a = lambda b, c: 1, d = 2", id="of a function or not"),
        pytest.param("\ufeffa = 1", "a = 1", id="a byte order mark"),
    ],
)
def test_a_line(text: str, line: str) -> None:
    assert formatted(text) == f"{line}\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("\n\n", [], id="blank lines"),
        pytest.param(
            "\n// a\n\n\n\nb = 1\n\n", ["// a", "", "b = 1"], id="one blank line is enough"
        ),
        pytest.param("a = {\n\nb = 1\n\n}", ["a = {", "  b = 1", "}"], id="and none at a bracket"),
        pytest.param("a = 1,\nb = 2;\n", ["a = 1", "b = 2"], id="separators at line ends"),
        pytest.param("a = 1\n, b = 2", ["a = 1", "b = 2"], id="and at line beginnings"),
        pytest.param("a = [\n1,\n2,\n]", ["a = [", "  1,", "  2,", "]"], id="commas of lists stay"),
        pytest.param(
            "a = [{\nb = 1\n}, {\nc = 2 }]",
            ["a = [{", "  b = 1", "}, {", "  c = 2 }]"],
            id="brackets that open in one line",
        ),
        pytest.param(
            "a = {\nb = f(\nc\n) }",
            ["a = {", "  b = f(", "    c", "  ) }"],
            id="brackets in brackets",
        ),
        pytest.param(
            "a = {\nb = if c\nthen d\nelse e\nf = 1 }",
            ["a = {", "  b = if c", "    then d", "    else e", "  f = 1 }"],
            id="what goes on is further in",
        ),
        pytest.param("a = b +\n c", ["a = b +", "  c"], id="an operator"),
        pytest.param("a =\n1", ["a =", "  1"], id="a value"),
        pytest.param("hidden\na = 1", ["hidden", "  a = 1"], id="a name"),
        pytest.param("job\na = {}", ["job", "  a = {}"], id="a declaration"),
        pytest.param("hidden a = b\n{ c = 1 }", ["hidden a = b", "  { c = 1 }"], id="an extension"),
        pytest.param(
            "a = {\n// b\nc = 1 // d\n// e\n}",
            ["a = {", "  // b", "  c = 1 // d", "  // e", "}"],
            id="comments",
        ),
        pytest.param("a = 1 +\n// b\n2", ["a = 1 +", "  // b", "  2"], id="comments in between"),
        pytest.param(
            "a = { /* b\n   c */ d = 1 }",
            ["a = { /* b", "   c */ d = 1 }"],
            id="long comments stay",
        ),
        pytest.param('a = """b\r\n  c"""\r\n', ['a = """b', '  c"""'], id="one kind of line ends"),
        pytest.param("a = 1\n// b\n;", ["a = 1", "// b"], id="a comment before no more than that"),
        pytest.param("// a  \r\nb = 1", ["// a", "b = 1"], id="also behind comments"),
    ],
)
def test_lines(text: str, lines: list[str]) -> None:
    assert formatted(text) == "".join(f"{line}\n" for line in lines)


def test_the_lectures_listing_is_in_order() -> None:
    assert formatted(LECTURE) == LECTURE
    assert formatted(LECTURE.replace("\n  ", "\n      ").replace(" = ", "=")) == LECTURE


def test_bare_words_are_quoted_where_they_are_told_to() -> None:
    text = "cell=ic\nname = ic"
    assert format_text(Source("main.borg", text), [text.index("ic")]) == 'cell = "ic"\nname = ic\n'


def test_what_cannot_be_read_is_not_formatted() -> None:
    with pytest.raises(BclError):
        formatted("a = = 1")
