"""Advice on what stands before a value: names, types, equals signs, declarations."""

from borgpy.bcl.advice.situation import (
    VALUE_WORDS,
    VALUES,
    Advice,
    Situation,
    explaining,
    inserting,
    replacing,
    short,
    where,
)
from borgpy.bcl.diagnostics import suggestion
from borgpy.bcl.reading.lexer import Kind, Token, ends_operand
from borgpy.bcl.reading.misread import FIELD, NAME, TYPE
from borgpy.bcl.syntax import KINDS, RESERVED

_EQUALS = "write '=' between a name and its value"


def no_value(situation: Situation) -> Advice | None:
    """``a =`` and then the next line."""
    before, here = situation.before, situation.here
    if here is None or here.text not in ("=", "+=", ":") or len(before) < 3:
        return None
    field, equals, name = before[-3:]
    if equals.text not in ("=", "+=") or name.kind not in (Kind.WORD, Kind.STRING):
        return None
    if "\n" not in situation.text[equals.end : name.start]:
        return None
    return Advice(
        f"'{short(field.text)}' has no value", *where(equals), "expected a value behind it"
    )


def value_for_type(situation: Situation) -> Advice | None:
    """``replicas: 3``, ``"a": {"b": 1}``: a colon is followed by a type."""
    here = situation.here
    if here is None or situation.expected not in (TYPE, NAME, "']'", "'}'"):
        return None
    if here.text == "null" and situation.before[-1:] and situation.before[-1].text == "|":
        return explaining("'null' is no type", here, "a type that null satisfies is 'int?'")
    is_value = here.kind in VALUES or here.text in ("-", "(", ",", ":", "]", "}", *VALUE_WORDS)
    before = list(situation.before)
    while len(before) > 1 and (
        before[-1].text in "[{" or before[-1].kind in (Kind.WORD, Kind.STRING)
    ):
        before.pop()
    if not is_value or len(before) < 2 or before[-1].text != ":":
        return None
    colon, name = before[-1], before[-2]
    if name.kind not in (Kind.WORD, Kind.STRING):
        return None
    edits = ((colon.start, colon.end, " ="),)
    message = f"unexpected {situation.quoted(here.text)}, expected a type behind ':'"
    return Advice(message, *where(here), "", _EQUALS, (), "write =", edits)


def type_of_other_languages(situation: Situation) -> Advice | None:
    """``list[int]``."""
    here, last = situation.here, situation.last
    if here is None or last is None or here.text not in ("[", "<") or last.text != "list":
        return None
    help = "a list of numbers has the type [number]"
    return explaining(f"unexpected '{here.text}'", here, help)


def equality(situation: Situation) -> Advice | None:
    """``a == 1`` for a field, ``if a = 1`` for a comparison."""
    here, following = situation.here, situation.next
    if here is None:
        return None
    if situation.expected == FIELD and following is not None and following.text == "==":
        message = f"unexpected '==', expected '=' behind {situation.quoted(here.text)}"
        return replacing(message, following, "=", "'==' compares, '=' gives a value")
    if here.text != "=":
        return None
    asserts = bool(situation.before) and situation.before[0].text == "assert"
    if situation.bracket == "(" or situation.expected in ("'then'", "'else'") or asserts:
        return replacing(situation.unexpected("="), here, "==", "'==' compares")
    if situation.bracket == "[":
        return explaining(
            situation.unexpected("="), here, "a list has no names; a record has: {a = 1}"
        )
    return None


def colon(situation: Situation) -> Advice | None:
    """``f(a: 1)``."""
    here, last = situation.here, situation.last
    if here is None or here.text != ":" or last is None or situation.bracket != "(":
        return None
    if last.kind not in (Kind.WORD, Kind.STRING):
        return None
    return replacing(situation.unexpected(":"), here, " =", _EQUALS)


