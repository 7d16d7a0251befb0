"""Places in a text as the protocol counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position

from borgpy.bcl.diagnostics import Source, Span
from borgpy.cli.lsp.positions import UTF8, UTF16, UTF32, Positions

ROCKET = "\N{ROCKET}"

texts = st.text(st.sampled_from("ab\n\r\té\N{SNOWMAN}" + ROCKET), max_size=20)
encodings = st.sampled_from([UTF8, UTF16, UTF32])


@given(texts, encodings)
def test_there_and_back_is_the_same_place(text: str, encoding: str) -> None:
    positions = Positions(Source("a", text), encoding)
    for offset in range(len(text) + 1):
        assert positions.offset(positions.position(offset)) == offset


@given(texts, encodings, st.integers(0, 30), st.integers(0, 30))
def test_every_position_means_a_place(text: str, encoding: str, line: int, character: int) -> None:
    offset = Positions(Source("a", text), encoding).offset(Position(line, character))
    assert 0 <= offset <= len(text)


@pytest.mark.parametrize(("encoding", "character"), [(UTF8, 9), (UTF16, 4), (UTF32, 3)])
def test_columns_count_the_units_that_were_agreed_on(encoding: str, character: int) -> None:
    positions = Positions(Source("a", f"\né{ROCKET}\N{SNOWMAN}x"), encoding)
    assert positions.position(4) == Position(1, character)


def test_what_a_diagnostic_is_about_can_be_seen() -> None:
    positions = Positions(Source("a", "ab\ncd"), UTF16)
    assert positions.range_of(Span("a", 2, 1, 2, 1)) == positions.range(3, 4)
    assert positions.range_of(Span("a", 1, 2, 2, 2)) == positions.range(1, 4)
    assert positions.range_of(Span("a", 9, 9, 9, 9)) == positions.range(5, 5), "the text was longer"
