"""Why an operator does not apply to its operands, and what to do about it."""

from typing import TypeGuard

from borgpy.bcl.diagnostics import Fault
from borgpy.bcl.operations.faces import is_record
from borgpy.bcl.values import (
    BYTES,
    Bareword,
    PlaceholderText,
    Quantity,
    Value,
    Wrong,
    type_name,
    unknown_name,
)

Number = int | float


def is_number(value: Value) -> TypeGuard[Number]:
    """Whether this is a plain number; a boolean and a quantity are none."""
    return type(value) is int or type(value) is float


def counts(value: Value) -> bool:
    return type(value) is Quantity or is_number(value)


def is_text(value: Value) -> TypeGuard[str | PlaceholderText]:
    return type(value) is str or type(value) is PlaceholderText


def text_within(value: str | PlaceholderText) -> str:
    return value.text if isinstance(value, PlaceholderText) else value


def refusal(symbol: str, left: Value, right: Value) -> Wrong | Fault:
    """Why an operator does not apply to its operands."""
    for operand in (left, right):
        if type(operand) is Bareword:
            return unknown_name(operand)
    for operand in (left, right):
        if type(operand) is PlaceholderText:
            return no_value_yet(f"'{symbol}'", operand)
    if (type(left) is Quantity or type(right) is Quantity) and counts(left) and counts(right):
        return units_differ(symbol, left, right)
    return Wrong(
        "type",
        f"'{symbol}' does not apply to {type_name(left)} and {type_name(right)}",
        help=_way_out(symbol, left, right),
    )


def refusal_of_one(symbol: str, value: Value) -> Wrong | Fault:
    """Why a sign does not apply to what follows it."""
    if type(value) is Bareword:
        return unknown_name(value)
    if type(value) is PlaceholderText:
        return no_value_yet(f"'{symbol}'", value)
    return Wrong("type", f"'{symbol}' does not apply to {type_name(value)}")


def no_value_yet(what: str, placeholder: PlaceholderText) -> Wrong:
    return Wrong(
        "type",
        f"{what} does not apply to {placeholder.text}: it has no value yet",
        help="placeholders are filled in when a task starts",
    )


def units_differ(symbol: str, left: Value, right: Value) -> Wrong:
    plain = left if is_number(left) else right if is_number(right) else None
    unit = right.unit if type(right) is Quantity else BYTES
    if type(left) is Quantity:
        unit = left.unit
    comparable = plain is not None and symbol not in "*/"
    return Wrong(
        "unit",
        f"'{symbol}' does not apply to {type_name(left)} and {type_name(right)}",
        help=f"give the number a unit: {plain}{'B' if unit == BYTES else 's'}"
        if comparable
        else "",
    )


def _way_out(symbol: str, left: Value, right: Value) -> str:
    if symbol == "+":
        if type(left) is str or type(right) is str:
            return 'to put a value into text, write f"..{value}.."'
        if type(left) is list:
            return "a list grows by a list: write [..] around the item"
        if is_record(left) and is_record(right):
            return "records are merged by compose(a, b), or extended as in a { .. }"
    if symbol == "in" and is_record(right):
        return "the names of fields are strings"
    return ""
