"""Advice on expressions that stop too early: conditionals, lists, calls, imports."""

import re

from borgpy.bcl.advice.situation import (
    VALUE_WORDS,
    VALUES,
    Advice,
    Situation,
    explaining,
    inserting,
    quoting,
    replacing,
    short,
    where,
)
from borgpy.bcl.reading.lexer import Kind, ends_operand
from borgpy.bcl.reading.misread import FIELD, VALUE
from borgpy.bcl.syntax import RESERVED

_CONDITIONAL = "BCL writes: if condition then value else other"
_ITEMS = ("',' or ']'", "',' or ')'")

_if_in_braces = re.compile(r"\bif\b(?![^\n]*\bthen\b)[^\n{}]*$")


def conditional(situation: Situation) -> Advice | None:
    """An ``if`` that is not finished."""
    here, expected = situation.here, situation.expected
    if expected not in ("'then'", "'else'"):
        return None
    if here is not None and here.text in ("elif", "elsif", "elseif"):
        return replacing(situation.unexpected(here.text), here, "else if", "BCL writes 'else if'")
    if expected == "'else'":
        help = "an 'if' always has its 'else': if condition then value else null"
        at = where(here) if here else (len(situation.text.rstrip()),) * 2
        return Advice("this 'if' has no 'else'", *at, "expected 'else'", help)
    if here is None:
        return None
    return explaining(situation.unexpected(here.text), here, _CONDITIONAL)


def braces_of_conditional(situation: Situation) -> Advice | None:
    """``if a { b } else { c }``: the braces were read as an extension of the condition."""
    if situation.expected != FIELD or situation.bracket != "{":
        return None
    opener = situation.brackets[-1]
    line = situation.text[situation.source.line_start(opener) : opener]
    if _if_in_braces.search(line) is None:
        return None
    return Advice("unexpected '{', expected 'then'", opener, opener + 1, help=_CONDITIONAL)


def computed_import(situation: Situation) -> Advice | None:
    """An import of something else than plain text."""
    here = situation.here
    if situation.expected != "a quoted path" or here is None:
        return None
    if here.kind is Kind.PATH:
        return quoting("the path of an import is quoted", here.start, here.text)
    help = "all imports are known before anything is evaluated: the path is plain text in quotes"
    return explaining("the path of an import cannot be computed", here, help)


def missing_comma(situation: Situation) -> Advice | None:
    """``[1 2]``, ``["a" "b"]``, ``[1; 2]``."""
    here, last = situation.here, situation.last
    if situation.expected not in _ITEMS or here is None or last is None:
        return None
    message = situation.unexpected(here.text)
    if here.text == ";":
        return replacing(message, here, ",", "items are separated by ','")
    is_word = here.kind is Kind.WORD and (here.text not in RESERVED or here.text in VALUE_WORDS)
    is_value = here.kind in VALUES or is_word or here.text in ("[", "{", "(", "-")
    if not is_value or not ends_operand(last):
        return None
    help = "items are separated by ','"
    if last.kind is here.kind is Kind.STRING and situation.goes_on_from_value:
        help = "put ',' between two items, '+' between the halves of one text"
    return inserting(message, here, last.end, ",", help)


def missing_item(situation: Situation) -> Advice | None:
    """``[1,,2]``."""
    here, last = situation.here, situation.last
    if situation.expected != VALUE or here is None or last is None or here.text != ",":
        return None
    if last.text not in (",", "[", "("):
        return None
    return replacing(situation.unexpected(","), here, "", "leave one ',' out")


def no_recognised_mistake(situation: Situation) -> Advice:
    """What is there, and what should be: all there is to say."""
    here = situation.here
    if here is None:
        end = len(situation.text.rstrip())
        return Advice(f"unexpected end of file, expected {situation.expected}", end, end)
    return Advice(situation.unexpected(short(here.text)), *where(here))
