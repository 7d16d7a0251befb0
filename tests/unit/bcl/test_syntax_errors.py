"""What cannot be read is refused where it stands, with what to do about it."""

import pytest

from borgpy.bcl.diagnostics import MAX_DIAGNOSTICS, BclError, Diagnostic
from tests.unit.bcl.syntax_text import parsed


def errors_in(source: str) -> tuple[Diagnostic, ...]:
    """Every mistake in the text."""
    with pytest.raises(BclError) as caught:
        parsed(source)
    return caught.value.diagnostics


def error_in(source: str) -> Diagnostic:
    """The first mistake in the text."""
    return errors_in(source)[0]


FOREIGN = [
    ("a = b && c", "1:7", "unexpected '&&'", "BCL writes 'and'"),
    ("a = b || c", "1:7", "unexpected '||'", "BCL writes 'or'"),
    ("a = b & c", "1:7", "unexpected '&'", "BCL writes 'and'"),
    ("a = !b", "1:5", "unexpected '!', expected a value", "BCL writes 'not'"),
    ("a = b === c", "1:7", "unexpected '===', expected a value", "BCL writes '=='"),
    ("a = b !== c", "1:7", "unexpected '!==', expected a value", "BCL writes '!='"),
    ("a = b <> c", "1:7", "unexpected '<>', expected a value", "BCL writes '!='"),
    ("a = b ++ c", "1:7", "unexpected '++', expected a value", "a single '+' adds"),
    ("a = b ** 2", "1:7", "unexpected '**', expected a value", "x * x"),
    ("a = b => c", "1:7", "unexpected '=>'", "a function is 'lambda x: x + 1'"),
    ("a = b -> c", "1:7", "unexpected '->', expected a value", "a function is 'lambda x: x + 1'"),
    ("a = b ? c : d", "1:7", "unexpected '?'", "if condition then value else other"),
    ("a = b ?? c", "1:7", "unexpected '??'", "if x != null then x else other"),
    ("a := 1", "1:3", "unexpected ':=', expected a type", "write '='"),
    ("a -= 1", "1:3", "unexpected '-=', expected a field", "write x = super.x - 1"),
    ("a = ...b", "1:5", "unexpected '...', expected a value", "extend it"),
    ("a = b is c", "1:7", "unexpected 'is'", "BCL writes '=='"),
    ("a = b if c else d", "1:7", "unexpected 'if'", "if condition then value else other"),
    ("a = b not c", "1:11", "unexpected 'c', expected 'in' behind 'not'", "x not in xs"),
    ("a = +1", "1:5", "unexpected '+', expected a value", "no sign"),
    ("a = (1, 2)", "1:7", "unexpected ',', expected ')'", "a list is [1, 2]"),
    ("a = b.0", "1:7", "unexpected '0', expected a name", "a[0]"),
    ("a = 1 \\\n + 2", "1:7", "unexpected '\\'", "line breaks mean nothing"),
    ("a = b < c < d", "1:11", "comparisons do not chain", "'and'"),
]
CONDITIONALS = [
    ("a = if b then c", "1:16", "this 'if' has no 'else'", "has its 'else'"),
    ("a = if b : c", "1:10", "unexpected ':', expected 'then'", "if condition then"),
    ("a = if b { c } else { d }", "1:10", "unexpected '{', expected 'then'", "if condition then"),
    ("a = if b then c elif d then e", "1:17", "unexpected 'elif', expected 'else'", "'else if'"),
    ("a = if b = c then d else e", "1:10", "unexpected '=', expected 'then'", "'==' compares"),
    ("a = 1 + if b then c else d", "1:9", "unexpected 'if' behind '+'", "parentheses"),
    ("a = 1 + not b", "1:9", "unexpected 'not' behind '+'", "parentheses"),
    ("a = -lambda: 1", "1:6", "unexpected 'lambda' behind '-'", "parentheses"),
    ("assert a = b", "1:10", "unexpected '='", "'==' compares"),
    ("assert a 'b'", "1:10", "unexpected ''b''", "a message stands behind ':'"),
]
LOOPS = [
    ("for x in y: z", "1:1", "unexpected 'for', expected a field", "a loop makes a value"),
    ("a = b for x in y", "1:7", "unexpected 'for'", "a loop stands in brackets"),
    ("a = [for x in y: x]", "1:6", "unexpected 'for', expected a value", "the item comes first"),
    ("a = [x for x of y]", "1:14", "unexpected 'of', expected 'in'", "for x in xs"),
    ("a = [x for (x) in y]", "1:12", "unexpected '(', expected a name", "for x in xs"),
    ("a = [x for if in y]", "1:12", "'if' is a reserved word", "choose another name"),
    ("a = {for x in y: x = 1}", "1:18", "unexpected 'x', expected '['", "[x] = ..."),
    ("a = {[x] = 1}", "1:6", "unexpected '[', expected a field", "for k in keys: [k] = value"),
]
FUNCTIONS = [
    ("def f(x) = 1", "1:1", "unexpected 'def', expected a field", "local f = lambda x: x + 1"),
    ("f(x) = 1", "1:2", "unexpected '(', expected '=' behind 'f'", "f = lambda x: x + 1"),
    ("template t(x) = {}", "1:11", "unexpected '(', expected '=' behind 't'", "hidden fields"),
    ("a = lambda (x): x", "1:12", "unexpected '(', expected a name", "no parentheses"),
    ("a = lambda x, : x", "1:15", "unexpected ':', expected a name", ""),
    ("a = f(b: 1)", "1:8", "unexpected ':', expected ',' or ')'", "write '='"),
    ("a = f(b c)", "1:9", "unexpected 'c', expected ',' or ')'", "separated by ','"),
]
HEADERS = [
    ("r = {\n n 3\n}", "2:4", "unexpected '3', expected '=' behind 'n'", ""),
    ("a == 1", "1:3", "unexpected '==', expected '=' behind 'a'", "'=' gives a value"),
    ("a: 1", "1:4", "unexpected '1', expected a type behind ':'", "write '='"),
    ("a: [1]", "1:5", "unexpected '1', expected a type behind ':'", "write '='"),
    ('{"a": {"b": 1}}', "1:1", "unexpected '{', expected a field", "leave the outer braces out"),
    ('"a": {"b": 1}', "1:10", "unexpected ':', expected a type behind ':'", "write '='"),
    ("a: null", "1:4", "unexpected 'null', expected a type behind ':'", "write '='"),
    ("a: int | null", "1:10", "'null' is no type", "'int?'"),
    ("a: list[int]", "1:8", "unexpected '['", "[number]"),
    ("a = = 1", "1:5", "unexpected '=', expected a value", ""),
    ("a =\nb = 1", "1:3", "'a' has no value", ""),
    ("a =", "1:4", "unexpected end of file, expected a value", ""),
    ("a = }", "1:5", "unexpected '}', expected a value", ""),
    ("a = 1 }", "1:7", "unexpected '}': nothing is open here", ""),
    ("let a = 1", "1:1", "unexpected 'let', expected a field", "local a = ..."),
    ("if = 3", "1:1", "'if' is a reserved word", "'if'"),
    ("a = b.if", "1:7", "'if' is a reserved word", "'if'"),
    ("a = final", "1:5", "'final' is a reserved word", "'final'"),
    ("local if = 1", "1:7", "'if' is a reserved word", ""),
    ("local a: int = 1", "1:8", "unexpected ':', expected '='", "local x = 1"),
    ("local hidden a = 1", "1:1", "'local' and 'hidden' do not go together", "local x = 1"),
    ("local a, b = 1", "1:1", "unexpected 'local', expected a field", "local x = 1"),
    ("param a = 1", "1:1", "a param needs a type", "param a: int = 3"),
    ("param a", "1:7", "expected ':' behind 'a'", "a param needs a type"),
    ("local a", "1:7", "expected '=' behind 'a'", "a local is a name and its value"),
    ("a = {param b: int}", "1:6", "a param stands at the top of a file", "'hidden'"),
    ("jbo a = {}", "1:1", "unknown declaration 'jbo'", "did you mean 'job'?"),
    ("pod a = {}", "1:1", "unknown declaration 'pod'", "the declarations are job, service"),
    ("job a {}", "1:7", "unexpected '{', expected '=' behind 'a'", "job a = ..."),
    ('job "a" {}', "1:9", "unexpected '{', expected '=' behind '\"a\"'", 'job "a" = ...'),
    ("hidden job a = {}", "1:1", "unexpected 'hidden', expected a field", "never 'hidden'"),
    (
        "a = {job b = {}}",
        "1:6",
        "a declaration stands at the top of a file, not within a record",
        "",
    ),
    ('import "a.borg"', "1:1", "unexpected 'import', expected a field", "local lib = import"),
    ("local a = import b", "1:18", "the path of an import cannot be computed", "plain text"),
    ("local a = import ./b", "1:18", "the path of an import is quoted", "'./b'"),
]
TEXT = [
    ("a = 'abc\nb = 1", "1:5", "unterminated string", ""),
    ('a = """abc\nb = 1', "1:5", "unterminated string", '"""'),
    ("a = 'it's'", "1:9", "unexpected 's' behind the end of a text", "write \\'"),
    ("a = '\\q'", "1:6", "unknown escape '\\q'", r"\uXXXX"),
    ("a = “b”", "1:5", "unexpected character U+201C '“'", "write '\"'"),
    ("a\u00a0= 1", "1:2", "unexpected character U+00A0", "write a blank"),
    ("a = \x00", "1:5", "unexpected character U+0000, expected a value", ""),
    ("é = 1", "1:1", "unexpected character U+00E9 'é'", "quote other text"),
    ("a = 1 /* b", "1:7", "unterminated comment", ""),
    ("a = 'b' 'c'", "1:9", "unexpected ''c''", "write '+'"),
    ("a = hello world", "1:5", "unexpected 'world'", "'hello world'"),
    ("a = http://h/x", "1:9", "unexpected ':'", "'http://h/x'"),
    ("a = 10:30", "1:7", "unexpected ':'", "'10:30'"),
    ("a = us-east1-1b", "1:15", "unknown unit 'b'", "'us-east1-1b'"),
    ("log-dir = 1", "1:1", "'log-dir' is no name", "'log-dir'"),
    ("a.b.c = 1", "1:1", "'a.b.c' is no name", "a { b { c = ... } }"),
    ("job web-1 = {}", "1:5", "'web-1' is no name", "'web-1'"),
    ("a = ~/b", "1:5", "unexpected '~'", "quote"),
    ("a = $b", "1:5", "unexpected '$'", 'f"{name}"'),
    ("a = 50%", "1:5", "'%' behind a value is modulo, and its right side is missing", "'50%'"),
    ("a = %port", "1:5", "the placeholder '%port' has no end", "%port%"),
]
PATHS = [
    ("a = ../b//c", "1:9", "'//' starts a comment, also within a bare path", "quote the path"),
    ("a = /b/*.c", "1:7", "'/*' starts a comment, also within a bare path", "quote the path"),
    ("a = /b#c", "1:7", "'#' starts a comment, also within a bare path", "quote the path"),
    ("a = ./b$c", "1:5", "'./b$c' is no bare path", "quote it"),
    ("a = /b/", "1:5", "'/b/' is no bare path: it ends with '/'", "quote it"),
]
NUMBERS = [
    ("a = 5Q", "1:6", "unknown unit 'Q'", "the units are"),
    ("a = 5gib", "1:6", "unknown unit 'gib'", "did you mean 5GiB?"),
    ("a = 5 GiB", "1:7", "unexpected 'GiB'", "write 5GiB"),
    ("a = 0644", "1:5", "'0644' is no number: a number does not start with 0", "quote it"),
    ("a = 1.2.3", "1:5", "'1.2.3' is no number", "quote it"),
]
LISTS = [
    ("a = [1 2]", "1:8", "unexpected '2', expected ',' or ']'", "separated by ','"),
    ("a = ['b' 'c']", "1:10", "unexpected ''c'', expected ',' or ']'", "'+' between the halves"),
    ("a = [1; 2]", "1:7", "unexpected ';', expected ',' or ']'", "separated by ','"),
    ("a = [1,,2]", "1:8", "unexpected ',', expected a value", "leave one ',' out"),
    ("a = [b = 1]", "1:8", "unexpected '=', expected ',' or ']'", "a list has no names"),
    ("a = [1)", "1:7", "unexpected ')', expected ']'", ""),
]
FSTRINGS = [
    ('a = f"{}"', "1:7", "nothing to put into the text", "'{{}}'"),
    ('a = f"{b"', "1:7", "unclosed '{' in an f-string", "'{{'"),
    ('a = f"b}"', "1:8", "a lone '}' in an f-string", "'}}'"),
    ('a = f"{b["c"]}"', "1:7", "unclosed '{' in an f-string", "other kind of quotes"),
    ('a = f"{b // c}"', "1:7", "unclosed '{' in an f-string", "'{{'"),
    ('a = f"{b!r}"', "1:9", "unexpected '!', expected '}'", "a value and a format only"),
    ('a = f"{b:>9}"', "1:10", "no such format", "{n:03d}"),
    ('a = f"{b:100}"', "1:10", "no such format", "{n:03d}"),
    ('a = f"{b\\n}"', "1:9", "a backslash within the braces of an f-string", "other quotes"),
    ('a = f"\\q{b}"', "1:7", "unknown escape '\\q'", "the escapes are"),
]


