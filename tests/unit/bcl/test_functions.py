"""Built-in functions: their examples, what they refuse, what they cost."""

from typing import Any

import pytest

from borgpy.bcl import evaluate_text
from borgpy.bcl.functions import BUILTINS, Builtin
from borgpy.bcl.functions.elsewhere import ELSEWHERE
from borgpy.bcl.functions.reference import function_reference
from borgpy.bcl.limits import Limits
from borgpy.bcl.syntax import RESERVED
from borgpy.bcl.values import MIN_INTEGER, PlaceholderText, Value, Wrong
from tests.unit.bcl.evaluator import (
    PORT,
    Fields,
    a_meter,
    a_record,
    a_word,
    refusal_of,
    size,
    time,
)

each_builtin = pytest.mark.parametrize("builtin", BUILTINS.values(), ids=BUILTINS.keys())


def called(name: str, *values: Any, limits: Limits | None = None, **named: Any) -> Value:
    caller = a_meter(limits) if limits else a_meter()
    names = ("",) * len(values) + tuple(named)
    return BUILTINS[name].call(caller, [*values, *named.values()], names)


@each_builtin
def test_the_example_of_each_function_is_true(builtin: Builtin) -> None:
    value = evaluate_text(f"x = {builtin.example}\ny = {builtin.result}")
    assert value["x"] == value["y"]


@each_builtin
def test_the_example_of_each_function_calls_it(builtin: Builtin) -> None:
    assert f"{builtin.name}(" in builtin.example or builtin.name == "str"


@each_builtin
def test_each_parameter_can_be_given_by_name(builtin: Builtin) -> None:
    assert not RESERVED & {parameter.name for parameter in builtin.parameters}


def test_the_reference_shows_every_function() -> None:
    shown = function_reference()
    for builtin in BUILTINS.values():
        assert f"`{builtin.signature}` | {builtin.doc}" in shown


