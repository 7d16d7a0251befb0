"""A file evaluates to plain data: names are lexical, bare words are for schemas, nothing multiplies without limit."""

import pytest

from borgpy.bcl import evaluate_text
from borgpy.bcl.evaluating.export import Json
from tests.unit.bcl.samples import LECTURE, error_of


def test_the_lectures_listing_evaluates_as_it_stands() -> None:
    assert evaluate_text(LECTURE) == {
        "job": {
            "hello_world": {
                "name": "hello_world",
                "runtime": {"cell": "ic"},
                "binary": "../hello_world_webserver",
                "args": {"port": "%port%"},
                "requirements": {"ram": 100_000_000, "disk": 100_000_000, "cpu": 0.1},
                "replicas": 10000,
            }
        }
    }


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("// a\n# b\n/* c */", {}, id="comments"),
        pytest.param("\ufeffa = 1", {"a": 1}, id="a byte order mark"),
        pytest.param("\ta = 1\r\nb = 2", {"a": 1, "b": 2}, id="any blank"),
        pytest.param("a = 1;, b = 2;", {"a": 1, "b": 2}, id="any separator"),
        pytest.param("a = -3 b = -0.5", {"a": -3, "b": -0.5}, id="negative numbers"),
        pytest.param("a = [1, [true, null],]", {"a": [1, [True, None]]}, id="lists"),
        pytest.param("a { b { c = 1 } }", {"a": {"b": {"c": 1}}}, id="blocks"),
        pytest.param("'x y' = {'a-b' = ''}", {"x y": {"a-b": ""}}, id="quoted names"),
        pytest.param("job = 1 alloc = 2", {"job": 1, "alloc": 2}, id="declaration words"),
        pytest.param("a = ../b/%task%/c", {"a": "../b/%task%/c"}, id="bare paths"),
        pytest.param("x = '50%' y = '%prot%'", {"x": "50%", "y": "%prot%"}, id="inert text"),
        pytest.param("b = a local a = 1", {"b": 1}, id="names, in any order"),
        pytest.param("hidden n = 1 r = {n = 2 s = {y = n}}", {"r": {"n": 2, "s": {"y": 2}}}),
        pytest.param("local bad = nope hidden worse = %x% a = 1", {"a": 1}, id="unused"),
        pytest.param("r = {hidden h = 1 local l = 2 x = [h, l]}", {"r": {"x": [1, 2]}}),
        pytest.param("a = 100M b = 90s c = 1KiB", {"a": 10**8, "b": 90, "c": 1024}, id="units"),
    ],
)
def test_what_a_file_comes_to(source: str, value: Json) -> None:
    assert evaluate_text(source) == value


@pytest.mark.parametrize(
    ("source", "code", "position"),
    [
        pytest.param("a = 1\nb = 2\nc = nope", "name", "3:5", id="a bare word without a schema"),
        pytest.param("x = {y = [nope]}", "name", "1:11", id="a bare word within"),
        pytest.param("x = %port%", "placeholder", "1:5", id="a placeholder outside a job"),
        pytest.param("x = 1\ny = 2\nx = 3", "duplicate", "3:1", id="a field twice"),
        pytest.param("r = {a = 1, 'a' = 3}", "duplicate", "1:13", id="a field twice in a record"),
        pytest.param("motor = {speed = speed}", "cycle", "1:18", id="a name of itself"),
        pytest.param("a = {b = a}", "cycle", "1:10", id="a record within itself"),
        pytest.param("x = 9223372036854775808", "arith", "1:5", id="an overflow"),
    ],
)
def test_what_cannot_be_evaluated(source: str, code: str, position: str) -> None:
    error = error_of(source)
    assert str(error).startswith(f"main.borg:{position}: error[{code}]: ")


def test_an_unknown_name_suggests_a_visible_one() -> None:
    (diagnostic,) = error_of("local replica_count = 3\nr = { x = replica_cuont }").diagnostics
    assert diagnostic.label == "did you mean 'replica_count'?"


def test_a_parameter_that_nobody_declared_is_refused() -> None:
    with pytest.raises(Exception, match="unknown parameter 'cell'"):
        evaluate_text("x = 1", params={"cell": "ic"})


def test_references_cannot_multiply_a_small_file_into_a_large_result() -> None:
    bomb = "hidden a0 = [" + ", ".join(["'lol'"] * 10) + "]\n"
    for level in range(9):
        bomb += f"hidden a{level + 1} = [" + ", ".join([f"a{level}"] * 10) + "]\n"
    assert error_of(bomb + "x = a9").code == "limit"


@pytest.mark.parametrize("levels", [1_001, 5_000])
def test_references_cannot_nest_without_limit(levels: int) -> None:
    upwards = "hidden a0 = 1\n" + "".join(f"a{n + 1} = [a{n}]\n" for n in range(levels))
    assert error_of(upwards).code == "limit"
    downwards = "".join(f"a{n} = a{n + 1}\n" for n in range(levels)) + f"a{levels} = 1\n"
    assert error_of(downwards).code == "limit"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a = ", "}")])
def test_nesting_up_to_the_limit_is_fine(opening: str, closing: str) -> None:
    assert evaluate_text("x = " + opening * 256 + "1" + closing * 256)["x"] is not None
