"""Putting values in order: what can be compared, and what that costs."""

from collections.abc import Sequence
from typing import Any

from borgpy.bcl.operations.costs import pay_reading
from borgpy.bcl.operations.faces import Meter
from borgpy.bcl.operations.refusals import is_number
from borgpy.bcl.values import Bareword, Quantity, Value, Wrong, type_name, unknown_name

_STEPS_PER_ITEM_AND_ROUND = 1 / 8
"""Sorting n items takes some log n rounds, each of them far quicker than a step of evaluation."""


def comparable(function: str, values: Sequence[Value]) -> list[Any]:
    """The values as Python compares them; `Wrong` unless they are all numbers, or strings, or quantities of one unit."""
    first = ""
    for index, value in enumerate(values):
        if type(value) is Bareword:
            raise unknown_name(value)
        kind = _kind(value)
        if not kind:
            what = f"{function} orders numbers, quantities or strings; item {index} is {type_name(value)}"
            raise Wrong("type", what)
        if kind != (first := first or kind):
            mixed = "type" if "string" in (kind, first) else "unit"
            what = f"{function} orders values of one kind: item 0 is {type_name(values[0])}, item {index} is {type_name(value)}"
            raise Wrong(mixed, what)  # type: ignore[arg-type]
    return [value.amount if type(value) is Quantity else value for value in values]


def pay_sorting(meter: Meter, keys: Sequence[Any]) -> None:
    """Comparing long strings costs their length, each time."""
    rounds = len(keys).bit_length()
    meter.spend(int(len(keys) * rounds * _STEPS_PER_ITEM_AND_ROUND))
    pay_characters(meter, keys, rounds)


def pay_characters(meter: Meter, keys: Sequence[Any], rounds: int = 1) -> None:
    if keys and type(keys[0]) is str:
        pay_reading(meter, sum(map(len, keys)) * rounds)


def _kind(value: Value) -> str:
    if is_number(value):
        return "number"
    if type(value) is Quantity:
        return value.unit
    return "string" if type(value) is str else ""