def test_hints_are_for_words_that_are_no_function_here() -> None:
    assert not set(ELSEWHERE) & set(BUILTINS)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        pytest.param("len", ["día"], 3, id="len counts characters"),
        pytest.param("len", [Fields({"a": 1}, {"b": 2})], 1, id="len counts exported fields"),
        pytest.param("range", [3], [0, 1, 2], id="range from 0"),
        pytest.param("range", [2, 5], [2, 3, 4], id="range between"),
        pytest.param("range", [6, 0, -2], [6, 4, 2], id="range downwards"),
        pytest.param("range", [5, 2], [], id="an empty range"),
        pytest.param("range", [0, 7, 3], [0, 3, 6], id="a range that does not come out even"),
        pytest.param("unique", [[1, True, 1, "1", None, None, size(1), time(1), size(1)]],
                     [1, True, "1", None, size(1), time(1)], id="unique knows types"),
        pytest.param("unique", [[[1], [2], [1]]], [[1], [2]], id="unique lists"),
        pytest.param("unique", [[PORT, "%port%"]], [PORT], id="unique placeholders"),
        pytest.param("enumerate", [["a"], 5], [[5, "a"]], id="enumerate from a start"),
        pytest.param("zip", [[1, 2], [3]], [[1, 3]], id="zip ends with the shortest"),
        pytest.param("slice", ["abc", 1], "bc", id="slice up to the end"),
        pytest.param("slice", [[1, 2, 3], 0, 2], [1, 2], id="slice of a list"),
        pytest.param("slice", ["abc", 2, 9], "c", id="slice beyond the end"),
        pytest.param("slice", ["abc", 2, 1], "", id="slice of nothing"),
        pytest.param("sorted", [["b", "a"]], ["a", "b"], id="sorted strings"),
        pytest.param("sorted", [[2, 0.5, 1]], [0.5, 1, 2], id="sorted numbers"),
        pytest.param("sorted", [[time(3), time(1)]], [time(1), time(3)], id="sorted durations"),
        pytest.param("sorted", [["b1", "a1", "a0"], lambda t: t[0]], ["a1", "a0", "b1"], id="sorted is stable"),
        pytest.param("sorted", [[[2], [1]], lambda pair: pair[0]], [[1], [2]], id="sorted by a key"),
        pytest.param("sorted", [[]], [], id="sorted nothing"),
        pytest.param("any", [[]], False, id="nothing is not true"),
        pytest.param("all", [[]], True, id="nothing is not false"),
        pytest.param("join", [[]], "", id="join nothing"),
        pytest.param("join", [["a", PORT], "="], PlaceholderText("a=%port%"), id="join text that waits"),
        pytest.param("split", [" a  b\n"], ["a", "b"], id="split into words"),
        pytest.param("split", ["", ","], [""], id="split nothing"),
        pytest.param("replace", ["aaa", "aa", "b"], "ba", id="replace from the left"),
        pytest.param("upper", ["straße"], "STRASSE", id="upper makes longer"),
        pytest.param("abs", [time(-5)], time(5), id="abs of a duration"),
        pytest.param("floor", [-0.5], -1, id="floor below zero"),
        pytest.param("ceil", [-0.5], 0, id="ceil below zero"),
        pytest.param("floor", [time(2.5)], time(2), id="floor of a duration"),
        pytest.param("round", [2.5], 2, id="a half goes to the even side"),
        pytest.param("round", [1234, -2], 1200, id="round before the point"),
        pytest.param("min", [[3, 1, 2]], 1, id="min of a list"),
        pytest.param("max", ["a", "b"], "b", id="max of strings"),
        pytest.param("min", [size(2), size(1)], size(1), id="min of sizes"),
        pytest.param("sum", [[]], 0, id="the sum of nothing"),
        pytest.param("sum", [[0.5, 0.5]], 1, id="an integral sum"),
        pytest.param("has", [Fields({}, {"a": 1}), "a"], True, id="has a hidden field"),
        pytest.param("get", [a_record(a=1), "a", 2], 1, id="get what is there"),
        pytest.param("get", [a_record(), "a"], None, id="get without a default"),
        pytest.param("int", ["-007"], -7, id="int of text"),
        pytest.param("int", [-2.5], -2, id="int of a fraction"),
        pytest.param("number", ["1e3"], 1000, id="number with an exponent"),
        pytest.param("number", ["-0.5"], -0.5, id="number below zero"),
        pytest.param("number", ["9223372036854775807"], 2**63 - 1, id="number keeps every digit"),
        pytest.param("str", [size(1024)], "1024", id="str of a size"),
        pytest.param("str", [PORT], PORT, id="str of a placeholder"),
        pytest.param("type", [None], "null", id="type of null"),
        pytest.param("type", [0.5], "number", id="type of a fraction"),
        pytest.param("type", [PORT], "string", id="type of a placeholder"),
        pytest.param("type", [len], "function", id="type of a function"),
        pytest.param("json", [[1, None, "ü\"\n", [], a_record()]], '[1,null,"ü\\"\\n",[],{}]', id="json text"),
        pytest.param("json", [a_record(b=time(0.5), a=size(1))], '{"b":0.5,"a":1}', id="json keeps the order"),
        pytest.param("json", [[PORT]], PlaceholderText('["%port%"]'), id="json that waits"),
    ],
)  # fmt: skip
def test_what_functions_make(name: str, values: list[Any], expected: Value) -> None:
    assert called(name, *values) == expected
    assert type(called(name, *values)) is type(expected)


