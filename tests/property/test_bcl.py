"""Laws of BCL: any text is data or a `BclError`, numbers are exact, and data survives being written down."""

import json
import re
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from borgpy.bcl import BclError, evaluate_text, job_declarations
from borgpy.bcl.export import Json
from borgpy.bcl.literals import MAX_INTEGER, UNITS
from tests.unit.bcl.samples import LECTURE

FIRST_LINE = re.compile(r"main\.borg:\d+:\d+: error\[[a-z]+\]: .")

WORDS = "job x cell ic runtime binary requirements ram replicas args local hidden if é"
MARKS = '= { } [ ] , ; - // /* */ \' \\ """ \n'
VALUES = "%port% %x% ../bin /b/x 1 100M 0.1 30s 5Q 't'"
TOKENS = st.sampled_from([*WORDS.split(" "), *MARKS.split(" "), *VALUES.split(" ")])
EDITS = st.tuples(st.integers(0, len(LECTURE)), st.integers(0, 12), st.text(max_size=4) | TOKENS)


def either_data_or_a_diagnosis(source: str) -> None:
    error = error_in(source)
    if error is None:
        value = evaluate_text(source)
        assert msgspec.json.decode(msgspec.json.encode(value)) == value
        return
    assert FIRST_LINE.match(str(error))
    assert str(error).encode()
    assert error.code == error.diagnostics[0].code
    assert len(error.diagnostics) <= 20


def error_in(source: str) -> BclError | None:
    try:
        job_declarations(source, "main.borg")
        evaluate_text(source)
    except BclError as error:
        return error
    return None


@given(st.text(st.characters()))
def test_any_text_is_data_or_a_diagnosis(source: str) -> None:
    either_data_or_a_diagnosis(source)


@given(st.lists(TOKENS, max_size=40), st.sampled_from(["", " "]))
def test_any_tokens_are_data_or_a_diagnosis(tokens: list[str], between: str) -> None:
    either_data_or_a_diagnosis(between.join(tokens))


@given(st.lists(EDITS, max_size=4))
def test_the_lectures_listing_damaged_anywhere_is_data_or_a_diagnosis(
    edits: list[tuple[int, int, str]],
) -> None:
    source = LECTURE
    for at, length, text in edits:
        source = source[:at] + text + source[at + length :]
    either_data_or_a_diagnosis(source)


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**6),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(["", "-"]),
)
def test_a_unit_multiplies_exactly(whole: int, fraction: int, unit: str, sign: str) -> None:
    _, numerator, denominator = UNITS[unit]
    literal = f"{sign}{whole}.{fraction:06d}"
    exact = Decimal(literal) * numerator / denominator
    if abs(exact) > MAX_INTEGER:
        return
    value = evaluate_text(f"x = {literal}{unit}")["x"]
    if exact == exact.to_integral_value():
        assert value == int(exact)
        assert isinstance(value, int)
    else:
        assert value == float(exact)


def written(value: Json) -> str:
    """Plain data as BCL."""
    if isinstance(value, dict):
        return "{" + " ".join(f"{json.dumps(k)} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return json.dumps(value)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\b\f"))
DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(-1e9, 1e9).filter(lambda f: not f.is_integer())
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, DATA))
def test_data_survives_being_written_down(data: dict[str, Json]) -> None:
    source = "\n".join(f"{json.dumps(name)} = {written(value)}" for name, value in data.items())
    assert evaluate_text(source) == data
