"""Built-in functions that turn values into others, or tell what they are."""

import re

from borgpy.bcl.functions.arguments import text_of, unfit
from borgpy.bcl.functions.builtin import Builtin, Parameter
from borgpy.bcl.functions.jsontext import json_text
from borgpy.bcl.operations.costs import pay_text
from borgpy.bcl.operations.faces import Caller
from borgpy.bcl.operations.interpolation import text_of as shown
from borgpy.bcl.operations.operators import normal
from borgpy.bcl.operations.refusals import is_number
from borgpy.bcl.values import (
    Bareword,
    PlaceholderText,
    Quantity,
    Value,
    Wrong,
    type_name,
    unknown_name,
)

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?\Z")
_MOST_SHOWN = 40


def _str(caller: Caller, value: Value) -> Value:
    if type(value) is PlaceholderText:
        return value
    text = shown(value)
    pay_text(caller, len(text))
    return text


def _int(caller: Caller, value: Value) -> Value:
    if type(value) is str:
        if _INTEGER.match(value):
            return normal(int(value), "int")
        raise _unread("int", "a whole number", value)
    if is_number(value):
        return int(value)
    raise _no_number("int", value)


def _number(caller: Caller, value: Value) -> Value:
    if type(value) is str:
        if _INTEGER.match(value):
            return normal(int(value), "number")
        if _NUMBER.match(value):
            return normal(float(value), "number")
        raise _unread("number", "a number", value)
    if is_number(value):
        return value
    raise _no_number("number", value)


def _unread(function: str, what: str, text: str) -> Wrong:
    return Wrong("type", f"{function} reads {what}, not '{text[:_MOST_SHOWN]}'")


def _no_number(function: str, value: Value) -> Exception:
    refused = unfit(function, "a string or a number", value)
    if type(value) is Quantity and isinstance(refused, Wrong):
        unit = "1B" if value.unit == "bytes" else "1s"
        return Wrong(refused.code, refused.message, help=f"divide by a unit, as in value / {unit}")
    return refused


def _type(caller: Caller, value: Value) -> Value:
    if type(value) is Bareword:
        raise unknown_name(value)
    return "string" if type(value) is PlaceholderText else type_name(value)


def _json(caller: Caller, value: Value) -> Value:
    return json_text(value, caller)


def _fail(caller: Caller, message: Value) -> Value:
    raise Wrong("assert", text_of("fail", message, "a message") or "this fails")


CONVERSIONS = (
    Builtin(
        "str",
        _str,
        (Parameter("value"),),
        'A string, number, quantity or truth value as `f"{value}"` shows it.',
        "map(str, [1, 2.5, true])",
        '["1", "2.5", "true"]',
    ),
    Builtin(
        "int",
        _int,
        (Parameter("value"),),
        "The whole number that a string says, or what is before the point of a number.",
        'int("42")',
        "42",
    ),
    Builtin(
        "number",
        _number,
        (Parameter("value"),),
        "The number that a string says.",
        'number("2.5")',
        "2.5",
    ),
    Builtin(
        "type",
        _type,
        (Parameter("value"),),
        "The type of a value: `null bool int number bytes duration string list record function`. "
        "A number that is not whole is a `number`.",
        "type(30s)",
        '"duration"',
    ),
    Builtin(
        "json",
        _json,
        (Parameter("value"),),
        "Plain data as JSON text, without blanks, the fields in their order.",
        'json({ a = [1, true, "x"] })',
        """'{"a":[1,true,"x"]}'""",
    ),
    Builtin(
        "fail",
        _fail,
        (Parameter("message"),),
        "Ends the evaluation with an error of class `assert`, where a value would be needed.",
        'if 2 > 1 then "fine" else fail("no such zone")',
        '"fine"',
    ),
)
