"""Operators: what they make of values of every kind, and what they say of those that do not fit."""

from typing import Any

import pytest

from borgpy.bcl.diagnostics import Fault
from borgpy.bcl.limits import Limits
from borgpy.bcl.operations.operators import BINARY, negate, truth
from borgpy.bcl.values import MAX_INTEGER, MIN_INTEGER, PlaceholderText, Value, Wrong
from tests.unit.bcl.evaluator import PORT, a_meter, a_record, a_word, refusal_of, size, time


def result(left: Any, operator: str, right: Any) -> Value:
    return BINARY[operator](left, right, a_meter())


def refused(left: Any, operator: str, right: Any) -> str:
    """The class and the message of a refusal."""
    refusal = refusal_of(lambda: result(left, operator, right))
    return f"{refusal.code}: {refusal.message}"


@pytest.mark.parametrize(
    ("left", "operator", "right", "expected"),
    [
        pytest.param(2, "+", 3, 5, id="a sum"),
        pytest.param(10, "-", 4, 6, id="a difference"),
        pytest.param(6, "*", 7, 42, id="a product"),
        pytest.param(7, "/", 2, 3.5, id="division does not round"),
        pytest.param(6, "/", 2, 3, id="what comes out even is an integer"),
        pytest.param(2**62, "/", -2, -(2**61), id="a large quotient is exact"),
        pytest.param(MAX_INTEGER, "/", 1, MAX_INTEGER, id="the largest quotient is exact"),
        pytest.param(7, "%", 3, 1, id="a remainder"),
        pytest.param(-7, "%", 3, 2, id="a remainder has the sign of the divisor"),
        pytest.param(5.5, "%", 2, 1.5, id="a remainder may be a fraction"),
        pytest.param(0.5, "*", 2, 1, id="an integral product is an integer"),
        pytest.param(0.5, "+", 0.5, 1, id="an integral sum is an integer"),
        pytest.param("ab", "+", "cd", "abcd", id="strings are joined"),
        pytest.param([1], "+", [2], [1, 2], id="lists are joined"),
        pytest.param(size(1), "+", size(2), size(3), id="bytes and bytes"),
        pytest.param(time(90), "-", time(30), time(60), id="a duration less another"),
        pytest.param(2, "*", time(45), time(90), id="a number of durations"),
        pytest.param(size(0.5), "*", 4, size(2), id="a size times a number"),
        pytest.param(size(3), "/", 2, size(1.5), id="a part of a size"),
        pytest.param(time(90), "/", time(30), 3, id="how often one duration fits another"),
        pytest.param(time(100), "%", time(60), time(40), id="what is left of a duration"),
        pytest.param("--port=", "+", PORT, PlaceholderText("--port=%port%"), id="text that waits"),
        pytest.param(PORT, "+", PORT, PlaceholderText("%port%%port%"), id="two that wait"),
    ],
)
def test_arithmetic(left: Any, operator: str, right: Any, expected: Value) -> None:
    assert result(left, operator, right) == expected
    assert type(result(left, operator, right)) is type(expected)


@pytest.mark.parametrize(
    ("left", "operator", "right", "expected"),
    [
        pytest.param(1, "==", 1, True, id="equal integers"),
        pytest.param(1, "==", "1", False, id="a number is no text"),
        pytest.param(1, "==", True, False, id="one is not true"),
        pytest.param(0, "==", False, False, id="zero is not false"),
        pytest.param(None, "==", None, True, id="null"),
        pytest.param(None, "==", 0, False, id="null is not zero"),
        pytest.param(0.5, "!=", 0.25, True, id="fractions"),
        pytest.param(size(5), "==", size(5), True, id="sizes"),
        pytest.param(
            [1, [2, "x"]], "==", [1, [2, "x"]], True, id="lists are equal if their items are"
        ),
        pytest.param([1, True], "==", [1, 1], False, id="within lists true is not one, too"),
        pytest.param([1], "==", [1, 2], False, id="a longer list"),
        pytest.param([], "==", a_record(), False, id="a list is no record"),
        pytest.param(a_record(a=1, b=2), "==", a_record(b=2, a=1), True, id="order of fields"),
        pytest.param(a_record(a=1), "==", a_record(a=1, b=2), False, id="a record with more"),
        pytest.param(a_record(a=[1]), "!=", a_record(a=[2]), True, id="a field that differs"),
        pytest.param(PORT, "==", "%port%", True, id="a placeholder is compared as it is written"),
        pytest.param(1, "<", 1.5, True, id="an integer before a fraction"),
        pytest.param(2**53 + 1, ">", 2.0**53, True, id="comparison does not round"),
        pytest.param("apple", "<", "banana", True, id="strings have the order of a dictionary"),
        pytest.param(time(60), "<=", time(60), True, id="durations"),
        pytest.param(2, "in", [1, 2], True, id="an item"),
        pytest.param(True, "in", [1], False, id="true is no item of numbers"),
        pytest.param([1], "in", [[1]], True, id="a list in a list"),
        pytest.param(3, "not in", [1], True, id="no item"),
        pytest.param("oo", "in", "foo", True, id="text within text"),
        pytest.param("k", "in", a_record(k=1), True, id="the name of a field"),
    ],
)
def test_comparison(left: Any, operator: str, right: Any, expected: bool) -> None:
    assert result(left, operator, right) is expected