@pytest.mark.parametrize(
    ("source", "position", "message", "way_out"),
    [
        pytest.param(*case, id=case[0])
        for cases in (
            *(FOREIGN, CONDITIONALS, LOOPS, FUNCTIONS, HEADERS),
            *(TEXT, PATHS, NUMBERS, LISTS, FSTRINGS),
        )
        for case in cases
    ],
)
def test_what_cannot_be_read(source: str, position: str, message: str, way_out: str) -> None:
    error = error_in(source)
    assert error.code == "syntax"
    assert str(error.span) == f"main.borg:{position}"
    assert error.message == message
    assert way_out in error.help


@pytest.mark.parametrize(
    ("source", "mended"),
    [
        ("a = b && c", "a = b and c"),
        ("a = !b", "a = not b"),
        ("a == 1", "a = 1"),
        ("a: 1", "a = 1"),
        ("a = [1 2]", "a = [1, 2]"),
        ("a = 'b' 'c'", "a = 'b' + 'c'"),
        ("a = us-east1-b c = 1", None),
        ("log-dir = 1", "'log-dir' = 1"),
        ("job web {}", "job web = {}"),
        ("jbo web = {}", "job web = {}"),
        ("a = 5 GiB", "a = 5GiB"),
        ("a = %port", "a = %port%"),
        ("a = http://h/x", "a = 'http://h/x'"),
        ("let a = 1", "local a = 1"),
        ("a = b.if", "a = b.'if'"),
        ("if = 3", "'if' = 3"),
        ("a = if b then c elif d then e else f", "a = if b then c else if d then e else f"),
        ("n 3", "n = 3"),
    ],
)
def test_an_editor_can_mend_it(source: str, mended: str | None) -> None:
    if mended is None:
        parsed(source)
        return
    (fix,) = error_in(source).fixes
    text = source
    for edit in sorted(fix.edits, key=lambda edit: -edit.span.column):
        text = text[: edit.span.column - 1] + edit.text + text[edit.span.end_column - 1 :]
    assert text == mended
    parsed(text)


