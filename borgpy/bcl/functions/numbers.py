"""Built-in functions of numbers and quantities."""

import math
from collections.abc import Callable, Sequence

from borgpy.bcl.functions.arguments import int_of, list_of, unfit, unfit_item
from borgpy.bcl.functions.builtin import Builtin, Parameter
from borgpy.bcl.functions.ordering import comparable, pay_characters
from borgpy.bcl.operations.faces import Caller
from borgpy.bcl.operations.operators import add, normal
from borgpy.bcl.operations.refusals import Number, counts, is_number
from borgpy.bcl.values import Quantity, Value, Wrong

_MOST_DIGITS = 20
"""A double has fewer, a whole number too."""


def _abs(caller: Caller, value: Value) -> Value:
    return _of_amount("abs", abs, value)


def _floor(caller: Caller, value: Value) -> Value:
    return _of_amount("floor", math.floor, value)


def _ceil(caller: Caller, value: Value) -> Value:
    return _of_amount("ceil", math.ceil, value)


def _round(caller: Caller, value: Value, digits: Value) -> Value:
    places = int_of("round", digits, "a whole number of digits")
    if not -_MOST_DIGITS <= places <= _MOST_DIGITS:
        raise Wrong("range", f"round keeps up to {_MOST_DIGITS} digits, not {places}")
    return _of_amount("round", lambda amount: round(amount, places), value)


def _of_amount(function: str, compute: Callable[[Number], Number], value: Value) -> Value:
    if is_number(value):
        return normal(compute(value), function)
    if type(value) is Quantity:
        return Quantity(normal(compute(value.amount), function), value.unit)
    raise unfit(function, "a number or a quantity", value)


def _min(caller: Caller, *values: Value) -> Value:
    given, ordered = _candidates(caller, "min", values)
    return given[min(range(len(given)), key=ordered.__getitem__)]


def _max(caller: Caller, *values: Value) -> Value:
    given, ordered = _candidates(caller, "max", values)
    return given[max(range(len(given)), key=ordered.__getitem__)]


def _candidates(
    caller: Caller, function: str, values: Sequence[Value]
) -> tuple[Sequence[Value], list[Number]]:
    """The values to choose from, given one by one or as a list, and what to compare of each."""
    if len(values) == 1:
        values = list_of(function, values[0], "a list, or two values or more")
    if not values:
        raise Wrong("range", f"{function} needs something to choose from: the list is empty")
    caller.spend(len(values))
    ordered = comparable(function, values)
    pay_characters(caller, ordered)
    return values, ordered


def _sum(caller: Caller, items: Value) -> Value:
    wanted = "a list of numbers or quantities"
    items = list_of("sum", items, wanted)
    caller.spend(len(items))
    for index, item in enumerate(items):
        if not counts(item):
            raise unfit_item("sum", wanted, index, item)
    total: Value = items[0] if items else 0
    for item in items[1:]:
        total = add(total, item, caller)
    return total


NUMBERS = (
    Builtin(
        "abs",
        _abs,
        (Parameter("value"),),
        "The number without its sign.",
        "abs(-3)",
        "3",
    ),
    Builtin(
        "floor",
        _floor,
        (Parameter("value"),),
        "The next whole number below; `floor(a / b)` is division without a rest.",
        "floor(7 / 2)",
        "3",
    ),
    Builtin(
        "ceil",
        _ceil,
        (Parameter("value"),),
        "The next whole number above.",
        "ceil(7 / 2)",
        "4",
    ),
    Builtin(
        "round",
        _round,
        (Parameter("value"), Parameter("digits", 0)),
        "The nearest number of so many digits behind the point; a half goes to the even side.",
        "round(3.14159, 2)",
        "3.14",
    ),
    Builtin(
        "min",
        _min,
        (Parameter("values", many=True),),
        "The smallest of a list, or of several values.",
        "min(4, 2, 3)",
        "2",
    ),
    Builtin(
        "max",
        _max,
        (Parameter("values", many=True),),
        "The largest of a list, or of several values.",
        "max([30s, 2min])",
        "2min",
    ),
    Builtin(
        "sum",
        _sum,
        (Parameter("items"),),
        "All numbers of a list, or all quantities, added up; 0 if there are none.",
        "sum([1GiB, 512MiB])",
        "1.5GiB",
    ),
)