@pytest.mark.parametrize(
    ("left", "operator", "right", "message"),
    [
        pytest.param("n", "+", 1, "type: '+' does not apply to string and int", id="text and number"),
        pytest.param([1], "+", 2, "type: '+' does not apply to list and int", id="list and item"),
        pytest.param("1G", "*", 3, "type: '*' does not apply to string and int", id="no repetition"),
        pytest.param(True, "+", 1, "type: '+' does not apply to bool and int", id="true is no number"),
        pytest.param(
            a_record(), "+", a_record(), "type: '+' does not apply to record and record", id="records"
        ),
        pytest.param(size(1), "+", time(1), "unit: '+' does not apply to bytes and duration", id="units"),
        pytest.param(size(1), "+", 1, "unit: '+' does not apply to bytes and int", id="no unit"),
        pytest.param(time(1), "*", time(1), "unit: '*' does not apply to duration and duration", id="seconds squared"),
        pytest.param(2, "/", time(1), "unit: '/' does not apply to int and duration", id="per second"),
        pytest.param(time(1), "<", 5, "unit: '<' does not apply to duration and int", id="order of units"),
        pytest.param(time(1), "==", 1, "unit: '==' does not apply to duration and int", id="equality of units"),
        pytest.param([size(1)], "==", [1], "unit: '==' does not apply to bytes and int", id="units within lists"),
        pytest.param(size(1), "*", "a", "type: '*' does not apply to bytes and string", id="a size and text"),
        pytest.param(1, "/", 0, "arith: division by zero", id="division by zero"),
        pytest.param(0.5, "%", 0, "arith: modulo by zero", id="modulo by zero"),
        pytest.param(time(1), "/", time(0), "arith: division by zero", id="division by no time"),
        pytest.param(MAX_INTEGER, "+", 1, "arith: the result of '+' is too large", id="65 bits"),
        pytest.param(MIN_INTEGER, "-", 1, "arith: the result of '-' is too large", id="65 bits below"),
        pytest.param(MIN_INTEGER, "/", -1, "arith: the result of '/' is too large", id="the one quotient"),
        pytest.param(2**40, "*", 2**40, "arith: the result of '*' is too large", id="80 bits"),
        pytest.param(2**62, "*", 2.5, "arith: the result of '*' is too large", id="a large double"),
        pytest.param(1, "<", "a", "type: '<' does not apply to int and string", id="order of kinds"),
        pytest.param([1], "<", [2], "type: '<' does not apply to list and list", id="order of lists"),
        pytest.param(False, "<", True, "type: '<' does not apply to bool and bool", id="order of bools"),
        pytest.param(1, "in", "123", "type: 'in' does not apply to int and string", id="no digit"),
        pytest.param("a", "in", 5, "type: 'in' does not apply to string and int", id="in a number"),
        pytest.param(len, "==", len, "type: functions cannot be compared", id="functions"),
        pytest.param(PORT, "-", 1, "type: '-' does not apply to %port%: it has no value yet", id="a port"),
        pytest.param(a_word("ic"), "+", 1, "name: unknown name 'ic'", id="a word at the left"),
        pytest.param("a", "+", a_word("ic"), "name: unknown name 'ic'", id="a word at the right"),
        pytest.param(a_word("ic"), "==", "ic", "name: unknown name 'ic'", id="a word compared"),
        pytest.param(["ic"], "==", [a_word("ic")], "name: unknown name 'ic'", id="a word in a list"),
        pytest.param(a_word("ic"), "in", ["ic"], "name: unknown name 'ic'", id="a word looked for"),
        pytest.param("ic", "in", [a_word("ic")], "name: unknown name 'ic'", id="a word looked at"),
    ],
)  # fmt: skip
def test_what_does_not_fit(left: Any, operator: str, right: Any, message: str) -> None:
    assert refused(left, operator, right) == message


