"""Plain data as BCL: it evaluates to the same, whatever it holds."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from borgpy.bcl import evaluate_text
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.evaluating.evaluation import Evaluation
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.loading.jsondata import Json
from borgpy.bcl.loading.program import load
from borgpy.bcl.render import bcl_text
from borgpy.bcl.syntax import RESERVED


def fields_of(text: str) -> Any:
    """The fields of a file as plain data."""
    return plain(Evaluation(load(Source("m.borg", text))).main())


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Record):
        return {name: plain(value.get(name)) for name in value.names()}
    return value


def test_data_is_laid_out_as_people_write_it() -> None:
    text = bcl_text(
        {"n": 1, "if": "x", "l": [1, "a"], "r": {"a b": {}, "t": [{"x": None}, []]}},
        {
            "job": {"web": {"name": "web", "replicas": 3}, "a-b": {"name": "c"}},
            "alloc": {"job": {}},
        },
    )
    assert text == (
        "n = 1\n"
        '"if" = "x"\n'
        'l = [1, "a"]\n'
        "r = {\n"
        '  "a b" = {}\n'
        "  t = [\n"
        "    {\n"
        "      x = null\n"
        "    },\n"
        "    [],\n"
        "  ]\n"
        "}\n"
        "\n"
        "job web = {\n"
        "  replicas = 3\n"
        "}\n"
        "\n"
        'job "a-b" = {\n'
        '  name = "c"\n'
        "}\n"
        "\n"
        "alloc job = {}\n"
    )


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_NAMES = st.sampled_from(sorted(RESERVED)) | st.sampled_from(["job", "a", "Z_9", "%x%"]) | _TEXT
_DATA: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not x.is_integer())
    | st.sampled_from([5e-324, -1.5e-7, 123456789.125])
    | _TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_NAMES, _DATA, max_size=4))
def test_rendered_data_evaluates_to_itself(data: dict[str, Json]) -> None:
    assert fields_of(bcl_text(data, {})) == data


def test_durations_of_a_job_keep_their_unit() -> None:
    source = """
job j = {
  runtime = { cell = "ic" }
  binary = "/b"
  notice = 250ms
  health = { port = "http" grace = 10s timeout = 1.5s }
}
"""
    declarations = evaluate_text(source)
    text = bcl_text({}, declarations)  # type: ignore[arg-type]
    assert "notice = 0.25s" in text
    assert "grace = 10s" in text
    assert evaluate_text(text) == declarations
