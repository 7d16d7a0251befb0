"""Parameters from outside: what each type makes of text and of data, and every way to give a wrong one."""

from typing import Any

import pytest

from borgpy.bcl.diagnostics import BclError, Findings, Source
from borgpy.bcl.evaluating.evaluation import Evaluation
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.loading.params import Text, declared, undeclared, with_params
from borgpy.bcl.loading.program import load
from borgpy.bcl.reading.parse import parse
from borgpy.bcl.values import Quantity


def root_of(text: str, **params: object) -> Record:
    program = load(Source("main.borg", text))
    evaluation = Evaluation(program)
    module = program.modules["main.borg"]
    return with_params(evaluation.main(), module, params, evaluation, Findings())


def value_of(wanted: str, given: object) -> Any:
    return plain(root_of(f"param p: {wanted}", p=given).get("p"))


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Record):
        return {name: plain(value.get(name)) for name in value.names()}
    return value


def error_of(text: str, **params: object) -> BclError:
    with pytest.raises(BclError) as caught:
        root_of(text, **params)
    return caught.value


@pytest.mark.parametrize(
    ("wanted", "text", "value"),
    [
        ("string", "3", "3"),
        ("string", ' it\'s ${a} "b"\n', ' it\'s ${a} "b"\n'),
        ("string", "", ""),
        ("string?", "null", "null"),
        ("any", "[1]", "[1]"),
        ("int", "3", 3),
        ("int", " -3 ", -3),
        ("int", "2k", 2000),
        ("int?", "null", None),
        ("number", "0.5", 0.5),
        ("number", "250m", 0.25),
        ("bytes", "1GiB", Quantity(1 << 30, "bytes")),
        ("bytes", "100M", 100_000_000),
        ("duration", "30s", Quantity(30, "duration")),
        ("bool", "true", True),
        ("list", "[1, 'a', b, ./c]", [1, "a", "b", "./c"]),
        ("[string]", "[ic, cc]", ["ic", "cc"]),
        ("[duration]", "[1s, 2min]", [Quantity(1, "duration"), Quantity(120, "duration")]),
        ("record", "{a = 1, b = {c = [true]}}", {"a": 1, "b": {"c": [True]}}),
        ("{int}", "{a = 1}", {"a": 1}),
        ('"prod" | "test"', "prod", "prod"),
        ('int | "auto"', "3", 3),
        ('int | "auto"', "auto", "auto"),
        ("int | string", "3", 3),
        ("int | string", "3 blind mice", "3 blind mice"),
        ("bool | duration", "1h", Quantity(3600, "duration")),
    ],
)
def test_text_is_read_as_what_the_parameter_is(wanted: str, text: str, value: object) -> None:
    for given in (Text(text), text):
        read = value_of(wanted, given)
        assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("wanted", "given", "value"),
    [
        ("int", 3, 3),
        ("int", 3.0, 3),
        ("number", 0.5, 0.5),
        ("bool", False, False),
        ("bytes", 100, 100),
        ("duration", 30, Quantity(30, "duration")),
        ("duration | bool", True, True),
        ("duration | int", 30, 30),
        ("[duration]", ["30s", 5], [Quantity(30, "duration"), Quantity(5, "duration")]),
        ("{bytes}", {"a": "1KiB"}, {"a": Quantity(1024, "bytes")}),
        ("string?", None, None),
        ("any", {"a": [1.5, None]}, {"a": [1.5, None]}),
        ("list", (1, 2), [1, 2]),
        ("int | [int]", ["3"], [3]),
    ],
)
def test_data_is_taken_as_it_is(wanted: str, given: object, value: object) -> None:
    read = value_of(wanted, given)
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("wanted", "given", "said"),
    [
        ("int", Text("three"), "parameter 'p' wants int, not string"),
        ("int", Text("3.5"), "parameter 'p' wants int"),
        ("int", Text("1 + 2"), "is an expression; a parameter takes a plain value"),
        ("int", Text("3\nq = 4"), "'3\\nq = 4' cannot be read"),
        ("int", Text(""), "'' cannot be read"),
        ("int", Text("9223372036854775808"), "cannot be read"),
        ("int", 2**63, "no number of 64 bits"),
        ("number", float("nan"), "no number of 64 bits"),
        ("number", float("inf"), "no number of 64 bits"),
        ("int", None, "wants int, not null"),
        ("duration", Text("30"), "give it a unit: 30s"),
        ("bool", Text("yes"), "wants bool"),
        ("[string]", Text("ic"), "write it like [a, b]"),
        ("[int]", [1, "x"], "wants [int], but [1] is string"),
        ('"prod" | "test"', Text("prd"), 'did you mean "prod"?'),
        ("record", Text("{a: int}"), "more than a plain record"),
        ("record", Text("{hidden a = 1}"), "more than a plain record"),
        ("record", Text("{a = 1, a = 2}"), "more than a plain record"),
        ("record", Text("{a += [1]}"), "more than a plain record"),
        ("record", Text("{a { b = 1 }}"), "more than a plain record"),
        ("any", object(), "no plain data"),
        ("any", Text, "no plain data"),
    ],
)
def test_what_does_not_fit_is_told_where_it_is_declared(
    wanted: str, given: object, said: str
) -> None:
    error = error_of(f"x = 1\nparam p: {wanted}", p=given)
    assert str(error).startswith("main.borg:2:7: error[param]: parameter 'p'")
    assert said in str(error)


def test_what_is_not_declared_or_not_given_is_told_at_once() -> None:
    error = error_of("param cell: string\nparam count: int", cel="ic", count="x")
    assert [(d.code, d.message) for d in error.diagnostics] == [
        ("param", "unknown parameter 'cel': the file declares cell, count"),
        ("param", "parameter 'cell' has no value"),
        ("param", "parameter 'count' wants int, not string"),
    ]
    assert error.diagnostics[0].label == "did you mean 'cell'?"
    none = error_of("x = 1", x=2)
    assert str(none).startswith(
        "main.borg:1:1: error[param]: unknown parameter 'x': the file declares none"
    )


def test_a_given_value_is_the_final_one_and_late_bound() -> None:
    root = root_of("param n: int = 1\nx = n + 1\ny = self { n = 10 }.x", n=5)
    assert root.get("x") == 6
    assert "n" not in root.names()
    assert root_of("param n: int = 1\nx = n + 1").get("x") == 2


def test_what_a_file_of_parameters_has_besides_can_be_told() -> None:
    file = parse(Source("m", "param a: int\nb = 1\nhidden c = 2"))
    assert list(declared(file)) == ["a"]
    assert undeclared(file, ["a", "b", "z"]) == ["b", "z"]
