"""The arguments of built-in functions, as the kinds of value that these need."""

from borgpy.bcl.diagnostics import Fault
from borgpy.bcl.operations.faces import Fields, is_record
from borgpy.bcl.operations.refusals import no_value_yet
from borgpy.bcl.values import (
    Bareword,
    PlaceholderText,
    Value,
    Wrong,
    type_name,
    unknown_name,
)


def text_of(function: str, value: Value, wanted: str = "a string") -> str:
    if type(value) is str:
        return value
    if type(value) is PlaceholderText:
        raise no_value_yet(function, value)
    raise unfit(function, wanted, value)


def list_of(function: str, value: Value, wanted: str = "a list") -> list[Value]:
    if type(value) is list:
        return value
    raise unfit(function, wanted, value)


def record_of(function: str, value: Value, wanted: str = "a record") -> Fields:
    if is_record(value):
        return value
    raise unfit(function, wanted, value)


def int_of(function: str, value: Value, wanted: str = "whole numbers") -> int:
    if type(value) is int:
        return value
    raise unfit(function, wanted, value)


def function_of(function: str, value: Value, wanted: str) -> Value:
    if type_name(value) == "function":
        return value
    raise unfit(function, wanted, value)


def unfit(function: str, wanted: str, value: Value) -> Wrong | Fault:
    """What to raise for an argument of the wrong kind."""
    if type(value) is Bareword:
        return unknown_name(value)
    return Wrong("type", f"{function} needs {wanted}, not {type_name(value)}")


def unfit_item(function: str, wanted: str, index: int, value: Value) -> Wrong | Fault:
    """The same for an item of a list."""
    if type(value) is Bareword:
        return unknown_name(value)
    return Wrong("type", f"{function} needs {wanted}; item {index} is {type_name(value)}")
