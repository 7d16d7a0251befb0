"""Laws of BCL for any text at all: it is data or a diagnosis; and units multiply exactly."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from borgpy.bcl import BclError, evaluate_text, job_declarations
from borgpy.bcl.reading.literals import UNITS
from borgpy.bcl.values import MAX_INTEGER
from tests.property.bcl_sources import texts_of_tokens
from tests.property.test_bcl_programs import check_diagnosis
from tests.unit.bcl.samples import LECTURE

WORDS = "job x cell ic runtime binary requirements ram replicas args local hidden if é"
MARKS = '= { } [ ] , ; - // /* */ \' \\ """ \n'
VALUES = "%port% %x% ../bin /b/x 1 100M 0.1 30s 5Q 't'"
TOKENS = st.sampled_from([*WORDS.split(" "), *MARKS.split(" "), *VALUES.split(" ")])
EDITS = st.tuples(st.integers(0, len(LECTURE)), st.integers(0, 12), st.text(max_size=4) | TOKENS)


def either_data_or_a_diagnosis(source: str) -> None:
    try:
        job_declarations(source, "main.borg")
        evaluate_text(source)
    except BclError as error:
        check_diagnosis(error)


@given(st.text(st.characters()))
def test_any_text_is_data_or_a_diagnosis(source: str) -> None:
    either_data_or_a_diagnosis(source)


@given(texts_of_tokens | st.lists(TOKENS, max_size=40).map(" ".join))
def test_any_tokens_are_data_or_a_diagnosis(source: str) -> None:
    either_data_or_a_diagnosis(source)


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
