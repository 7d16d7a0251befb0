"""Stand-ins for the evaluator, for tests of operations on values."""

from collections.abc import Callable, Mapping
from typing import Any

from borgpy.bcl.diagnostics import Fault, Source, Spot
from borgpy.bcl.evaluating.meter import Meter
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits
from borgpy.bcl.values import BYTES, DURATION, Bareword, PlaceholderText, Quantity, Value, Wrong

PORT = PlaceholderText("%port%")
"""Text that waits for its port."""


class Fields:
    """A record whose fields are known."""

    shape = None

    def __init__(self, fields: Mapping[str, Any], hidden: Mapping[str, Any] | None = None) -> None:
        self._fields = dict(fields)
        self._hidden = dict(hidden or {})

    def names(self) -> tuple[str, ...]:
        return tuple(self._fields)

    def get(self, name: str) -> Value:
        value: Value = (self._fields | self._hidden)[name]
        return value

    def has(self, name: str) -> bool:
        return name in self._fields or name in self._hidden


class Evaluator(Meter):
    """Calls functions that are Python's."""

    def call(self, function: Any, *arguments: Value) -> Value:
        self.spend(1)
        value: Value = function(*arguments)
        return value

    def compose(self, *records: Any) -> Any:
        return Fields({name: r.get(name) for r in records for name in r.names()})


def a_meter(limits: Limits = DEFAULT_LIMITS) -> Evaluator:
    return Evaluator(limits)


def a_record(**fields: Any) -> Any:
    return Fields(fields)


def a_word(word: str) -> Bareword:
    """A word that names nothing."""
    return Bareword(word, Spot(Source("main.borg", f"x = {word}"), 4, 4 + len(word)))


def size(amount: float) -> Quantity:
    return Quantity(amount, BYTES)


def time(amount: float) -> Quantity:
    return Quantity(amount, DURATION)


def refusal_of(operation: Callable[[], object]) -> Wrong | Fault:
    """What an operation has against its operands."""
    try:
        value = operation()
    except (Wrong, Fault) as refusal:
        return refusal
    raise AssertionError(f"not refused: {value!r}")