def test_compose_lays_records_upon_each_other() -> None:
    composed: Any = called("compose", a_record(a=1, b=1), a_record(b=2))
    assert (composed.get("a"), composed.get("b")) == (1, 2)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        pytest.param("len", [5], "type: len needs a list, a string or a record, not int", id="len"),
        pytest.param("range", [1.5], "type: range needs whole numbers, not number", id="range of a fraction"),
        pytest.param("range", [0, 5, 0], "range: range needs a step other than 0", id="range without an end"),
        pytest.param("flatten", [[[1], 2]], "type: flatten needs a list of lists; item 1 is int", id="flatten"),
        pytest.param("slice", ["abc", -1], "index: slice counts from 0; -1 is below", id="slice from the end"),
        pytest.param("map", [5, [1]], "type: map needs a function and a list, not int", id="map of no function"),
        pytest.param("map", [len, "abc"], "type: map needs a function and a list, not string", id="map of no list"),
        pytest.param("filter", [lambda x: x, [1]], "type: filter needs true or false, not int", id="filter"),
        pytest.param("sorted", [[1, "a"]], "type: sorted orders values of one kind: item 0 is int, item 1 is string", id="sorted mixed"),
        pytest.param("sorted", [[1, time(1)]], "unit: sorted orders values of one kind: item 0 is int, item 1 is duration", id="sorted units"),
        pytest.param("sorted", [[True]], "type: sorted orders numbers, quantities or strings; item 0 is bool", id="sorted bools"),
        pytest.param("sorted", [[1], 5], "type: sorted needs a function as its key, not int", id="sorted by no function"),
        pytest.param("any", [[True, 1]], "type: any needs a list of true and false; item 1 is int", id="any"),
        pytest.param("join", [[1, 2], ","], "type: join needs a list of strings; item 0 is int", id="join"),
        pytest.param("join", ["abc", ","], "type: join needs a list of strings, not string", id="join no list"),
        pytest.param("split", ["abc", ""], "range: split needs a separator that is not empty", id="split"),
        pytest.param("replace", ["abc", "", "x"], "range: replace needs something to replace that is not empty", id="replace"),
        pytest.param("upper", [PORT], "type: upper does not apply to %port%: it has no value yet", id="upper"),
        pytest.param("abs", ["a"], "type: abs needs a number or a quantity, not string", id="abs"),
        pytest.param("abs", [MIN_INTEGER], "arith: the result of 'abs' is too large", id="abs of the least"),
        pytest.param("round", [1, 99], "range: round keeps up to 20 digits, not 99", id="round"),
        pytest.param("min", [[]], "range: min needs something to choose from: the list is empty", id="min of nothing"),
        pytest.param("max", [5], "type: max needs a list, or two values or more, not int", id="max of one"),
        pytest.param("sum", [["a"]], "type: sum needs a list of numbers or quantities; item 0 is string", id="sum"),
        pytest.param("keys", [[]], "type: keys needs a record, not list", id="keys"),
        pytest.param("has", [a_record(), 5], "type: has needs a record and a name, not int", id="has"),
        pytest.param("compose", [a_record(), 5], "type: compose needs records, not int", id="compose"),
        pytest.param("int", ["4.2"], "type: int reads a whole number, not '4.2'", id="int"),
        pytest.param("int", ["9" * 30], "arith: the result of 'int' is too large", id="int of many digits"),
        pytest.param("int", [time(1)], "type: int needs a string or a number, not duration", id="int of a duration"),
        pytest.param("number", ["100M"], "type: number reads a number, not '100M'", id="number with a unit"),
        pytest.param("number", ["1e999"], "arith: the result of 'number' is too large", id="number without bounds"),
        pytest.param("str", [None], "type: null cannot be shown in text", id="str"),
        pytest.param("json", [[len]], "type: json takes plain data, which a function is not", id="json"),
        pytest.param("fail", ["no zone"], "assert: no zone", id="fail"),
        pytest.param("upper", [a_word("ic")], "name: unknown name 'ic'", id="a word for text"),
        pytest.param("join", [[a_word("ic")]], "name: unknown name 'ic'", id="a word among text"),
        pytest.param("sorted", [[a_word("ic")]], "name: unknown name 'ic'", id="a word in order"),
        pytest.param("unique", [[a_word("ic")]], "name: unknown name 'ic'", id="a word once"),
        pytest.param("type", [a_word("ic")], "name: unknown name 'ic'", id="the type of a word"),
        pytest.param("json", [[a_word("ic")]], "name: unknown name 'ic'", id="a word as JSON"),
        pytest.param("len", [], "call: len needs 'value'", id="an argument too few"),
        pytest.param("len", [[], []], "call: len takes 1 argument, not 2", id="an argument too many"),
        pytest.param("replace", ["a", "b"], "call: replace needs 'new'", id="the last one is missing"),
        pytest.param("min", [], "call: min needs an argument at least", id="any number but none"),
    ],
)  # fmt: skip
def test_what_functions_refuse(name: str, values: list[Any], message: str) -> None:
    refusal = refusal_of(lambda: called(name, *values))
    assert f"{refusal.code}: {refusal.message}" == message


def test_arguments_by_name() -> None:
    assert called("sorted", ["bb", "a"], key=len) == ["a", "bb"]
    assert called("replace", "aa", new="b", old="a") == "bb"
    assert called("range", 1, stop=3) == [1, 2]


@pytest.mark.parametrize(
    ("name", "values", "named", "message", "hint"),
    [
        pytest.param("sorted", [[]], {"kye": len}, "sorted has no parameter 'kye'", "did you mean 'key'?", id="a slip"),
        pytest.param("len", [[]], {"value": []}, "len is given 'value' twice", "it is len(value)", id="twice"),
        pytest.param("min", [1], {"values": 2}, "min takes no argument by name, as in 'values = ..'", "it is min(*values)", id="any number"),
    ],
)  # fmt: skip
def test_arguments_by_a_wrong_name(
    name: str, values: list[Any], named: dict[str, Any], message: str, hint: str
) -> None:
    refusal = refusal_of(lambda: called(name, *values, **named))
    assert isinstance(refusal, Wrong)
    assert (refusal.code, refusal.message) == ("call", message)
    assert hint in (refusal.label, refusal.help)


