"""Reading f-strings: their texts, and the expressions within them, by the same reader at their true offsets."""

import re
from typing import TYPE_CHECKING

from borgpy.bcl import syntax
from borgpy.bcl.reading.literals import BadLiteral, read_text
from borgpy.bcl.reading.misread import Misread, Unexpected

if TYPE_CHECKING:
    from borgpy.bcl.reading.expressions import ExpressionReader

_plain = re.compile(r"(?>(?:[^{}\\]++|\\.|\{\{|\}\})+)", re.DOTALL).match
_empty = re.compile(r"\{\s*\}").match
_format = re.compile(r":(0?(?:[1-9][0-9]?)?(?:\.[0-9]{1,2})?[dfxXs]?)(?=\})").match


def read_fstring(reader: "ExpressionReader", start: int, end: int) -> syntax.FString:
    """The f-string from ``start``, its ``f``, up to ``end``."""
    text = reader.text
    quotes = 3 if text.startswith('"""', start + 1) else 1
    at, last = start + 1 + quotes, end - quotes
    parts: list[str | syntax.Interpolation] = []
    while at < last:
        plain = _plain(text, at, last)
        if plain is not None:
            parts.append(_said(plain[0], at))
            at = plain.end()
        elif text[at] == "{":
            interpolation = _interpolation(reader, at, last)
            parts.append(interpolation)
            at = interpolation.end
        else:
            raise Misread(
                at, at + 1, "a lone '}' in an f-string", help="write '}}' for the character itself"
            )
    return syntax.FString(start, end, tuple(parts))


def _said(written: str, at: int) -> str:
    """What the text between two interpolations says."""
    try:
        if "\\" in written:
            read_text(written)  # for the sake of its mistakes: what follows moves them
        return read_text(written.replace("{{", "{").replace("}}", "}"))
    except BadLiteral as bad:
        start = at + bad.offset
        raise Misread(start, at + len(written), bad.message, code=bad.code, help=bad.help) from None


def _interpolation(reader: "ExpressionReader", at: int, last: int) -> syntax.Interpolation:
    """``{value:format}`` from ``at``, which has to be finished before ``last``, the end of the text."""
    text = reader.text
    reader.open(at)
    reader.at = at + 1
    if _empty(text, at, last):
        raise Misread(
            at,
            at + 2,
            "nothing to put into the text",
            help="write '{{}}' for the characters themselves",
        )
    value = _value(reader, at, last)
    reader.opened.pop()
    chosen = _format(text, reader.at, last)
    if chosen is not None:
        reader.at = chosen.end()
    mark = text[reader.at]
    if mark != "}":
        raise _no_end(text, reader.at, last)
    return syntax.Interpolation(at, reader.at + 1, value, chosen[1] if chosen else "")


def _value(reader: "ExpressionReader", at: int, last: int) -> syntax.Expression:
    """The expression behind the brace at ``at``; it ends before ``last``."""
    text = reader.text
    misread: Misread | None = None
    try:
        value = reader.expression()
        if reader.at < last:
            return value
    except Misread as caught:
        misread = caught
    if misread is not None and misread.start < last:
        raise _backslash(misread.start) if text[misread.start] == "\\" else misread
    help = "write '{{' for the character itself"
    if text[last + 1 : last + 2].strip():
        help = "within the braces of an f-string, use the other kind of quotes"
    raise Misread(at, at + 1, "unclosed '{' in an f-string", help=help)


def _no_end(text: str, at: int, last: int) -> Misread:
    """What is wrong with what follows the value at ``at``."""
    if text[at] == ":":
        end = text.find("}", at, last)
        return Misread(
            at + 1,
            max(at + 2, end),
            "no such format",
            help="a format is [0][width][.precision] and one of d f x X s, as in {n:03d} or {x:.2f}",
        )
    if text[at] == "\\":
        return _backslash(at)
    if text[at] in "!=":
        return Misread(
            at,
            at + 1,
            f"unexpected '{text[at]}', expected '}}'",
            help="an f-string takes a value and a format only: {x:.2f}",
        )
    return Unexpected(at, "'}'")


def _backslash(at: int) -> Misread:
    return Misread(
        at,
        at + 1,
        "a backslash within the braces of an f-string",
        help="put other quotes around the text, or give the value a name before",
    )
