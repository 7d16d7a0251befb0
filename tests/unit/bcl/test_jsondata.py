"""JSON as data: read like any reader would, or not at all."""

import pytest

from borgpy.bcl.diagnostics import Fault, Source
from borgpy.bcl.limits import Limits
from borgpy.bcl.loading.jsondata import Json, read_json


def fault_of(text: str, limits: Limits | None = None) -> Fault:
    with pytest.raises(Fault) as caught:
        read_json(Source("d.json", text), limits or Limits())
    return caught.value


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"cells": ["ic", "cc"], "cpu": 0.5}', {"cells": ["ic", "cc"], "cpu": 0.5}),
        ("2.0", 2),
        ("1e3", 1000),
        ("1.5e-300", 1.5e-300),
        ("-9223372036854775808", -(2**63)),
        ("null", None),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\\\ud800"', "\\ud800"),
        ('{"": [], "a": {"a": 1}}', {"": [], "a": {"a": 1}}),
    ],
)
def test_data_is_what_the_file_says(text: str, data: Json) -> None:
    read = read_json(Source("d.json", text))
    assert read == data
    assert type(read) is type(data)


@pytest.mark.parametrize(
    ("text", "code", "place", "said"),
    [
        ("", "import", "d.json:1:1", "not JSON: expecting value"),
        ('{"a": 1,\n b}', "import", "d.json:2:2", "expecting property name"),
        ('["open', "import", "d.json:1:2", "unterminated string"),
        ('{"a": NaN}', "import", "d.json:1:7", "NaN is no number"),
        ('{"b": "-Infinity",\n "a": -Infinity}', "import", "d.json:2:7", "no number"),
        ("[1, 9223372036854775808]", "arith", "d.json:1:5", "64 bits"),
        ("[1, " + "9" * 5000 + "]", "arith", "d.json:1:5", "64 bits"),
        ("[1e300]", "arith", "d.json:1:2", "64 bits"),
        ("[1e999]", "arith", "d.json:1:2", "too large"),
        (
            '{"a": 1, "b": {"a": "a"},\n "\\u0061": 2}',
            "duplicate",
            "d.json:2:2",
            "'a' stands twice",
        ),
        ('["\\ud800"]', "import", "d.json:1:3", "surrogate"),
    ],
)
def test_what_readers_disagree_about_is_refused(
    text: str, code: str, place: str, said: str
) -> None:
    fault = fault_of(text)
    assert (fault.code, str(fault.spot)) == (code, place)
    assert said in fault.message


def test_a_name_that_stands_twice_tells_where_it_stood_first() -> None:
    assert fault_of('{"a": 1,\n "a": 2}').details().notes == ("first at d.json:1:2",)


def test_depth_and_size_have_limits() -> None:
    deep = fault_of("[" * 257 + "]" * 257)
    assert (deep.code, str(deep.spot)) == ("limit", "d.json:1:257")
    assert "--max-nesting" in deep.details().help
    assert fault_of("[" * 100_000, Limits(nesting=10**6)).code == "limit"
    large = fault_of("[1]", Limits(source=2))
    assert large.code == "limit"
    assert "--max-source" in large.details().help
    assert read_json(Source("d.json", '"' + "[" * 1000 + '"')) == "[" * 1000