@pytest.mark.parametrize(
    ("left", "operator", "right", "help"),
    [
        pytest.param(size(1), "+", 30, "give the number a unit: 30B", id="a size and a number"),
        pytest.param(5, "<", time(1), "give the number a unit: 5s", id="a number and a duration"),
        pytest.param("n", "+", 1, 'to put a value into text, write f"..{value}.."', id="text"),
        pytest.param([1], "+", 2, "a list grows by a list: write [..] around the item", id="lists"),
        pytest.param(1, "in", a_record(), "the names of fields are strings", id="fields"),
    ],
)
def test_a_refusal_knows_a_way_out(left: Any, operator: str, right: Any, help: str) -> None:
    refusal = refusal_of(lambda: result(left, operator, right))
    assert isinstance(refusal, Wrong)
    assert refusal.help == help


def test_signs() -> None:
    assert negate(3) == -3
    assert negate(time(2)) == time(-2)
    assert refusal_of(lambda: negate("a")).message == "'-' does not apply to string"
    assert refusal_of(lambda: negate(MIN_INTEGER)).code == "arith"
    assert refusal_of(lambda: negate(a_word("ic"))).code == "name"
    assert refusal_of(lambda: negate(PORT)).code == "type"


def test_only_true_and_false_are_conditions() -> None:
    assert truth(True, "'if'") is True
    assert truth(False, "'if'") is False
    assert (
        refusal_of(lambda: truth("yes", "'or'")).message == "'or' needs true or false, not string"
    )
    assert refusal_of(lambda: truth(a_word("yes"), "'or'")).code == "name"


def test_a_record_that_shares_its_parts_is_compared_within_the_budget() -> None:
    one: list[Any] = [1]
    other: list[Any] = [1]
    for _ in range(40):
        one, other = [one, one], [other, other]
    refusal = refusal_of(lambda: BINARY["=="](one, other, a_meter(Limits(steps=1000))))
    assert refusal.code == "limit"


def test_what_is_one_and_the_same_needs_no_comparison() -> None:
    one: list[Any] = [1]
    for _ in range(40):
        one = [one, one]
    meter = a_meter(Limits(steps=10))
    assert BINARY["=="](one, one, meter) is True


def test_lists_of_any_depth_are_compared() -> None:
    one: list[Any] = []
    other: list[Any] = []
    for _ in range(100_000):
        one, other = [one], [other]
    assert BINARY["=="](one, other, a_meter()) is True


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        pytest.param("x" * 40, "+", "x", id="strings that are joined"),
        pytest.param([1] * 40, "+", [2], id="lists that are joined"),
        pytest.param(["x"] * 40, "==", ["x"] * 40, id="lists that are compared"),
        pytest.param("x" * 40, "==", "x" * 40, id="strings that are compared"),
        pytest.param("x" * 40, "<", "x" * 41, id="strings in order"),
        pytest.param("y", "in", "x" * 40, id="a string that is searched"),
        pytest.param("y", "in", ["x"] * 40, id="a list that is searched"),
    ],
)
def test_large_work_is_paid_for(left: Any, operator: str, right: Any) -> None:
    refusal = refusal_of(lambda: BINARY[operator](left, right, a_meter(Limits(steps=0))))
    assert refusal.code == "limit"


@pytest.mark.parametrize(
    ("limits", "part", "flag"),
    [
        pytest.param(Limits(string=50), "x" * 30, "--max-string", id="strings"),
        pytest.param(Limits(items=50), [1] * 30, "--max-list", id="lists"),
    ],
)
def test_what_becomes_too_large_names_the_flag(limits: Limits, part: Any, flag: str) -> None:
    refusal = refusal_of(lambda: BINARY["+"](part, part, a_meter(limits)))
    assert isinstance(refusal, Wrong)
    assert refusal.code == "limit"
    assert flag in refusal.help


def test_a_word_that_names_nothing_is_told_where_it_stands() -> None:
    refusal = refusal_of(lambda: result(a_word("ic"), "+", 1))
    assert isinstance(refusal, Fault)
    assert str(refusal.spot) == "main.borg:1:5"
