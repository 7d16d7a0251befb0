"""What each rule remarks, what it leaves alone, and how it is silenced."""

import pytest

from borgpy.bcl.diagnostics import Source
from borgpy.bcl.linting import RULES, Remark, lint
from borgpy.bcl.reading.parse import parse


def remarks(text: str) -> list[Remark]:
    source = Source("m.borg", text)
    return lint(source, parse(source))


def found(text: str) -> list[tuple[str, str]]:
    return [(r.rule, f"{r.span.line}:{r.span.column}") for r in remarks(text)]


EXAMPLES = {
    "bare-word": [
        ("x = ic", "1:5"),
        ("x = [ic, 'cc']", "1:6"),
        ("x = if a then b else 'c'\na = true", "1:15"),
        ("f = lambda x = ic: x", "1:16"),
        ("job j = base { cell = ic }\ntemplate base = {}", "1:23"),
        ("x = yes", "1:5"),
    ],
    "unknown-name": [
        ("x = y + 1", "1:5"),
        ("x = y.z", "1:5"),
        ("x = f(1)", "1:5"),
        ("x = f'{y}'", "1:8"),
        ("x = y == 'ic'", "1:5"),
        ("x = if y then 1 else 2", "1:8"),
        ("a = {b = 1}\nx = a { c = b + 1 }", "2:13"),
        ("x = [i for i in is]", "1:17"),
    ],
    "own-name": [("i = 1\nr = { i = i }", "2:11"), ("job j = { cell = cell }", "1:18")],
    "unused-local": [
        ("local a = 1", "1:7"),
        ("r = { local a = 1, b = 2 }\na = 1\nx = a", "1:13"),
    ],
    "unused-import": [('local l = import "l.borg"', "1:7")],
    "unused-param": [("param n: int = 1", "1:7")],
    "shadowed-builtin": [
        ("local len = 1\nx = len", "1:7"),
        ("f = lambda max: max", "1:12"),
        ("x = [min for min in [1]]", "1:14"),
        ("x = { max = 1, y = max(1, 2) }", "1:7"),
    ],
    "comment-as-division": [
        ("x = 7 // 2", "1:7"),
        ("a = 8\nx = a // a", "2:7"),
        ("x = (1 + 1) //  3k", "1:13"),
        ("a = {b = 1}\nx = [1, 2][0] // a.b", "2:15"),
    ],
    "extension-on-new-line": [("a = {}\nx = a\n{ b = 1 }", "3:1")],
    "modulo-as-placeholder": [("a = 7, b = 5, c = 2\nx = a %b% c", "2:7")],
    "constant-condition": [
        ("x = if true then 1 else 2", "1:8"),
        ("assert false: 'never'", "1:8"),
        ("x = [i for i in [1] if true]", "1:24"),
    ],
    "unknown-rule": [("x = 1 // lint: ignore[bare-wort]", "1:23")],
}


@pytest.mark.parametrize(
    ("rule", "text", "place"),
    [(rule, *example) for rule, examples in EXAMPLES.items() for example in examples],
)
def test_each_rule_finds_what_it_is_for_and_nothing_else(rule: str, text: str, place: str) -> None:
    assert found(text) == [(rule, place)]


def test_every_rule_of_one_file_has_an_example() -> None:
    assert set(EXAMPLES) | {"duplicate-job"} == set(RULES)


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\nx = a\ny = 'ic'",
        "x = self.a\nhidden a = 1",
        "local _a = 1",
        "local a = 1\nx = f'{a}'",
        "local n = 1\nr = { x = n }",
        "param n: int\nx = self.n",
        "x = [len(i) for i in [[1]]]",
        "x = { max = 1, min = 2 }",
        "hidden max = lambda a: a\nx = max(1)",
        "x = 7 // of 9",
        "x = 7 // two",
        "x = { // 2\n}",
        "x = 'http://h' # 2",
        "x = 'a // 2'",
        "// 2\nx = 1",
        "a = {}\nx = a {\n b = 1 }",
        "a = 7, b = 5, c = 2\nx = a % b % c",
        "r = { i = up.i }\ni = 1",
        "template t = { hidden n: int }\njob j = t { n = 1 }",
        "x = true",
    ],
)
def test_what_is_well_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_remark_is_shown_like_an_error() -> None:
    (only,) = remarks("x = ic")
    assert only.render() == (
        "m.borg:1:5: warning[bare-word]: 'ic' is text without quotes\n"
        "    1 | x = ic\n"
        "      |     ^^\n"
        '  help: write "ic"'
    )
    (edit,) = only.fixes[0].edits
    assert edit.text == '"ic"'


class TestSilence:
    def test_on_the_same_line(self) -> None:
        assert found("x = ic // lint: ignore[bare-word]") == []
        assert found("x = ic # for now; lint: ignore[own-name, bare-word]") == []
        assert found("x = ic /* lint: ignore[own-name] */") == [("bare-word", "1:5")]

    def test_on_lines_of_its_own_before(self) -> None:
        text = "// lint: ignore[bare-word]\n# lint: ignore[own-name]\nx = ic\ny = ic"
        assert found(text) == [("bare-word", "4:5")]

    def test_not_within_text(self) -> None:
        assert found("x = [ic, '// lint: ignore[bare-word]']") == [("bare-word", "1:6")]


def test_remarks_have_a_limit() -> None:
    assert len(remarks("".join(f"a{n} = ic\n" for n in range(2000)))) == 1000


def test_names_deeper_than_anybody_nests_are_not_looked_up() -> None:
    assert found(f"x = [1 {'for a in b ' * 600}]") == []
    assert ("unknown-name", "1:17") in found(f"x = [1 {'for a in b ' * 60}]")