def test_an_open_bracket_is_named() -> None:
    assert error_in("r = {\n a = 1\n").message == (
        "unexpected end of file, unclosed '{' opened at 1:5"
    )
    assert error_in("r = f([1,\n2]").message == (
        "unexpected end of file, unclosed '(' opened at 1:6"
    )


def test_a_lost_line_break_names_the_comment_that_swallows_the_rest() -> None:
    error = error_in("job j = { replicas = 1 // how many? binary = /b/x }")
    assert error.message == "unexpected end of file, unclosed '{' opened at 1:9"
    assert error.notes == ("the comment starting at 1:24 hides the rest of line 1",)


def test_indentation_tells_which_bracket_is_open() -> None:
    error = error_in("a = {\n  b = { c = 1\n  d = 2\n}\ne = 3\n")
    assert error.notes == ("'{' opened at 2:7 meets the '}' at 4:1, which is indented otherwise",)


def test_each_member_gets_its_own_error() -> None:
    broken = """\
a = = 1
job x = {
  replicas 3
  binary = /b/
  args = { b 1, c = 2 d = [1 2], e = 5Q }
  priority = 200
}
b = 5Q
c = 'open
d = 1 +
e = (1
f = [1, 2
g = if h then i
j = f"{k"
l = 1
"""
    assert [str(d.span) for d in errors_in(broken)] == [
        f"main.borg:{place}"
        for place in (
            *("1:5", "3:12", "4:12", "5:14", "5:30", "5:39", "8:6"),
            *("9:5", "11:3", "12:1", "13:1", "14:1", "14:7"),
        )
    ]


