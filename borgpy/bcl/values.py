"""What expressions come to: plain values, quantities, and the two that only a job's schema can turn into text."""

from collections.abc import Callable

import msgspec

from borgpy.bcl.literals import Quantity, Unit
from borgpy.bcl.syntax import Expression, Name


class Bareword(msgspec.Struct, frozen=True):
    """A word that names nothing. It is text where the schema wants text, and an unknown name everywhere else; ``visible`` lists the names there are."""

    node: Name
    visible: Callable[[], tuple[str, ...]]


class PlaceholderText(msgspec.Struct, frozen=True):
    """A bare ``%port%``: text that only a job's strings may hold."""

    text: str


class Poison(msgspec.Struct, frozen=True):
    """The value of something that is broken and has been reported; nothing more is said about it."""


class Field(msgspec.Struct, frozen=True):
    """An exported field of a record: where its name stands, and the expression that gave the value."""

    name: str
    where: tuple[int, int]
    node: Expression
    value: "Value"


class RecordValue(msgspec.Struct, frozen=True):
    """A record, every exported field evaluated."""

    fields: tuple[Field, ...]


class ListValue(msgspec.Struct, frozen=True):
    """A list, every item evaluated."""

    nodes: tuple[Expression, ...]
    items: tuple["Value", ...]


Value = None | bool | str | Quantity | Bareword | PlaceholderText | Poison | RecordValue | ListValue

_UNITS = {Unit.BYTES: "bytes", Unit.DURATION: "duration"}


def type_name(value: Value) -> str:
    """The word for a value's type, as messages use it."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case Quantity(amount=amount, unit=unit):
            return _UNITS.get(unit, "int" if isinstance(amount, int) else "number")
        case RecordValue():
            return "record"
        case ListValue():
            return "list"
        case PlaceholderText():
            return "placeholder"
        case _:
            return "string"
