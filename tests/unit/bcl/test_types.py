"""Types of fields: what they take, and what they say of the rest."""

from typing import Any

import pytest

from borgpy.bcl.diagnostics import Fault, Source
from borgpy.bcl.limits import Limits
from borgpy.bcl.operations.types import type_checker
from borgpy.bcl.syntax import (
    ListType,
    LiteralType,
    NamedType,
    RecordType,
    Type,
    UnionType,
)
from borgpy.bcl.values import Value, Wrong
from tests.unit.bcl.evaluator import PORT, a_meter, a_record, a_word, refusal_of, size, time

SOURCE = Source("main.borg", "x: intger = 1")


def named(name: str) -> NamedType:
    return NamedType(3, 3 + len(name), name.rstrip("?"), name.endswith("?"))


def literals(*texts: str) -> Type:
    options = tuple(LiteralType(0, 0, text) for text in texts)
    return options[0] if len(options) == 1 else UnionType(0, 0, options)


def list_of(item: Type) -> ListType:
    return ListType(0, 0, item)


def record_of(value: Type) -> RecordType:
    return RecordType(0, 0, value)


def either(*options: Type) -> UnionType:
    return UnionType(0, 0, options)


def checked(type: Type, value: Any) -> Value:
    return type_checker(type, SOURCE).check(value, a_meter())


@pytest.mark.parametrize(
    ("name", "fitting", "others"),
    [
        pytest.param("int", [0, -5], [0.5, True, "5", size(5), None], id="int"),
        pytest.param("number", [0, 0.5], [True, "5", time(5), None], id="number"),
        pytest.param("string", ["", PORT, a_word("ic")], [5, None, [], True], id="string"),
        pytest.param("bool", [True, False], [0, "true", None], id="bool"),
        pytest.param("bytes", [size(5), 5, 0.5], [time(5), "5", True, None], id="bytes"),
        pytest.param("duration", [time(5)], [5, size(5), "5s", None], id="duration"),
        pytest.param("list", [[], [1]], [a_record(), "a", None], id="list"),
        pytest.param("record", [a_record(), a_record(a=1)], [[], "a", None], id="record"),
        pytest.param("any", [None, 1, "a", [], a_record(), len, a_word("ic")], [], id="any"),
        pytest.param("int?", [None, 5], ["5", 0.5], id="int?"),
        pytest.param("string?", [None, "a", a_word("ic")], [5], id="string?"),
    ],
)
def test_named_types(name: str, fitting: list[Any], others: list[Any]) -> None:
    for value in fitting:
        assert checked(named(name), value) is value
    for value in others:
        assert refusal_of(lambda value=value: checked(named(name), value)).code == "type"  # type: ignore[misc]


def test_a_literal_type_takes_its_text_quoted_or_not() -> None:
    tier = literals("prod", "test")
    assert checked(tier, "prod") == "prod"
    assert checked(tier, a_word("test")) == "test"
    assert checked(either(named("string"), literals("auto")), a_word("auto")) == "auto"


def test_a_string_leaves_a_word_for_a_schema_to_decide() -> None:
    word = a_word("ic")
    assert checked(named("string"), word) is word
    assert checked(either(named("int"), named("string")), word) is word


def test_lists_and_records_check_what_they_hold() -> None:
    assert checked(list_of(named("int")), [1, 2]) == [1, 2]
    assert checked(list_of(literals("a")), [a_word("a")]) == ["a"]
    record = a_record(a=["x"], b=[])
    assert checked(record_of(list_of(named("string"))), record) is record


@pytest.mark.parametrize(
    ("type", "value", "message"),
    [
        pytest.param(named("int"), "a", "type: wants int, not string", id="text"),
        pytest.param(named("int"), 2.5, "type: wants int, not 2.5", id="a fraction"),
        pytest.param(named("int?"), "a", "type: wants int?, not string", id="an optional one"),
        pytest.param(literals("prod", "test"), "stage", 'type: wants "prod" | "test", not "stage"', id="other text"),
        pytest.param(literals("prod"), a_word("stage"), 'type: wants "prod", not "stage"', id="another word"),
        pytest.param(either(named("int"), literals("auto")), None, 'type: wants int | "auto", not null', id="null"),
        pytest.param(list_of(named("int")), 5, "type: wants [int], not int", id="no list"),
        pytest.param(list_of(named("int")), [1, "b"], "type: wants [int], but [1] is string", id="an item"),
        pytest.param(list_of(list_of(named("int"))), [[1], [2, None]], "type: wants [[int]], but [1][1] is null", id="an item within an item"),
        pytest.param(record_of(named("int")), a_record(a="x"), "type: wants {int}, but .a is string", id="a field"),
        pytest.param(either(list_of(named("int")), named("string")), ["b"], "type: wants [int] | string, but [0] is string", id="an item of an option"),
        pytest.param(named("int"), a_word("prot"), "name: unknown name 'prot'", id="a word where no text may be"),
        pytest.param(list_of(named("int")), [a_word("prot")], "name: unknown name 'prot'", id="a word among numbers"),
        pytest.param(list_of(named("int")), a_word("prot"), "name: unknown name 'prot'", id="a word for a list"),
        pytest.param(record_of(named("int")), a_word("prot"), "name: unknown name 'prot'", id="a word for a record"),
    ],
)  # fmt: skip
def test_what_does_not_fit(type: Type, value: Any, message: str) -> None:
    refusal = refusal_of(lambda: checked(type, value))
    assert f"{refusal.code}: {refusal.message}" == message


@pytest.mark.parametrize(
    ("type", "value", "way_out"),
    [
        pytest.param(named("duration"), 5, "give it a unit: 5s", id="a number for a duration"),
        pytest.param(named("number"), size(5), "a plain number has no unit: 5", id="a size"),
        pytest.param(named("int"), None, "null fits int?", id="null"),
        pytest.param(literals("prod", "test"), "prd", 'did you mean "prod"?', id="a slip"),
    ],
)
def test_a_mismatch_knows_a_way_out(type: Type, value: Any, way_out: str) -> None:
    refusal = refusal_of(lambda: checked(type, value))
    assert isinstance(refusal, Wrong)
    assert way_out in (refusal.help, refusal.label)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("intger", "int"), ("str", "string"), ("Integer", "int"), ("float", "number")],
)
def test_an_unknown_type_is_told_where_it_stands(name: str, meant: str) -> None:
    refusal = refusal_of(lambda: type_checker(list_of(named(name)), SOURCE))
    assert isinstance(refusal, Fault)
    assert refusal.code == "type"
    assert str(refusal.spot) == "main.borg:1:4"
    assert refusal.details().label == f"did you mean '{meant}'?"


def test_checking_what_a_list_holds_is_paid_for() -> None:
    checker = type_checker(list_of(named("int")), SOURCE)
    assert refusal_of(lambda: checker.check([1] * 40, a_meter(Limits(steps=30)))).code == "limit"


def test_a_limit_within_a_union_is_no_mismatch() -> None:
    checker = type_checker(either(list_of(named("int")), named("any")), SOURCE)
    assert refusal_of(lambda: checker.check([1] * 40, a_meter(Limits(steps=30)))).code == "limit"
