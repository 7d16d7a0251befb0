"""From text to syntax: the grammar file's LALR parser with the callbacks that build nodes while it reads."""

import gc
import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import cache_from_source
from typing import TYPE_CHECKING, Any, TypeVar

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import (
    MAX_DIAGNOSTICS,
    BclError,
    Diagnostic,
    Source,
    suggestion,
)
from borgpy.bcl.literals import SURROGATE, BadLiteral, read_negative, read_number, read_string
from borgpy.bcl.misread import Misread, describe, resume_at

if TYPE_CHECKING:
    from lark import Lark, Token

MAX_SOURCE = 4 << 20
MAX_NESTING = 256
KINDS = ("job",)

_Children = list[Any]
_Read = TypeVar("_Read")
_NO_BREAK = re.compile(r"[^\n]")
_CONSTANTS = {"true": True, "false": False, "null": None}
_STRICT_PATH = re.compile(
    r"(?:\.\.?)?(?:/(?:[A-Za-z0-9_.+@~-]|%[A-Za-z_][A-Za-z0-9_]*(?::[A-Za-z0-9_]+)?%)+)+\Z"
)


def parse(source: Source) -> syntax.File:
    """What ``source`` says; `BclError` with every misreading, at most one for each item of the file."""
    if len(source.text) > MAX_SOURCE:
        message = f"the file has {len(source.text):,} characters, more than {MAX_SOURCE:,}"
        raise BclError([source.diagnose("limit", (0, 0), message)])
    if not source.text.isascii() and (half := SURROGATE.search(source.text)):
        message = "half a character: the text is not Unicode"
        raise BclError([source.diagnose("syntax", half.span(), message)])
    collecting = gc.isenabled()
    gc.disable()  # nothing built here is cyclic, and the collector would take a third of the time
    try:
        return _parse(source)
    finally:
        if collecting:
            gc.enable()


def _parse(source: Source) -> syntax.File:
    from lark.exceptions import UnexpectedInput

    problems: list[Diagnostic] = []
    text, begin = source.text, 0
    while True:
        try:
            file: syntax.File = parser().parse(text)  # type: ignore[assignment]
        except Misread as misread:
            problem, more = misread.diagnostic(source), misread.code != "limit"
        except UnexpectedInput as error:
            problem, more = describe(source, error)
        else:
            if problems:
                raise BclError(problems)
            return file
        if not (problems and _is_echo(problem)):
            problems.append(problem)
        resume = resume_at(source, problem, begin) if more else None
        if resume is None or len(problems) > MAX_DIAGNOSTICS:
            raise BclError(problems)
        # What was read already becomes blank, so that the offsets stay what they are.
        text, begin = _NO_BREAK.sub(" ", source.text[:resume]) + source.text[resume:], resume


def _is_echo(problem: Diagnostic) -> bool:
    """Whether this comes from having resumed inside brackets: their end is unexpected."""
    return problem.message.startswith(("unexpected '}'", "unexpected ']'"))


@cache
def parser() -> "Lark":
    """The parser. Lark costs a tenth of a second to import: only who has something to parse pays for it."""
    from lark import Lark

    path = os.path.join(os.path.dirname(__file__), "grammar.lark")
    with open(path, encoding="utf-8") as file:
        grammar = file.read()
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        transformer=_Builder(),
        postlex=_Nesting(),
        cache=_cache_file(path),
    )


def _cache_file(grammar: str) -> str | bool:
    """Where the tables are kept: beside the byte code, since whoever can write there can change this program anyway."""
    if sys.dont_write_bytecode:
        return False
    folder = os.path.dirname(cache_from_source(grammar))
    return os.path.join(folder, "grammar.lark.cache") if os.path.isdir(folder) else False


