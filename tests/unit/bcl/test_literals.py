"""Numbers are exact and typed, strings say what is written."""

import pytest

from borgpy.bcl.reading.literals import (
    PLAIN,
    BadLiteral,
    read_negative,
    read_number,
    read_string,
    read_text,
)
from borgpy.bcl.values import BYTES, DURATION


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("0", 0, PLAIN),
        ("1_000", 1000, PLAIN),
        ("2.50", 2.5, PLAIN),
        ("2.0", 2, PLAIN),
        ("25e-2", 0.25, PLAIN),
        ("1E3", 1000, PLAIN),
        ("1E", 10**18, PLAIN),
        ("1EB", 10**18, BYTES),
        ("250m", 0.25, PLAIN),
        ("2k", 2000, PLAIN),
        ("0.1G", 100_000_000, PLAIN),
        ("100M", 100_000_000, PLAIN),
        ("64Mi", 64 << 20, PLAIN),
        ("1.5GiB", 3 << 29, BYTES),
        ("512B", 512, BYTES),
        ("0.3KiB", 307.2, BYTES),
        ("250ms", 0.25, DURATION),
        ("10us", 1e-5, DURATION),
        ("5min", 300, DURATION),
        ("1.5h", 5400, DURATION),
        ("2d", 172_800, DURATION),
        ("9223372036854775807", 2**63 - 1, PLAIN),
    ],
)
def test_a_number_is_read_exactly(text: str, amount: int | float, unit: str) -> None:
    value, kind = read_number(text)
    assert (value, kind) == (amount, unit)
    assert type(value) is type(amount)


def test_below_zero_there_is_one_integer_more() -> None:
    assert read_negative("9223372036854775808") == (-(2**63), PLAIN)
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
        ('"""one\r\ntwo"""', "one\ntwo"),
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
        ('"""\r\n\\q"""', "unknown escape", 5),
        (r"'\ud83d'", "half of a pair", 1),
    ],
)
def test_a_bad_escape_is_refused_where_it_stands(text: str, message: str, offset: int) -> None:
    with pytest.raises(BadLiteral, match=message) as caught:
        read_string(text)
    assert caught.value.offset == offset


def test_text_without_quotes_keeps_what_is_no_escape() -> None:
    assert read_text("{a} 'b' \"c\" \\t") == "{a} 'b' \"c\" \t"
