"""BCL as the grammar in docs/bcl.lark has it: the text of a file's structure, by another parser than borgpy's own."""

import json
import re
from functools import cache, reduce
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError

from borgpy.bcl.reading.lexer import Kind, tokens
from borgpy.bcl.reading.literals import (
    BadLiteral,
    read_negative,
    read_number,
    read_string,
    read_text,
)

GRAMMAR = Path(__file__).parents[2] / "docs" / "bcl.lark"
_TOO_LARGE = "\0 too large, unless behind a sign"
_FORMAT = re.compile(r":0?(?:[1-9][0-9]?)?(?:\.[0-9]{1,2})?[dfxXs]?(?=\})")

Texts = list[Any]


class Refused(Exception):
    """The grammar has no such text."""


def reference_text(source: str, start: str = "file") -> str:
    """The structure of a text as `syntax_text.text_of` writes it; `Refused` if there is none."""
    try:
        text = str(_parser().parse(source, start=start))
    except (LarkError, BadLiteral) as error:
        raise Refused(source) from error
    if _TOO_LARGE in text:
        raise Refused(source)
    return text


@cache
def _parser() -> Lark:
    return Lark(
        GRAMMAR.read_text(),
        parser="lalr",
        lexer="contextual",
        start=["file", "expression"],
        maybe_placeholders=False,
        transformer=_Structure(),
    )


class _Structure(Transformer[Token, str]):
    """One method for each rule and alias of the grammar."""

    def file(self, items: Texts) -> str:
        return "\n".join(items)

    def declaration(self, parts: Texts) -> str:
        kind, name, value, *clauses = parts
        return f"{kind} {_name(name)} = {value}{''.join(' ' + clause for clause in clauses)}"

    def computed_declaration(self, parts: Texts) -> str:
        kind, name, value, *clauses = parts
        return f"{kind} [{name}] = {value}{''.join(' ' + clause for clause in clauses)}"

    def parameter(self, parts: Texts) -> str:
        name, type, *value = parts
        return f"param {name}: {type}{''.join(' = ' + text for text in value)}"

    def field(self, parts: Texts) -> str:
        modifiers = [part for part in parts if _is(part, "HIDDEN", "FINAL")]
        name, *rest = parts[len(modifiers) :]
        words = [word for word in ("hidden", "final") if word in modifiers]
        said = " ".join([*words, _name(name)])
        if rest and _is(rest[0], "EQUALS", "APPENDS"):
            return f"{said} {rest[0]} {rest[1]}"
        if isinstance(rest[0], _Type):
            return f"{said}: {rest[0]}{''.join(' = ' + text for text in rest[1:])}"
        return f"{said} {rest[0]}"

    def local(self, parts: Texts) -> str:
        return f"local {parts[0]} = {parts[1]}"

    def assertion(self, parts: Texts) -> str:
        return f"assert {' : '.join(parts)}"

    def record(self, members: Texts) -> str:
        return f"{{{'; '.join(members)}}}"

    def record_loop(self, parts: Texts) -> str:
        clauses, key, value = parts
        return f"{{{clauses}: {key} = {value}}}"

    def union(self, options: Texts) -> str:
        return _Type(options[0] if len(options) == 1 else f"({' | '.join(options)})")

    def named_type(self, parts: Texts) -> str:
        return "".join(parts)

    def literal_type(self, parts: Texts) -> str:
        return json.dumps(read_string(parts[0]))

    def list_type(self, parts: Texts) -> str:
        return f"[{parts[0]}]"

    def record_type(self, parts: Texts) -> str:
        return f"{{{parts[0]}}}"

    def conditional(self, parts: Texts) -> str:
        condition, value, otherwise = parts
        # A chain of conditionals is one: what another one contains goes on with this.
        chained = _Conditional.of(otherwise)
        return _Conditional(f"(if {condition} then {value} else {chained})")

    def function(self, parts: Texts) -> str:
        *definitions, body = parts
        names = [re.split(r"[ ]=", definition)[0] for definition in definitions]
        if len(set(names)) < len(names):
            raise Refused("a name twice")
        return f"(lambda {', '.join(definitions)}: {body})"

    def definition(self, parts: Texts) -> str:
        return " = ".join(parts)

    def either(self, terms: Texts) -> str:
        return terms[0] if len(terms) == 1 else f"({' or '.join(terms)})"

    def both(self, terms: Texts) -> str:
        return terms[0] if len(terms) == 1 else f"({' and '.join(terms)})"

    def negated(self, parts: Texts) -> str:
        return _Prefixed.add("not ", parts[0])

    def compared(self, parts: Texts) -> str:
        return f"({' '.join(parts)})"

    def compared_not(self, parts: Texts) -> str:
        left, _, right = parts
        return f"({left} not in {right})"

    def chain(self, parts: Texts) -> str:
        return parts[0] if len(parts) == 1 else f"({' '.join(parts)})"

    def signed(self, parts: Texts) -> str:
        _, value = parts
        if isinstance(value, _Number):
            amount, unit = read_negative(value.token)
            # What follows the number belongs to it and its sign.
            return f"{amount}{unit and ' ' + unit}{value.behind}"
        return _Prefixed.add("-", value)

    def postfixed(self, parts: Texts) -> str:
        first, *steps = parts
        while steps and isinstance(first, _Up) and isinstance(steps[0], _Outer):
            first = _Up(f"up^{int(first[3:]) + 1}")
            steps = steps[1:]
        if any(isinstance(step, _Outer) for step in steps):
            raise Refused("up behind something else")
        if not steps:
            return str(first) if isinstance(first, _Up) else first
        text = reduce(lambda text, step: text + step, steps, "")
        return first.followed_by(text) if isinstance(first, _Number) else first + text

    def attribute(self, parts: Texts) -> str:
        return f".{_name(parts[0])}"

    def outer(self, _: Texts) -> str:
        return _Outer()

    def index(self, parts: Texts) -> str:
        return f"[{parts[0]}]"

    def call(self, arguments: Texts) -> str:
        return f"({', '.join(arguments)})"

    def extension(self, parts: Texts) -> str:
        return f" {parts[0]}"

    def argument(self, parts: Texts) -> str:
        return str(parts[0])

    def named_argument(self, parts: Texts) -> str:
        return " = ".join(parts)

    def name(self, parts: Texts) -> str:
        return str(parts[0])

    def number(self, parts: Texts) -> str:
        return _Number.of(parts[0])

    def text(self, parts: Texts) -> str:
        return json.dumps(read_string(parts[0]))

    def path(self, parts: Texts) -> str:
        return str(parts[0])

    def placeholder(self, parts: Texts) -> str:
        return str(parts[0])

    def word(self, parts: Texts) -> str:
        return _Up("up^1") if parts[0] == "up" else str(parts[0])

    def list(self, items: Texts) -> str:
        return f"[{', '.join(items)}]"

    def list_loop(self, parts: Texts) -> str:
        return f"[{parts[0]} {parts[1]}]"

    def parenthesis(self, parts: Texts) -> str:
        return str(parts[0])

    def clauses(self, clauses: Texts) -> str:
        return " ".join(clauses)

    def clause(self, parts: Texts) -> str:
        at = next(n for n, part in enumerate(parts) if _is(part, "IN"))
        names, rest = parts[:at], parts[at + 1 :]
        if len(set(names)) < len(names):
            raise Refused("a name twice")
        return f"for {', '.join(names)} in {' if '.join(rest)}"

    def fstring(self, parts: Texts) -> str:
        token = str(parts[0])[1:]
        quotes = 3 if token.startswith('"""') else 1
        return f"(f {' '.join(_pieces(token[quotes:-quotes]))})"


