"""What operators do to values. Whatever does not fit raises `Wrong`; a word that names nothing raises its own fault."""

import operator as python
from collections.abc import Callable, Mapping

from borgpy.bcl.operations.comparison import (
    at_least,
    at_most,
    contains,
    differ,
    equal,
    greater,
    lacks,
    less,
)
from borgpy.bcl.operations.costs import CHARACTERS_PER_STEP, pay_items, pay_text
from borgpy.bcl.operations.faces import Meter
from borgpy.bcl.operations.refusals import (
    Number,
    is_number,
    is_text,
    refusal,
    refusal_of_one,
    text_within,
)
from borgpy.bcl.values import (
    MAX_INTEGER,
    MIN_INTEGER,
    Bareword,
    PlaceholderText,
    Quantity,
    Value,
    Wrong,
    type_name,
    unknown_name,
)

Binary = Callable[[Value, Value, Meter], Value]
"""An operator between two operands. The meter is paid before any work that could be large."""


# Arithmetic. Two integers, and two strings, are so common that each operator looks for them first.


def add(left: Value, right: Value, meter: Meter) -> Value:
    if type(left) is int and type(right) is int:
        total = left + right
        if MIN_INTEGER <= total <= MAX_INTEGER:
            return total
        raise _too_large("+")
    if type(left) is str and type(right) is str:
        length = len(left) + len(right)
        if length >= CHARACTERS_PER_STEP:
            pay_text(meter, length)
        return left + right
    if type(left) is list and type(right) is list:
        pay_items(meter, len(left) + len(right))
        return left + right
    if is_text(left) and is_text(right):
        one, other = text_within(left), text_within(right)
        pay_text(meter, len(one) + len(other))
        return PlaceholderText(one + other)
    return _same_units("+", python.add, left, right)


def subtract(left: Value, right: Value, meter: Meter) -> Value:
    if type(left) is int and type(right) is int:
        difference = left - right
        if MIN_INTEGER <= difference <= MAX_INTEGER:
            return difference
        raise _too_large("-")
    return _same_units("-", python.sub, left, right)


def multiply(left: Value, right: Value, meter: Meter) -> Value:
    if type(left) is int and type(right) is int:
        product = left * right
        if MIN_INTEGER <= product <= MAX_INTEGER:
            return product
        raise _too_large("*")
    if is_number(left):
        if is_number(right):
            return normal(left * right, "*")
        if type(right) is Quantity:
            return Quantity(normal(left * right.amount, "*"), right.unit)
    if type(left) is Quantity and is_number(right):
        return Quantity(normal(left.amount * right, "*"), left.unit)
    raise refusal("*", left, right)


def divide(left: Value, right: Value, meter: Meter) -> Value:
    if is_number(left) and is_number(right):
        return _quotient(left, right)
    if type(left) is Quantity:
        if is_number(right):
            return Quantity(_quotient(left.amount, right), left.unit)
        if type(right) is Quantity and left.unit == right.unit:
            return _quotient(left.amount, right.amount)
    raise refusal("/", left, right)


def modulo(left: Value, right: Value, meter: Meter) -> Value:
    """What is left over by a whole number of ``right``; it has the sign of ``right``."""
    return _same_units("%", _remainder, left, right)


def negate(value: Value) -> Value:
    if is_number(value):
        return normal(-value, "-")
    if type(value) is Quantity:
        return Quantity(normal(-value.amount, "-"), value.unit)
    raise refusal_of_one("-", value)


def normal(result: Number, operation: str) -> Number:
    """A computed number as BCL has it: integral ones are integers, of 64 bits; nothing is infinite."""
    if (
        not MIN_INTEGER <= result <= MAX_INTEGER
    ):  # NaN is within no bounds; a double beyond these is integral
        raise _too_large(operation)
    return int(result) if type(result) is float and result.is_integer() else result


def _same_units(
    symbol: str, compute: Callable[[Number, Number], Number], left: Value, right: Value
) -> Value:
    if is_number(left) and is_number(right):
        return normal(compute(left, right), symbol)
    if type(left) is Quantity and type(right) is Quantity and left.unit == right.unit:
        return Quantity(normal(compute(left.amount, right.amount), symbol), left.unit)
    raise refusal(symbol, left, right)


def _quotient(left: Number, right: Number) -> Number:
    if right == 0:
        raise Wrong("arith", "division by zero")
    if type(left) is int and type(right) is int and left % right == 0:
        return normal(left // right, "/")  # exact where a double would round
    return normal(left / right, "/")


def _remainder(left: Number, right: Number) -> Number:
    if right == 0:
        raise Wrong("arith", "modulo by zero")
    return left % right


def _too_large(operation: str) -> Wrong:
    return Wrong("arith", f"the result of '{operation}' is too large", help="integers have 64 bits")


# Conditions.


def truth(value: Value, what: str) -> bool:
    """``value``, if it is true or false: nothing else stands for either. ``what`` wants to know, as in ``'or'``."""
    if value is True:
        return True
    if value is False:
        return False
    if type(value) is Bareword:
        raise unknown_name(value)
    raise Wrong("type", f"{what} needs true or false, not {type_name(value)}")


BINARY: Mapping[str, Binary] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "==": equal,
    "!=": differ,
    "<": less,
    "<=": at_most,
    ">": greater,
    ">=": at_least,
    "in": contains,
    "not in": lacks,
}
"""The operators between two operands, as a file writes them."""