LONG = "x" * 400
MANY = [1] * 40
LISTS = [[1], [1]] * 20


@pytest.mark.parametrize(
    ("name", "values"),
    [
        pytest.param("range", [40], id="range"),
        pytest.param("range", [MIN_INTEGER, 2**63 - 1], id="range of everything"),
        pytest.param("reversed", [MANY], id="reversed"),
        pytest.param("unique", [LISTS], id="unique"),
        pytest.param("flatten", [LISTS], id="flatten"),
        pytest.param("enumerate", [MANY], id="enumerate"),
        pytest.param("zip", [MANY, MANY], id="zip"),
        pytest.param("slice", [MANY, 1], id="slice of a list"),
        pytest.param("slice", [LONG, 1], id="slice of text"),
        pytest.param("map", [lambda x: x, MANY], id="map"),
        pytest.param("filter", [lambda x: True, MANY], id="filter"),
        pytest.param("fold", [lambda a, x: a, MANY, 0], id="fold"),
        pytest.param("sorted", [MANY], id="sorted"),
        pytest.param("any", [[False] * 40], id="any"),
        pytest.param("all", [[True] * 40], id="all"),
        pytest.param("join", [["x"] * 40, ""], id="join"),
        pytest.param("join", [["x", "x"], LONG], id="join of little with much"),
        pytest.param("split", ["x," * 40, ","], id="split"),
        pytest.param("split", ["x " * 40], id="split into words"),
        pytest.param("upper", [LONG], id="upper"),
        pytest.param("lower", [LONG], id="lower"),
        pytest.param("strip", [LONG], id="strip"),
        pytest.param("replace", ["x" * 20, "x", "y" * 20], id="replace"),
        pytest.param("startswith", [LONG, LONG], id="startswith"),
        pytest.param("endswith", [LONG, LONG], id="endswith"),
        pytest.param("min", [MANY], id="min"),
        pytest.param("max", [[LONG, LONG]], id="max"),
        pytest.param("sum", [MANY], id="sum"),
        pytest.param("keys", [a_record(**{f"f{i}": i for i in range(40)})], id="keys"),
        pytest.param("values", [a_record(**{f"f{i}": i for i in range(40)})], id="values"),
        pytest.param("items", [a_record(**{f"f{i}": i for i in range(40)})], id="items"),
        pytest.param("str", [LONG], id="str"),
        pytest.param("json", [MANY], id="json of a list"),
        pytest.param("json", [LONG], id="json of text"),
    ],
)
def test_large_work_is_paid_for(name: str, values: list[Any]) -> None:
    refusal = refusal_of(lambda: called(name, *values, limits=Limits(steps=10)))
    assert refusal.code == "limit"


@pytest.mark.parametrize(
    ("name", "values", "flag"),
    [
        pytest.param("range", [51], "--max-list", id="range"),
        pytest.param("flatten", [[MANY, MANY]], "--max-list", id="flatten"),
        pytest.param("split", ["," * 60, ","], "--max-list", id="split"),
        pytest.param("join", [["x" * 30] * 2], "--max-string", id="join"),
        pytest.param("replace", ["x" * 30, "x", "yy"], "--max-string", id="replace"),
        pytest.param("upper", ["ß" * 30], "--max-string", id="upper"),
        pytest.param("json", [["x" * 30] * 2], "--max-string", id="json"),
    ],
)
def test_what_becomes_too_large_names_the_flag(name: str, values: list[Any], flag: str) -> None:
    limits = Limits(items=50, string=50)
    refusal = refusal_of(lambda: called(name, *values, limits=limits))
    assert isinstance(refusal, Wrong)
    assert refusal.code == "limit"
    assert flag in refusal.help


def test_text_that_shares_its_parts_is_written_within_the_budget() -> None:
    value: list[Any] = [1]
    for _ in range(40):
        value = [value, value]
    assert refusal_of(lambda: called("json", value)).code == "limit"


def test_data_of_any_depth_is_written() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    assert called("json", value) == "[" * 100_001 + "]" * 100_001


def test_a_function_that_is_handed_on_may_be_a_built_in_one() -> None:
    assert evaluate_text('x = map(upper, ["a"])')["x"] == ["A"]


def test_a_function_that_never_ends_is_stopped() -> None:
    source = "local f = lambda n: map(f, [n])\nx = f(0)"
    with pytest.raises(Exception, match=r"error\[limit\]"):
        evaluate_text(source)
