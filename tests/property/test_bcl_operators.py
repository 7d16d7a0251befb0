"""Laws of operators and built-in functions: whatever goes in, a value of BCL comes out, or a refusal."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.bcl.diagnostics import Fault
from borgpy.bcl.functions import BUILTINS
from borgpy.bcl.operations.interpolation import formatted, text_of
from borgpy.bcl.operations.operators import BINARY, negate
from borgpy.bcl.operations.refusals import is_number
from borgpy.bcl.values import (
    BYTES,
    DURATION,
    MAX_INTEGER,
    MIN_INTEGER,
    Bareword,
    PlaceholderText,
    Quantity,
    Value,
    Wrong,
)
from tests.unit.bcl.evaluator import Fields, a_meter, a_word

integers = st.integers(MIN_INTEGER, MAX_INTEGER) | st.sampled_from(
    [0, 1, -1, MIN_INTEGER, MAX_INTEGER]
)
small = st.integers(-(2**31), 2**31)
fractions = st.floats(allow_nan=False, allow_infinity=False, width=64).filter(
    lambda x: not x.is_integer()
)
numbers = integers | fractions
quantities = st.builds(Quantity, numbers, st.sampled_from([BYTES, DURATION]))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = st.none() | st.booleans() | numbers | quantities | texts
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4).map(Fields)
    ),
    max_leaves=8,
)
values = st.recursive(
    scalars
    | st.just(PlaceholderText("%port%"))
    | st.just(a_word("ic"))
    | st.just(len)
    | st.sampled_from(list(BUILTINS.values())),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4).map(Fields)
    ),
    max_leaves=8,
)
operators = st.sampled_from(sorted(BINARY))


def outcome(operation: Callable[..., Any], *arguments: Any) -> Any:
    """What comes of it: a value, or the class of the refusal, and nothing else."""
    try:
        return operation(*arguments)
    except (Wrong, Fault) as refusal:
        return f"refused: {refusal.code}" if refusal.message else pytest.fail("says nothing")


def refused(result: object) -> bool:
    return isinstance(result, str) and result.startswith("refused: ")


def assert_of_bcl(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            assert_of_bcl(item)
    elif isinstance(value, Fields):
        for name in value.names():
            assert_of_bcl(value.get(name))
    elif isinstance(value, Quantity):
        assert is_number(value.amount)
        assert_of_bcl(value.amount)
    elif type(value) is int:
        assert MIN_INTEGER <= value <= MAX_INTEGER
    elif type(value) is float:
        assert math.isfinite(value)
        assert not value.is_integer()
    else:
        known = type(value) in (str, bool, type(None), PlaceholderText, Bareword)
        assert known or callable(value) or value in BUILTINS.values()


@given(values, operators, values)
def test_every_operator_makes_a_value_or_refuses(left: Any, operator: str, right: Any) -> None:
    assert_of_bcl(outcome(BINARY[operator], left, right, a_meter()))
    assert_of_bcl(outcome(negate, left))


@given(st.sampled_from(list(BUILTINS.values())), st.lists(values, max_size=4))
def test_every_function_makes_a_value_or_refuses(builtin: Any, arguments: list[Any]) -> None:
    # Functions of Python's stand for those of a file; what they make of their arguments is their own affair.
    arguments = [argument for argument in arguments if argument is not len]
    assert_of_bcl(outcome(builtin.call, a_builtin_caller(), arguments))


def a_builtin_caller() -> Any:
    """An evaluator for which every function is a built-in one."""
    caller = a_meter()
    caller.call = lambda function, *values: function.call(caller, values)  # type: ignore[method-assign]
    return caller


@given(values, st.from_regex(r"0?([1-9][0-9]?)?(\.[0-9]{1,2})?[dfxXs]?", fullmatch=True))
def test_every_format_makes_text_or_refuses(value: Any, format: str) -> None:
    assert isinstance(outcome(formatted, value, format), str)


@given(integers, integers)
def test_what_is_added_can_be_taken_away(a: int, b: int) -> None:
    meter = a_meter()
    total = outcome(BINARY["+"], a, b, meter)
    assert refused(total) == (not MIN_INTEGER <= a + b <= MAX_INTEGER)
    if not refused(total):
        assert BINARY["-"](total, b, meter) == a


@given(small, small.filter(bool))
def test_a_product_divided_by_a_factor_is_the_other(a: int, b: int) -> None:
    meter = a_meter()
    product = BINARY["*"](a, b, meter)
    assert BINARY["/"](product, b, meter) == a


@given(integers, integers.filter(bool))
def test_a_remainder_is_what_division_leaves(a: int, b: int) -> None:
    remainder = BINARY["%"](a, b, a_meter())
    assert isinstance(remainder, int)
    assert abs(remainder) < abs(b)
    assert (a - remainder) % b == 0
    assert remainder == 0 or (remainder > 0) == (b > 0)


@given(numbers, numbers)
def test_sums_and_products_do_not_care_about_order(a: float, b: float) -> None:
    for operator in ("+", "*"):
        one = outcome(BINARY[operator], a, b, a_meter())
        other = outcome(BINARY[operator], b, a, a_meter())
        assert one == other


@given(numbers, numbers, st.sampled_from([BYTES, DURATION]))
def test_quantities_calculate_as_their_amounts_do(a: float, b: float, unit: str) -> None:
    for operator in ("+", "-", "%", "<", "<=", "=="):
        plainly = outcome(BINARY[operator], a, b, a_meter())
        counted = outcome(BINARY[operator], Quantity(a, unit), Quantity(b, unit), a_meter())
        assert plainly == (counted.amount if isinstance(counted, Quantity) else counted)


@given(plain)
def test_a_value_equals_itself(value: Value) -> None:
    assert BINARY["=="](value, value, a_meter()) is True
    assert BINARY["!="](value, value, a_meter()) is False
    assert BINARY["in"](value, [value], a_meter()) is True


@given(values, values)
def test_equality_does_not_care_about_sides(left: Any, right: Any) -> None:
    one = outcome(BINARY["=="], left, right, a_meter())
    other = outcome(BINARY["=="], right, left, a_meter())
    assert one == other


@given(numbers | texts, numbers | texts)
def test_two_values_are_in_one_order_only(a: Any, b: Any) -> None:
    meter = a_meter()
    less = outcome(BINARY["<"], a, b, meter)
    if refused(less):
        assert type(a) is not type(b)
        return
    assert [less, BINARY["=="](a, b, meter), BINARY[">"](a, b, meter)].count(True) == 1
    assert BINARY["<="](a, b, meter) is not BINARY[">"](a, b, meter)
    assert BINARY[">="](a, b, meter) is not less


@given(numbers)
def test_a_number_shown_and_read_is_the_same(number: float) -> None:
    read = BUILTINS["number"].call(a_meter(), [text_of(number)])
    assert read == number
    assert type(read) is type(number)


@given(st.lists(integers) | st.lists(texts) | st.lists(numbers))
def test_sorted_keeps_everything_and_puts_it_in_order(items: list[Any]) -> None:
    ordered: Any = BUILTINS["sorted"].call(a_meter(), [items])
    assert ordered == sorted(items)


@given(texts, texts.filter(bool))
def test_what_is_split_can_be_joined(text: str, separator: str) -> None:
    parts = BUILTINS["split"].call(a_meter(), [text, separator])
    assert BUILTINS["join"].call(a_meter(), [parts, separator]) == text


@given(st.lists(scalars, max_size=8))
def test_unique_keeps_one_of_each(items: list[Any]) -> None:
    kept: Any = BUILTINS["unique"].call(a_meter(), [items])
    assert_of_bcl(kept)
    for index, item in enumerate(kept):
        same = [other for other in kept if type(other) is type(item) and other == item]
        assert len(same) == 1, index
    assert [repr(item) for item in kept] == list(dict.fromkeys(map(repr, items)))


@given(plain)
def test_json_says_what_the_value_is(value: Any) -> None:
    text = BUILTINS["json"].call(a_meter(), [value])
    assert isinstance(text, str)
    assert json.loads(text) == as_python(value)


def as_python(value: Any) -> Any:
    if isinstance(value, Fields):
        return {name: as_python(value.get(name)) for name in value.names()}
    if isinstance(value, list):
        return [as_python(item) for item in value]
    return value.amount if isinstance(value, Quantity) else value