def test_a_member_that_is_never_closed_is_noticed_at_the_next_one() -> None:
    first, second = errors_in("job a = {\n  replicas = 1\n\njob b = {\n  replicas = = 2\n}\n")
    assert first.span.line == 4
    assert first.notes == ("'{' opened at 1:9 is not closed above this line",)
    assert second.span.line == 5


def test_what_follows_from_an_error_is_none() -> None:
    assert len(errors_in("a = {\n  b = [1, {\n    c = 1 2\n  }]\n}\nd = 1\n")) == 1
    assert len(errors_in("a = {\n  b = f(1 2, { c = 3 }, [4])\n}\nd = 1\n")) == 1
    assert len(errors_in("a = [{ b = , c = 1 }]\nd = {\n  e = 1\n}\n")) == 1


def test_no_more_mistakes_are_shown_than_a_person_takes_in() -> None:
    with pytest.raises(BclError) as caught:
        parsed("".join(f"f{n} = = {n}\n" for n in range(50)))
    assert len(caught.value.diagnostics) == MAX_DIAGNOSTICS
    assert str(caught.value).endswith("more errors") or str(caught.value).endswith("more error")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("a = = 1\n" + "}" * 200_000, id="closing brackets"),
        pytest.param("a = = 1\n" + "b = 1 }\n" * 50_000, id="fields and closing brackets"),
        pytest.param("a = " + "'" * 200_001, id="quotes"),
        pytest.param("a = [" + "b " * 100_000, id="words"),
        pytest.param("/* " * 100_000, id="comments"),
        pytest.param("a = f'" + "{{" * 100_000 + "{'", id="an f-string"),
        pytest.param("a" * 1_000_000, id="a name"),
        pytest.param("a = " + "/b" * 300_000 + "//", id="a path"),
        pytest.param("a = b" + "-c" * 300_000 + "-1q", id="dashes"),
        pytest.param('a = """' + '"" ' * 300_000, id="an open text"),
    ],
)
def test_mistakes_in_hostile_texts_are_found_in_linear_time(source: str) -> None:
    assert len(errors_in(source)[0].render()) < 2000
