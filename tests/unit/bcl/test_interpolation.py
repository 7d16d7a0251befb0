"""f-strings: how values are shown, and formats."""

from typing import Any

import pytest

from borgpy.bcl.limits import Limits
from borgpy.bcl.operations.interpolation import (
    NotShown,
    check_format,
    formatted,
    interpolated,
    text_of,
)
from borgpy.bcl.syntax import Constant, Interpolation
from borgpy.bcl.values import MAX_INTEGER, MIN_INTEGER, PlaceholderText, Value, Wrong
from tests.unit.bcl.evaluator import PORT, a_meter, a_record, a_word, refusal_of, size, time


def hole(format: str = "") -> Interpolation:
    return Interpolation(0, 0, Constant(0, 0, None), format)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("a", "a", id="text"),
        pytest.param(7, "7", id="an integer"),
        pytest.param(MIN_INTEGER, "-9223372036854775808", id="the least integer"),
        pytest.param(0.5, "0.5", id="a fraction"),
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(size(1024), "1024", id="a size in bytes"),
        pytest.param(time(0.25), "0.25", id="a duration in seconds"),
    ],
)
def test_what_a_value_is_in_text(value: Value, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "format", "text"),
    [
        pytest.param(5, "03d", "005", id="zeros"),
        pytest.param(-5, "04d", "-005", id="zeros behind the sign"),
        pytest.param(5, "3d", "  5", id="numbers to the right"),
        pytest.param(5, "3", "  5", id="a width alone"),
        pytest.param(2.5, ".2f", "2.50", id="digits"),
        pytest.param(2, ".2f", "2.00", id="digits of an integer"),
        pytest.param(MAX_INTEGER, ".1f", "9223372036854775807.0", id="no digit is lost"),
        pytest.param(2.5, "f", "2.500000", id="six digits unless said otherwise"),
        pytest.param(-1.5, "07.2f", "-001.50", id="zeros, width and digits"),
        pytest.param(0.126, ".2", "0.13", id="digits alone"),
        pytest.param(255, "x", "ff", id="hexadecimal"),
        pytest.param(255, "04X", "00FF", id="in capitals"),
        pytest.param("ab", "4s", "ab  ", id="text to the left"),
        pytest.param("ab", "4", "ab  ", id="text with a width alone"),
        pytest.param("abc", ".2s", "ab", id="text cut off"),
        pytest.param(True, "5s", "true ", id="a truth value as text"),
        pytest.param(time(90), "d", "90", id="a duration"),
        pytest.param(time(0.25), ".1f", "0.2", id="a part of a second"),
    ],
)
def test_formats(value: Value, format: str, text: str) -> None:
    assert formatted(value, format) == text


@pytest.mark.parametrize("format", ["100d", "q", ".2d", ".1x", "05s", "<5", "+d", "5.", "00d", " "])
def test_what_is_no_format(format: str) -> None:
    refusal = refusal_of(lambda: check_format(format))
    assert refusal.code == "syntax"
    assert isinstance(refusal, Wrong)
    assert "03d" in refusal.help


@pytest.mark.parametrize(
    ("value", "format", "message"),
    [
        pytest.param(2.5, "d", "type: 'd' shows whole numbers, not number", id="a fraction"),
        pytest.param("a", "d", "type: 'd' shows whole numbers, not string", id="text as a number"),
        pytest.param("a", ".1f", "type: 'f' shows numbers, not string", id="text with digits"),
        pytest.param(True, "d", "type: 'd' shows whole numbers, not bool", id="true is no number"),
        pytest.param("a", "03", "type: zeros fill up numbers, not string", id="zeros before text"),
        pytest.param(None, "", "type: null cannot be shown in text", id="null"),
        pytest.param([], "", "type: list cannot be shown in text", id="a list"),
        pytest.param(a_record(), "5s", "type: record cannot be shown in text", id="a record"),
        pytest.param(len, "", "type: function cannot be shown in text", id="a function"),
        pytest.param(
            PORT,
            "5s",
            "type: a format does not apply to %port%: it has no value yet",
            id="a placeholder has no length",
        ),
        pytest.param(a_word("ic"), "", "name: unknown name 'ic'", id="a word"),
        pytest.param(a_word("ic"), "03d", "name: unknown name 'ic'", id="a word with a format"),
    ],
)
def test_what_is_not_shown(value: Any, format: str, message: str) -> None:
    refusal = refusal_of(lambda: formatted(value, format))
    assert f"{refusal.code}: {refusal.message}" == message


def test_what_is_written_and_what_is_computed_make_one_text() -> None:
    text = interpolated((hole(), "-", hole("02d"), "!"), ["web", 7], a_meter())
    assert text == "web-07!"


def test_text_with_a_placeholder_waits() -> None:
    text = interpolated(("--port=", hole()), [PORT], a_meter())
    assert text == PlaceholderText("--port=%port%")


def test_it_is_told_which_value_cannot_be_shown() -> None:
    refusal = refusal_of(lambda: interpolated((hole(), "-", hole()), [1, None], a_meter()))
    assert isinstance(refusal, NotShown)
    assert refusal.index == 1
    assert refusal.help


def test_long_text_is_paid_for() -> None:
    for limits in (Limits(steps=0), Limits(string=50)):
        meter = a_meter(limits)
        refusal = refusal_of(lambda m=meter: interpolated((hole(), hole()), ["x" * 30] * 2, m))  # type: ignore[misc]
        assert refusal.code == "limit"
