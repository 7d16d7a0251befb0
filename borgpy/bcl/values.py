"""What expressions come to: plain Python values, and the few kinds that Python does not have.

Plain numbers are ``int`` (64 bits) or ``float`` (never integral, never infinite); strings, booleans, null and lists are
Python's own and never changed once made; records are `borgpy.bcl.evaluating.records.Record`.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Union

import msgspec

from borgpy.bcl.diagnostics import Code, Details, Edit, Fault, Fix, Spot, suggestion

if TYPE_CHECKING:
    from borgpy.bcl.evaluating.invocation import Function
    from borgpy.bcl.evaluating.records import Record
    from borgpy.bcl.functions import Builtin

BYTES = "bytes"
DURATION = "duration"

_LONGEST_MESSAGE = 1_000

MAX_INTEGER = 2**63 - 1
MIN_INTEGER = -(2**63)


class Quantity(msgspec.Struct, frozen=True, gc=False):
    """A number that counts ``bytes``, or the seconds of a ``duration``. An integral amount is always an ``int``."""

    amount: int | float
    unit: str


class Bareword(msgspec.Struct, frozen=True):
    """A word that names nothing: text where a schema wants text, an unknown name everywhere else.

    ``visible`` are the names that could have been meant, nearest first.
    """

    word: str
    spot: Spot
    visible: Sequence[str] = ()
    notes: Callable[[], tuple[str, ...]] = tuple
    """What else there is to say, if it turns out to be a mistake."""


class PlaceholderText(msgspec.Struct, frozen=True, gc=False):
    """Text that begins as a bare ``%port%``: only the strings of a job may hold it."""

    text: str


Value = Union[
    None,
    bool,
    int,
    float,
    str,
    Quantity,
    Bareword,
    PlaceholderText,
    list["Value"],
    "Record",
    "Function",
    "Builtin",
]


class Wrong(Exception):
    """What a pure operation has against its operands. Whoever knows the place makes a fault of it."""

    def __init__(
        self, code: Code, message: str, *, label: str | Callable[[], str] = "", help: str = ""
    ) -> None:
        message = message[:_LONGEST_MESSAGE]  # what it tells may be thousands of characters long
        super().__init__(message)
        self.code: Code = code
        self.message = message
        self._label = label
        self.help = help

    @property
    def label(self) -> str:
        """What to say beside the caret; suggestions take time, and are made only for mistakes that are shown."""
        return self._label() if callable(self._label) else self._label


def type_name(value: Value) -> str:
    """The word for a value's type, as messages use it."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "number"
        case str() | Bareword():
            return "string"
        case list():
            return "list"
        case Quantity(unit=unit):
            return unit
        case PlaceholderText():
            return "placeholder"
    return "record" if hasattr(value, "shape") else "function"


def unknown_name(bareword: Bareword, *notes: str) -> Fault:
    """The mistake of using a word that names nothing where only text may stand unquoted."""
    word = bareword.word

    def details() -> Details:
        from borgpy.bcl.functions.elsewhere import ELSEWHERE  # only a mistake pays for this

        whole = _whole_word(bareword.spot)
        elsewhere = ELSEWHERE.get(word, "")
        known = () if elsewhere else (*bareword.visible, "true", "false", "null")
        meant = suggestion(word, known)
        title, edit = (
            (f"change to '{meant}'", Edit(bareword.spot.span, meant))
            if meant
            else ("quote it", Edit(whole.span, f'"{whole.text}"'))
        )
        return Details(
            label=f"did you mean '{meant}'?" if meant else "",
            notes=(*notes, *bareword.notes()),
            help=elsewhere or ("" if meant else f"quote it if it is text: '{whole.text}'"),
            fixes=(Fix(title, (edit,)),),
        )

    return Fault("name", bareword.spot, f"unknown name '{word}'", details)


_DASHED = re.compile(r"(?:[-.:/@]?[A-Za-z0-9_]+)*")


def _whole_word(spot: Spot) -> Spot:
    """The text that a word is probably the beginning of: ``us-east1-b`` is read as a subtraction."""
    match = _DASHED.match(spot.source.text, spot.end)
    return spot if match is None else spot._replace(end=match.end())
