"""How values compare: equality of any depth, order, and membership."""

import operator as python
from collections.abc import Callable, Iterator
from typing import Any

from borgpy.bcl.operations.costs import CHARACTERS_PER_STEP, pay_reading, pay_search
from borgpy.bcl.operations.faces import Meter, is_record
from borgpy.bcl.operations.refusals import (
    counts,
    is_number,
    is_text,
    refusal,
    text_within,
    units_differ,
)
from borgpy.bcl.values import Bareword, Quantity, Value, Wrong, type_name, unknown_name

_SCALARS = frozenset({int, str, bool, float, type(None)})


def equal(left: Value, right: Value, meter: Meter) -> bool:
    """Deep equality. Values of different types differ; only quantities of another unit, or none, are a mistake."""
    if type(left) is str and type(right) is str:
        if len(left) >= CHARACTERS_PER_STEP:
            pay_reading(meter, len(left))
        return left == right
    if type(left) is type(right) and type(left) in _SCALARS:
        return left == right
    if _both_hold_values(left, right):
        return _deeply_equal(left, right, meter)
    return _equal_leaves(left, right)


def differ(left: Value, right: Value, meter: Meter) -> bool:
    return not equal(left, right, meter)


def contains(item: Value, container: Value, meter: Meter) -> bool:
    """``item in container``: text within text, an item of a list, the name of a field of a record."""
    if type(item) is Bareword:
        raise unknown_name(item)
    if type(container) is list:
        meter.spend(len(container))
        return any(equal(item, other, meter) for other in container)
    if type(item) is str:
        if type(container) is str:
            pay_search(meter, container, item)
            return item in container
        if is_record(container):
            return container.has(item)
    raise refusal("in", item, container)


def lacks(item: Value, container: Value, meter: Meter) -> bool:
    return not contains(item, container, meter)


def _ordering(symbol: str, compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def ordered(left: Value, right: Value, meter: Meter) -> bool:
        if type(left) is int and type(right) is int:
            return compare(left, right)
        if type(left) is str and type(right) is str:
            pay_reading(meter, min(len(left), len(right)))
            return compare(left, right)
        if is_number(left) and is_number(right):
            return compare(left, right)
        if type(left) is Quantity and type(right) is Quantity and left.unit == right.unit:
            return compare(left.amount, right.amount)
        raise refusal(symbol, left, right)

    return ordered


less = _ordering("<", python.lt)
at_most = _ordering("<=", python.le)
greater = _ordering(">", python.gt)
at_least = _ordering(">=", python.ge)


def _both_hold_values(left: Value, right: Value) -> bool:
    return type(right) is list if type(left) is list else is_record(left) and is_record(right)


def _deeply_equal(left: Value, right: Value, meter: Meter) -> bool:
    """Walks both without recursion, however deep they are. What is shared is paid for each time that it is met."""
    waiting: list[Iterator[tuple[Value, Value]]] = [iter(((left, right),))]
    while waiting:
        for one, other in waiting[-1]:
            if type(one) in _SCALARS or not _both_hold_values(one, other):
                if not equal(one, other, meter):
                    return False
            elif one is not other:
                inner = _pairs(one, other, meter)
                if inner is None:
                    return False
                waiting.append(inner)
                break
        else:
            waiting.pop()
    return True


def _pairs(one: Any, other: Any, meter: Meter) -> Iterator[tuple[Value, Value]] | None:
    """What must be equal in two lists or two records, or None if their sizes or names tell them apart."""
    if type(one) is list:
        if len(one) != len(other):
            return None
        meter.spend(len(one))
        return zip(one, other, strict=True)
    names = one.names()
    meter.spend(len(names))
    if set(names) != set(other.names()):
        return None
    return ((one.get(name), other.get(name)) for name in names)


def _equal_leaves(left: Value, right: Value) -> bool:
    if type(left) is Bareword:
        raise unknown_name(left)
    if type(right) is Bareword:
        raise unknown_name(right)
    if counts(left) and counts(right):
        if type(left) is Quantity and type(right) is Quantity and left.unit == right.unit:
            return left.amount == right.amount
        if type(left) is Quantity or type(right) is Quantity:
            raise units_differ("==", left, right)
        return left == right
    if is_text(left) and is_text(right):
        return text_within(left) == text_within(right)
    if type_name(left) == type_name(right) == "function":
        raise Wrong("type", "functions cannot be compared")
    return False
