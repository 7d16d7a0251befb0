"""The grammar for editors, held against the language: what is a word, a unit or a comment here is one there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgpy.bcl.editing.completion import TYPES
from borgpy.bcl.reading import lexer
from borgpy.bcl.reading.literals import UNITS
from borgpy.bcl.syntax import KINDS, RESERVED
from borgpy.model.placeholders import PLAIN
from borgpy.shipped import shipped
from tests.unit.editors.textmate import Grammar

ROOT = Path(__file__).parents[3]
GRAMMAR = Grammar(ROOT / "editors/vscode/syntaxes/bcl.tmLanguage.json")

WORDS = ("keyword.", "constant.language", "variable.language", "storage.")
"""What a word of the language is shown as."""


def scope(text: str, piece: str) -> str:
    """The innermost scope at the last ``piece`` of a text."""
    return GRAMMAR.scopes_at(text, text.rindex(piece))[-1]


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(shipped("jobspecs").rglob("*.borg")):
        yield path.name, path.read_text()
    manual = (ROOT / "docs" / "BCL.md").read_text()
    for number, block in enumerate(re.findall(r"```bcl\n(.*?)```", manual, re.DOTALL)):
        yield f"BCL.md-{number}", block


def test_every_regular_expression_compiles_and_every_rule_is_used() -> None:
    regexes = list(GRAMMAR.regexes())
    assert len(regexes) > 40
    for regex in regexes:
        re.compile(regex)
    assert GRAMMAR.includes() == set(GRAMMAR.content["repository"])


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_every_word_of_the_language_is_shown_as_one(word: str) -> None:
    assert scope(f"x = {word} ", word).startswith(WORDS)
    assert not scope(f"x = {word}s ", word).startswith(WORDS), "a name that begins like it is none"


def test_no_other_word_is_shown_as_one() -> None:
    text = json.dumps(GRAMMAR.content["repository"]["keyword"])
    shown = {w for group in re.findall(r"\(\?:([a-z|]+)\)", text) for w in group.split("|")}
    assert shown <= RESERVED
    assert RESERVED - shown == {"lambda", "for", "import", "assert", "up"}, "these stand alone"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_declaration_is_shown_as_one_and_only_there(kind: str) -> None:
    for declared in (f"{kind} web = {{ }}", f"{kind} 'web' = {{ }}", f"{kind} [name] = {{ }}"):
        assert scope(declared, kind) == "storage.type.declaration.bcl"
    assert scope(f"{kind} web = {{ }}", "web") == "entity.name.type.bcl"
    for ordinary in (f"{kind} = 1", f"x = a.{kind}", f"x = {kind} + 1", f"x = {kind} in y"):
        assert scope(ordinary, kind).startswith("variable.other")


@pytest.mark.parametrize("unit", sorted(filter(None, UNITS)))
def test_every_unit_is_shown_as_one(unit: str) -> None:
    text = f"x = 1_5.5{unit} "
    assert scope(text, unit) == "keyword.other.unit.bcl"
    assert scope(text, "5.5") == "constant.numeric.bcl"


@pytest.mark.parametrize("number", ["5Q", "0644", "1.2.3", "5gib", "1x"])
def test_what_is_no_number_is_shown_to_be_wrong(number: str) -> None:
    assert scope(f"x = {number}", number) == "invalid.illegal.number.bcl"


@pytest.mark.parametrize("name", TYPES)
def test_every_type_is_shown_as_one(name: str) -> None:
    for text in (f"x: {name}", f"x: {name}? = 1", f"x: [{name}]", f"x: string | {name}"):
        assert scope(text, name) == "support.type.bcl"
    assert scope(f"x = lambda {name}: {name}", name).startswith("variable.other")


@pytest.mark.parametrize("name", [*PLAIN, "port:http"])
def test_placeholders_are_shown_in_values_and_in_text(name: str) -> None:
    placeholder = f"%{name}%"
    for text in (placeholder, f"'a {placeholder} b'", f'"{placeholder}"', f"[{placeholder}]"):
        assert scope(f"x = {text}", name) == "variable.other.placeholder.bcl"
    assert scope(f"x = 7 %{name.split(':')[0]}% 3", "%").startswith("keyword.operator")


@pytest.mark.parametrize(
    ("text", "piece", "expected"),
    [
        ("x = ../bin/server", "bin", "string.unquoted.path.bcl"),
        ("x = if a then /b/c else ./d", "/b/c", "string.unquoted.path.bcl"),
        ("x = a /b", "/", "keyword.operator.arithmetic.bcl"),
        ("x = 'a\\n'", "\\n", "constant.character.escape.bcl"),
        ("x = 'a\\q'", "\\q", "invalid.illegal.escape.bcl"),
        ('x = f"{a:03d}"', ":03d", "constant.other.format.bcl"),
        ('x = f"{{a}}"', "{{", "constant.character.escape.bcl"),
        ('x = f"{[1, {a = b}]}"', "b", "variable.other.bcl"),
        ('x = "{a}"', "a}", "string.quoted.double.bcl"),
        ('x = "open\ny = 1', "y", "variable.other.member.bcl"),
        ('x = """open\ny = 1"""', "y", "string.quoted.triple.bcl"),
        ("x = a.b", "b", "variable.other.member.bcl"),
        ("x = len(b)", "len", "entity.name.function.bcl"),
        ("x += [1]", "+=", "keyword.operator.assignment.bcl"),
        ('x = import "a" sha256 "b"', "sha256", "keyword.control.import.bcl"),
        ("x = up.up.a", "up", "variable.language.bcl"),
    ],
)
def test_what_a_piece_is_shown_as(text: str, piece: str, expected: str) -> None:
    assert scope(text, piece) == expected


_SHOWN_AS = {
    lexer.Kind.COMMENT: "comment.",
    lexer.Kind.STRING: "string.quoted.",
    lexer.Kind.FSTRING: "string.interpolated.",
    lexer.Kind.PATH: "string.unquoted.",
    lexer.Kind.PLACEHOLDER: "variable.other.placeholder.",
}


@pytest.mark.parametrize(("name", "text"), [pytest.param(n, t, id=n) for n, t in sources()])
def test_whole_files_are_shown_as_the_parser_reads_them(name: str, text: str) -> None:
    scopes = {at: t.scopes for t in GRAMMAR.tokens(text) for at in range(t.start, t.end)}
    assert sorted(scopes) == list(range(len(text))), "every character is something"
    assert not any("invalid" in scope for each in scopes.values() for scope in each)
    for token in lexer.tokens(text):
        first, last = scopes[token.start], scopes[token.end - 1]
        expected = _SHOWN_AS.get(token.kind)
        if expected is not None:
            assert any(scope.startswith(expected) for scope in first), token
            assert any(scope.startswith(expected) for scope in last), token
        elif token.kind is lexer.Kind.NUMBER:
            assert first[-1] == "constant.numeric.bcl", token
        elif token.text in RESERVED:
            assert first[-1].startswith(WORDS), token
        else:
            assert not any(scope.startswith(("comment.", "string.")) for scope in first), token