class _Nesting:
    """Watches the tokens on their way to the parser: hostile nesting is refused before it costs anything."""

    always_accept = ()

    def process(self, stream: "Iterator[Token]") -> "Iterator[Token]":
        depth = 0
        for token in stream:
            if token.type in ("LBRACE", "LSQB"):
                depth += 1
                if depth > MAX_NESTING:
                    raise Misread(
                        _where(token),
                        f"brackets are nested deeper than {MAX_NESTING}",
                        code="limit",
                    )
            elif token.type in ("RBRACE", "RSQB"):
                depth -= 1
            yield token


class _Builder:
    """Lark's callbacks, one for each rule or alias of the grammar, called while it parses."""

    def start(self, items: _Children) -> syntax.File:
        return syntax.File(tuple(items))

    def declaration(self, children: _Children) -> syntax.Declaration:
        kind, name, value = children
        if kind not in KINDS:
            meant = suggestion(kind, KINDS)
            raise Misread(
                _where(kind),
                f"unknown declaration '{kind}'",
                help=f"did you mean '{meant}'?" if meant else "this release declares jobs only",
            )
        return syntax.Declaration(*_where(name), str(kind), _field_name(name), value)

    def member(self, children: _Children) -> syntax.Member:
        *modifiers, name, value = children
        visibility = (
            syntax.Visibility(str(modifiers[0])) if modifiers else syntax.Visibility.EXPORTED
        )
        return syntax.Member(*_where(name), _field_name(name), value, visibility)

    def name(self, children: _Children) -> syntax.Expression:
        (token,) = children
        if token in _CONSTANTS:
            return syntax.Constant(*_where(token), _CONSTANTS[token])
        return syntax.Name(*_where(token), _unreserved(token))

    def number(self, children: _Children) -> syntax.Number:
        (token,) = children
        return syntax.Number(*_where(token), _read(token, read_number))

    def negative_number(self, children: _Children) -> syntax.Number:
        minus, token = children
        start, _ = _where(minus)
        _, end = _where(token)
        return syntax.Number(start, end, _read(token, read_negative))

    def text(self, children: _Children) -> syntax.Constant:
        (token,) = children
        return syntax.Constant(*_where(token), _read(token, read_string))

    def path(self, children: _Children) -> syntax.Path:
        (token,) = children
        start, end = _where(token)
        if (glued := token.find("//")) >= 0:
            raise Misread(
                (start + glued, start + glued + 2),
                "'//' starts a comment, also within a bare path",
                help="put a space before the comment, or quote the path",
            )
        if not _STRICT_PATH.match(token):
            raise Misread((start, end), f"'{token}' is no bare path", help="quote it")
        return syntax.Path(start, end, str(token))

    def placeholder(self, children: _Children) -> syntax.Placeholder:
        (token,) = children
        return syntax.Placeholder(*_where(token), str(token))

    def list(self, children: _Children) -> syntax.List:
        opening, *items, closing = children
        return syntax.List(opening.start_pos, closing.end_pos, tuple(items))

    def record(self, children: _Children) -> syntax.Record:
        opening, *members, closing = children
        return syntax.Record(opening.start_pos, closing.end_pos, tuple(members))


def _where(token: "Token") -> tuple[int, int]:
    return token.start_pos, token.end_pos  # type: ignore[return-value]  # only made-up tokens have none


def _field_name(token: "Token") -> str:
    return _read(token, read_string) if token.type == "STRING" else _unreserved(token)


def _unreserved(token: "Token") -> str:
    if token in syntax.RESERVED:
        raise Misread(
            _where(token),
            f"'{token}' is a reserved word",
            help=f"quote it if it is text: '{token}'. Expressions come with a later release (docs/BCL.md)",
        )
    return str(token)


def _read(token: "Token", reader: Callable[[str], _Read]) -> _Read:
    try:
        return reader(str(token))
    except BadLiteral as bad:
        start, end = _where(token)
        raise Misread(
            (start + bad.offset, end), bad.message, code=bad.code, help=bad.help
        ) from None