setattr(_Structure, "import", lambda self, parts: _import(parts))


class _Type(str):
    """The text of a type."""

    __slots__ = ()


class _Outer(str):
    """``.up``."""

    __slots__ = ()


class _Up(str):
    """``up`` and how often."""

    __slots__ = ()


class _Conditional(str):
    """The text of a conditional that stands in no parentheses."""

    __slots__ = ()

    @staticmethod
    def of(text: str) -> str:
        return text[1:-1] if isinstance(text, _Conditional) else text


class _Prefixed(str):
    """The text of a value behind signs or negations of one kind."""

    prefix: str

    @classmethod
    def add(cls, prefix: str, value: str) -> str:
        if isinstance(value, _Prefixed) and value.prefix == prefix:
            text = cls(f"({prefix}{value[1:]}")
        else:
            text = cls(f"({prefix}{'' if prefix == 'not ' else ' '}{value})")
        text.prefix = prefix
        return text


class _Number(str):
    """The text of a number, and perhaps of what follows it."""

    token: str
    behind: str

    @classmethod
    def of(cls, token: str, behind: str = "") -> "_Number":
        try:
            amount, unit = read_number(token)
            text = cls(f"{amount}{unit and ' ' + unit}{behind}")
        except BadLiteral:
            read_negative(token)  # the least integer is one only behind a sign
            text = cls(_TOO_LARGE)
        text.token, text.behind = str(token), behind
        return text

    def followed_by(self, text: str) -> "_Number":
        return _Number.of(self.token, self.behind + text)


def _is(part: object, *types: str) -> bool:
    return isinstance(part, Token) and part.type in types


def _name(token: Token) -> str:
    return read_string(token) if token.type == "STRING" else str(token)


def _import(parts: Texts) -> str:
    path, *pin = (read_string(part) for part in parts if not _is(part, "SHA256"))
    return f"(import {path}{''.join(' ' + digest for digest in pin if digest)})"


def _pieces(content: str) -> list[str]:
    """The parts of an f-string, found by trying where each expression may end."""
    pieces: list[str] = []
    text, at = "", 0

    def end_text() -> None:
        nonlocal text
        if text:
            read_text(text)
            pieces.append(json.dumps(read_text(text.replace("{{", "{").replace("}}", "}"))))
        text = ""

    while at < len(content):
        two = content[at : at + 2]
        if two in ("{{", "}}") or two[:1] == "\\":
            text += two
            at += 2
        elif content[at] == "{":
            end_text()
            piece, at = _interpolation(content, at + 1)
            pieces.append(piece)
        elif content[at] == "}":
            raise Refused("a lone brace")
        else:
            text += content[at]
            at += 1
    end_text()
    return pieces


def _interpolation(content: str, at: int) -> tuple[str, int]:
    for end in range(at, len(content)):
        if content[end] not in ":}":
            continue
        format = _FORMAT.match(content, end) if content[end] == ":" else None
        if content[end] == ":" and format is None:
            continue
        try:
            value = reference_text(_without_comments(content[at:end]), "expression")
        except Refused:
            continue
        if format is None:
            return f"{{{value}}}", end + 1
        said = format[0] if len(format[0]) > 1 else ""
        return f"{{{value}{said}}}", format.end() + 1
    raise Refused("an open brace")


def _without_comments(text: str) -> str:
    """A comment would hide the rest of the f-string."""
    if any(token.kind is Kind.COMMENT for token in tokens(text)):
        raise Refused("a comment in an f-string")
    return text