def declaration(situation: Situation) -> Advice | None:
    """``jbo web = {``, ``job web {``, ``job "web" {``."""
    if situation.expected != FIELD or len(situation.after) < 3:
        return None
    kind, name, mark = situation.after[:3]
    if kind.kind is not Kind.WORD or name.kind not in (Kind.WORD, Kind.STRING):
        return None
    if "\n" in situation.text[kind.end : name.start] or mark.text not in ("{", "=", ":"):
        return None
    if kind.text in KINDS:
        message = f"unexpected '{mark.text}', expected '=' behind {situation.quoted(name.text)}"
        help = f"write {kind.text} {short(name.text)} = ..."
        return inserting(message, mark, name.end, " =", help)
    meant = _meant(kind.text)
    if not meant and (situation.bracket or situation.goes_on_from_value):
        return None
    message = f"unknown declaration '{short(kind.text)}'"
    if meant:
        return replacing(message, kind, meant, f"did you mean '{meant}'?")
    return explaining(message, kind, f"the declarations are {', '.join(KINDS)}")


def _meant(word: str) -> str:
    """The word that declares something which ``word`` was probably meant to be, or nothing."""
    known = (*KINDS, "local", "hidden", "final", "param")
    swapped = (other for other in known if sorted(other) == sorted(word))
    return suggestion(word, known) or next(swapped, "")


def missing_equals(situation: Situation) -> Advice | None:
    """``replicas 3``."""
    here, following = situation.here, situation.next
    if situation.expected != FIELD or here is None or following is None:
        return None
    if here.kind not in (Kind.WORD, Kind.STRING) or here.text in RESERVED:
        return None
    message = f"unexpected {situation.quoted(following.text)}, expected '=' behind {situation.quoted(here.text)}"
    if following.kind in (*VALUES, Kind.WORD) or following.text in ("[", "-"):
        return inserting(message, following, here.end, " =")
    return Advice(message, *where(following))


_MODIFIERS = {
    "local": ("=", "a local is a name and its value: local x = 1"),
    "hidden": ("=", "for example hidden x = 1, or hidden x: int"),
    "final": ("=", "for example final x = 1"),
    "param": (":", "a param needs a type: param x: int = 1"),
}


def bare_modifier(situation: Situation) -> Advice | None:
    """``param zone`` and then something else, ``local x``."""
    here, name = situation.here, situation.next
    if situation.expected != FIELD or here is None or here.text not in _MODIFIERS:
        return None
    if name is None or name.kind not in (Kind.WORD, Kind.STRING) or name.text in RESERVED:
        return None
    if not _ends_member(situation, name):
        return None
    mark, help = _MODIFIERS[here.text]
    message = f"expected '{mark}' behind {situation.quoted(name.text)}"
    return Advice(message, *where(name), "", help)


def _ends_member(situation: Situation, name: Token) -> bool:
    """Whether nothing on its line goes on from the ``name`` that stands second."""
    if len(situation.after) < 3:
        return True
    follower = situation.after[2]
    return follower.text in ("}", ";") or "\n" in situation.text[name.end : follower.start]


def lost_value(situation: Situation) -> Advice | None:
    """A value that has no name."""
    here, last = situation.here, situation.last
    if situation.expected != FIELD or here is None:
        return None
    if here.text == "{":
        return explaining(situation.unexpected("{"), here, _braces_without_name(situation))
    if here.text == "[":
        help = "a computed name stands in a loop: {for k in keys: [k] = value}"
        return explaining(situation.unexpected("["), here, help)
    is_value = here.kind in VALUES or here.text in VALUE_WORDS
    if is_value and last is not None and ends_operand(last):
        return explaining(
            situation.unexpected(here.text), here, "several values stand in a list: [1, 2]"
        )
    return None


def _braces_without_name(situation: Situation) -> str:
    assert situation.here is not None
    if not situation.text[: situation.here.start].strip("\ufeff \t\r\n"):
        return "a file is a record already: leave the outer braces out"
    return "a record behind a type or another block needs a name and '='"
