"""The parser, written by hand, reads what the grammar in docs/bcl.lark reads, and nothing else."""

import re

import pytest
from hypothesis import given

from borgpy.bcl.diagnostics import BclError
from tests.property.bcl_reference import GRAMMAR, Refused, reference_text
from tests.property.bcl_sources import every_source, grammatical_texts, texts_of_tokens
from tests.unit.bcl.syntax_text import parsed, text_of

pytestmark = pytest.mark.usefixtures("_deep_stack")


def agree(source: str) -> None:
    """Both parsers refuse the text, or read the same structure."""
    try:
        mine = text_of(parsed(source))
    except BclError as error:
        codes = {diagnostic.code for diagnostic in error.diagnostics}
    else:
        assert mine == reference_text(source)
        return
    assert codes <= {"syntax", "arith", "duplicate", "limit"}
    if "limit" not in codes:  # which the grammar knows nothing of
        with pytest.raises(Refused):
            reference_text(source)


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in every_source()])
def test_both_read_every_source_alike(source: str) -> None:
    agree(source)


@given(texts_of_tokens)
def test_both_read_any_tokens_alike(source: str) -> None:
    agree(source)


@given(grammatical_texts())
def test_both_read_what_the_grammar_makes(source: str) -> None:
    agree(source)


def test_the_grammar_repeats_no_group_possessively() -> None:
    """Python 3.11 up to 3.11.2 (Debian 12's own) matches ``(?:…)*+`` wrongly; ``(?>(?:…)*)`` means the same."""
    assert re.findall(r"\)[*+?]\+", GRAMMAR.read_text()) == []
