"""Laws of formatting: it changes no meaning, loses no comment, and has nothing left to do the second time."""

import pytest
from hypothesis import given

from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.reading.format import format_text
from borgpy.bcl.reading.lexer import Kind, tokens
from tests.property.bcl_sources import every_source, grammatical_texts, texts_of_tokens
from tests.unit.bcl.syntax_text import meaning, parsed

pytestmark = pytest.mark.usefixtures("_deep_stack")


def keeps_the_laws(text: str) -> None:
    try:
        before = parsed(text)
    except BclError:
        with pytest.raises(BclError):
            format_text(Source("main.borg", text))
        return
    formatted = format_text(Source("main.borg", text))
    assert meaning(parsed(formatted)) == meaning(before)
    assert comments(formatted) == comments(text)
    assert format_text(Source("main.borg", formatted)) == formatted
    assert "\n\n\n" not in "".join(
        "x" if token.kind in (Kind.STRING, Kind.FSTRING, Kind.COMMENT) else token.text
        for token in tokens(formatted)
    )
    assert formatted == "" or (formatted.endswith("\n") and not formatted.endswith("\n\n"))


def comments(text: str) -> list[str]:
    return [
        token.text.replace("\r\n", "\n").rstrip()
        for token in tokens(text)
        if token.kind is Kind.COMMENT
    ]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in every_source()])
def test_every_source_keeps_its_meaning(text: str) -> None:
    keeps_the_laws(text)


@given(grammatical_texts())
def test_what_the_grammar_makes_keeps_its_meaning(text: str) -> None:
    keeps_the_laws(text)


@given(texts_of_tokens)
def test_any_tokens_keep_their_meaning(text: str) -> None:
    keeps_the_laws(text)
