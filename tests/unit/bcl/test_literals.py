"""Numbers are exact and typed, strings say what is written."""

import pytest

from borgpy.bcl.literals import (
    BadLiteral,
    Quantity,
    Unit,
    read_negative,
    read_number,
    read_string,
)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("0", 0, Unit.NUMBER),
        ("1_000", 1000, Unit.NUMBER),
        ("2.50", 2.5, Unit.NUMBER),
        ("2.0", 2, Unit.NUMBER),
        ("25e-2", 0.25, Unit.NUMBER),
        ("1E3", 1000, Unit.NUMBER),
        ("1E", 10**18, Unit.NUMBER),
        ("1EB", 10**18, Unit.BYTES),
        ("250m", 0.25, Unit.NUMBER),
        ("2k", 2000, Unit.NUMBER),
        ("0.1G", 100_000_000, Unit.NUMBER),
        ("100M", 100_000_000, Unit.NUMBER),
        ("64Mi", 64 << 20, Unit.NUMBER),
        ("1.5GiB", 3 << 29, Unit.BYTES),
        ("512B", 512, Unit.BYTES),
        ("0.3KiB", 307.2, Unit.BYTES),
        ("250ms", 0.25, Unit.DURATION),
        ("10us", 1e-5, Unit.DURATION),
        ("5min", 300, Unit.DURATION),
        ("1.5h", 5400, Unit.DURATION),
        ("2d", 172_800, Unit.DURATION),
        ("9223372036854775807", 2**63 - 1, Unit.NUMBER),
    ],
)
def test_a_number_is_read_exactly(text: str, amount: int | float, unit: Unit) -> None:
    read = read_number(text)
    assert read == Quantity(amount, unit)
    assert type(read.amount) is type(amount)


def test_below_zero_there_is_one_integer_more() -> None:
    assert read_negative("9223372036854775808").amount == -(2**63)
    with pytest.raises(BadLiteral, match="64 bits"):
        read_number("9223372036854775808")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0644", "does not start with 0"),
        ("1.2.3", "no number"),
        ("5Q", "unknown unit 'Q'"),
        ("1__x", "unknown unit 'x'|no number"),
        ("1e99999999999", "too many digits"),
        ("9" * 500, "too many digits"),
        ("10E", "too large"),
    ],
)
def test_what_is_no_number_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadLiteral, match=message):
        read_number(text)


def test_a_unit_in_the_wrong_case_is_suggested() -> None:
    with pytest.raises(BadLiteral) as caught:
        read_number("5gib")
    assert caught.value.help == "did you mean 5GiB?"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("''", ""),
        ('""', ""),
        ('""""""', ""),
        ("'say \"hi\"'", 'say "hi"'),
        ('"it\'s"', "it's"),
        ('"""one\n  "two" """', 'one\n  "two" '),
        (r'"a\n\t\r\\\"\'\0"', "a\n\t\r\\\"'\0"),
        (r'"caf\u00e9"', "café"),
        (r'"\ud83d\ude00"', "😀"),
    ],
)
def test_a_string_says_what_is_written(text: str, says: str) -> None:
    assert read_string(text) == says


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        (r"'a\q'", "unknown escape", 2),
        (r"'\u12'", "unknown escape", 1),
        (r"'\ud83d'", "half of a pair", 0),
    ],
)
def test_a_bad_escape_is_refused_where_it_stands(text: str, message: str, offset: int) -> None:
    with pytest.raises(BadLiteral, match=message) as caught:
        read_string(text)
    assert caught.value.offset == offset
