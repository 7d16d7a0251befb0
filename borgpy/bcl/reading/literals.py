"""Numbers with units and quoted strings: from what is written to the exact value."""

import re

from borgpy.bcl.diagnostics import Code
from borgpy.bcl.values import BYTES, DURATION, MAX_INTEGER, MIN_INTEGER

PLAIN = ""
"""The unit of a number that counts nothing in particular."""

_MAX_DIGITS = 400
"""Beyond a double's reach in either direction, and far below where big integers become slow."""


class BadLiteral(Exception):
    """A number or string that says nothing; ``offset`` is where in the literal the trouble begins."""

    def __init__(self, message: str, *, code: Code = "syntax", help: str = "", offset: int = 0):
        super().__init__(message)
        self.message = message
        self.code = code
        self.help = help
        self.offset = offset


_DECIMAL = {prefix: 1000**power for power, prefix in enumerate("KMGTPE", start=1)} | {"k": 1000}
_BINARY = {f"{prefix}i": 1024**power for power, prefix in enumerate("KMGTPE", start=1)}

UNITS: dict[str, tuple[str, int, int]] = {
    "": (PLAIN, 1, 1),
    "m": (PLAIN, 1, 1000),
    **{name: (PLAIN, factor, 1) for name, factor in (_DECIMAL | _BINARY).items()},
    "B": (BYTES, 1, 1),
    **{f"{name}B": (BYTES, factor, 1) for name, factor in (_DECIMAL | _BINARY).items()},
    "us": (DURATION, 1, 1_000_000),
    "ms": (DURATION, 1, 1000),
    "s": (DURATION, 1, 1),
    "min": (DURATION, 60, 1),
    "h": (DURATION, 3600, 1),
    "d": (DURATION, 86400, 1),
}
"""What each unit counts, with its factor as numerator and denominator."""

_NUMBER = re.compile(
    r"(?P<whole>0|[1-9][0-9_]*)(?:\.(?P<fraction>[0-9]+))?"
    r"(?:[eE](?P<exponent>[+-]?[0-9]+))?(?P<unit>[A-Za-z]*)\Z"
)


def read_number(text: str) -> tuple[int | float, str]:
    """The exact value, of bytes or of seconds, and its unit: `PLAIN`, `BYTES` or `DURATION`.

    A unit multiplies in decimal first, so ``0.1G`` is 100000000, and only then may it be rounded. An integral value is
    always an ``int``.
    """
    return _read(text, 1)


def read_negative(text: str) -> tuple[int | float, str]:
    """The value of a number behind a minus sign: below zero there is one integer more."""
    return _read(text, -1)


def _read(text: str, sign: int) -> tuple[int | float, str]:
    match = _NUMBER.match(text)
    if match is None:
        raise _bad_number(text)
    if match["unit"] not in UNITS:
        raise _unknown_unit(text, match.start("unit"))
    unit, numerator, denominator = UNITS[match["unit"]]
    fraction, exponent = match["fraction"] or "", match["exponent"] or "0"
    digits = match["whole"].replace("_", "") + fraction
    if len(digits) > _MAX_DIGITS or len(exponent) > 5 or abs(int(exponent)) > _MAX_DIGITS:
        raise BadLiteral("this number has too many digits", code="arith")
    power = int(exponent) - len(fraction)
    numerator *= sign * int(digits) * 10 ** max(power, 0)
    denominator *= 10 ** max(-power, 0)
    whole, rest = divmod(numerator, denominator)
    if not MIN_INTEGER <= whole <= MAX_INTEGER:
        raise BadLiteral("this number is too large: integers have 64 bits", code="arith")
    return numerator / denominator if rest else whole, unit


_SPECIAL = re.compile(r"\r\n|\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "0": "\0"}
SURROGATE = re.compile("[\ud800-\udfff]")


def read_string(text: str) -> str:
    """What a quoted string says, without its quotes."""
    quotes = 3 if text.startswith('"""') else 1
    return read_text(text[quotes:-quotes], quotes)


def read_text(content: str, offset: int = 0) -> str:
    """What text within quotes says; ``offset`` is added to where the trouble begins. Line breaks are always ``\\n``."""
    if "\\" not in content and "\r" not in content:
        return content

    def character(match: re.Match[str]) -> str:
        escape = match[1]
        if escape is None:
            return "\n"
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        if escape in _ESCAPES:
            return _ESCAPES[escape]
        raise BadLiteral(
            f"unknown escape '{match[0]}'",
            help=r"the escapes are \n \t \r \\ \" \' \0 \uXXXX",
            offset=offset + match.start(),
        )

    read = _SPECIAL.sub(character, content)
    if SURROGATE.search(read):
        # A character beyond U+FFFF is written as it is, or as the pair that JSON would use.
        try:
            read = read.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise BadLiteral(r"half of a pair of \uXXXX escapes", offset=offset) from None
    return read


def _bad_number(text: str) -> BadLiteral:
    if re.match(r"0[0-9]", text):
        return BadLiteral(
            f"{text!r} is no number: a number does not start with 0",
            help="quote it if it is text (a file mode, a version)",
        )
    return BadLiteral(f"{text!r} is no number", help="quote it if it is text")


def _unknown_unit(text: str, at: int) -> BadLiteral:
    wrong = text[at:]
    meant = next((unit for unit in UNITS if unit.casefold() == wrong.casefold()), "")
    return BadLiteral(
        f"unknown unit {wrong!r}",
        help=f"did you mean {text[:at]}{meant}?"
        if meant
        else "the units are m k M G T P E, Ki Mi Gi Ti Pi Ei, these with B for bytes, us ms s min h d",
        offset=at,
    )
