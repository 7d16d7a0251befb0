"""The other declarations, and the records in which fields must agree."""

import pytest

from borgpy.bcl import evaluate_text
from borgpy.bcl.evaluating.export import Json
from tests.unit.bcl.samples import error_of, job_text, the_job

ROOM = "alloc a = { runtime = {cell = ic} requirements = {ram = 4G cpu = 2} replicas = 3 }"


@pytest.mark.parametrize(
    ("source", "kind", "value"),
    [
        pytest.param(
            ROOM,
            "alloc",
            {
                "name": "a",
                "runtime": {"cell": "ic"},
                "requirements": {"ram": 4 * 10**9, "cpu": 2},
                "replicas": 3,
            },
            id="an alloc",
        ),
        pytest.param(
            "alloc_set a = { runtime = {cell = ic} user = u priority = mid labels = {x = y} }",
            "alloc_set",
            {
                "name": "a",
                "runtime": {"cell": "ic"},
                "user": "u",
                "priority": "mid",
                "labels": {"x": "y"},
            },
            id="an alloc set",
        ),
        pytest.param(
            job_text("").replace("job j", "service a"),
            "service",
            {"name": "a", "runtime": {"cell": "ic"}, "binary": "/b/x"},
            id="a service",
        ),
        pytest.param(
            job_text("restart = always appclass = batch").replace("job j", "service a"),
            "service",
            {
                "name": "a",
                "runtime": {"cell": "ic"},
                "binary": "/b/x",
                "restart": "always",
                "appclass": "batch",
            },
            id="a service that says so",
        ),
        pytest.param(
            "package a = { path = ./x version = '1.2' }",
            "package",
            {"name": "a", "path": "./x", "version": "1.2"},
            id="a package",
        ),
    ],
)
def test_what_may_be_declared(source: str, kind: str, value: Json) -> None:
    assert evaluate_text(source) == {kind: {"a": value}}


def test_a_template_may_be_any_record_and_is_not_exported() -> None:
    assert evaluate_text("template t = { wombats = 3 other: int }") == {}


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        pytest.param(
            job_text("restart = never").replace("job", "service"), "range", "always", id="restart"
        ),
        pytest.param("alloc a = {}", "missing", "runtime.cell", id="an alloc nowhere"),
        pytest.param("alloc a = { binary = /x }", "field", "binary", id="an alloc of a program"),
        pytest.param("package a = {}", "missing", "a path or a sha256", id="a package of nothing"),
        pytest.param("package a = { sha256 = 'ABC' }", "range", "'ABC'", id="no hash"),
        pytest.param("package a = 5", "type", "package a wants a record", id="a number"),
        pytest.param("alloc 'a b' = {}", "range", "name an alloc", id="no name"),
    ],
)
def test_what_may_not_be_declared(source: str, code: str, message: str) -> None:
    found = [(d.code, message in d.render()) for d in error_of(source).diagnostics]
    assert (code, True) in found


@pytest.mark.parametrize(
    "constraint",
    [
        "{ attribute = arch value = x86_64 }",
        "{ attribute = arch value = [x86_64, arm64] }",
        "{ attribute = flash }",
        "{ attribute = kernel operator = version value = '>= 5.10, < 6' weight = 20 }",
        "{ attribute = cores operator = '>=' value = 16 }",
        "{ attribute = cores operator = '<' value = '16' }",
        "{ attribute = zone operator = 'in' value = ['a', 'b'] }",
        "{ attribute = zone operator = not_in value = ['a'] }",
        "{ attribute = gpu operator = absent }",
        "{ operator = distinct }",
        "{ attribute = rack operator = limit value = 2 }",
        "{ attribute = zone operator = spread }",
        "{ attribute = zone operator = spread value = { a = 70 b = 30 } weight = 100 }",
        "{ operator = exclusive }",
        "{ operator = dedicated value = '*/redis' }",
        "{ operator = near value = cache }",
        "{ attribute = rack operator = away value = 'bob/etl' weight = null }",
        "{ operator = plugin value = licensed weight = 40 }",
    ],
)
def test_what_a_job_may_ask_of_machines(constraint: str) -> None:
    assert isinstance(the_job(f"constraints = [{constraint}]")["constraints"], list)


@pytest.mark.parametrize(
    ("constraint", "code", "message", "underlined"),
    [
        ("{ operator = exists }", "missing", "needs an attribute", "[{ operator = exists }]"),
        ("{ value = x }", "missing", "'==' needs an attribute", "[{ value = x }]"),
        ("{ attribute = a operator = exists value = 1 }", "field", "with nothing", "1"),
        ("{ attribute = a operator = '<' value = b }", "type", "wants a number", "b"),
        ("{ attribute = a operator = '<' value = true }", "type", "wants a number", "true"),
        ("{ attribute = a operator = '==' value = ['b'] }", "type", "one text", "['b']"),
        ("{ attribute = a operator = 'in' value = b }", "type", "a list", "b"),
        ("{ attribute = a operator = 'in' value = [] }", "range", "no values", "[]"),
        ("{ attribute = a operator = version value = '5' }", "range", "versions", "'5'"),
        ("{ operator = limit value = 0 }", "range", "keep every task out", "0"),
        ("{ operator = limit value = x }", "type", "a whole number", "x"),
        ("{ operator = distinct value = 2 }", "field", "with nothing", "2"),
        ("{ operator = spread value = { a = 60 b = 50 } }", "range", "110", "{ a = 60 b = 50 }"),
        ("{ operator = spread value = { a = 101 } }", "range", "101", "101"),
        ("{ operator = exclusive attribute = a }", "field", "no attribute", "a"),
        ("{ operator = dedicated value = redis }", "range", "'redis'", "redis"),
        ("{ operator = near value = '' }", "range", "names no job", "''"),
        ("{ operator = plugin value = 'a b' }", "range", "names no plug-in", "'a b'"),
        ("{ operator = plugin }", "missing", "the name of a plug-in", "[{ operator = plugin }]"),
        ("{ operator = plugin attribute = a value = b }", "field", "no attribute", "a"),
        ("{ operator = nearly value = x }", "range", "'nearly'", "nearly"),
        ("{ attribute = a weight = 0 }", "range", "too little", "0"),
        ("{ attribute = 'a b' }", "range", "'a b'", "'a b'"),
    ],
)
def test_what_a_job_may_not_ask_of_machines(
    constraint: str, code: str, message: str, underlined: str
) -> None:
    (diagnostic,) = error_of(job_text(f"constraints = [{constraint}]")).diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message
    start = diagnostic.caret.index("^")
    assert diagnostic.excerpt[start : len(diagnostic.caret)] == underlined


def test_a_job_is_named_in_quotes_where_text_is_one_of_several_things() -> None:
    constraint = "constraints = [{ operator = near value = other }]"
    source = f"template other = {{ binary = 'a' }}\n{job_text(constraint)}"
    (diagnostic,) = error_of(source).diagnostics
    assert diagnostic.message.endswith("not a record")
    assert "'other' is a record here; quote it" in diagnostic.help
