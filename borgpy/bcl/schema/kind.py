"""What a field may hold: the face of all kinds, and what to say of a value that is of the wrong type."""

from abc import ABC, abstractmethod

from borgpy.bcl.diagnostics import Details, Edit, Fault, Fix
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.loading.jsondata import Json
from borgpy.bcl.schema.place import Place
from borgpy.bcl.values import Bareword, Value, type_name, unknown_name


class Refused:
    """Stands for the plain data of a value that is not accepted."""


REFUSED = Refused()


class Kind(ABC):
    """One kind of value.

    Nearly all values are right, so that it takes two to check them: `accept` is quick and knows no place; `complain` is
    called for what it has refused, and says everything that is wrong.
    """

    wanted = ""
    """What messages say is wanted here."""

    @abstractmethod
    def accept(self, value: Value) -> Json | Refused:
        """The value as plain data, or `REFUSED`."""

    @abstractmethod
    def complain(self, value: Value, place: Place) -> None:
        """Reports why ``value`` was refused."""

    def takes(self, value: Value) -> bool:
        """Whether the value's type is one of this kind, so that it is this kind which should complain."""
        return False


def refuses(kind: Kind, value: Value) -> bool:
    """Whether ``value`` is not accepted, be it for a field within it that has no value."""
    try:
        return kind.accept(value) is REFUSED
    except Fault:
        return True


def refused_field(record: Record, name: str, kind: Kind) -> bool:
    """Whether a field has no value, or one that is not accepted."""
    try:
        return refuses(kind, record.get(name))
    except Fault:
        return True


def complained(record: Record, name: str, kind: Kind, place: Place) -> bool:
    """Reports what is wrong with a field, if anything is; whether it is any use to go on with the next one."""
    try:
        value = record.get(name)
    except Fault as fault:
        place.take(fault)
        return (
            fault.code != "limit"
        )  # of what is used up there is nothing left for the others either
    if refuses(kind, value):
        kind.complain(value, place)
    return True


def wrong_type(value: Value, place: Place, wanted: str) -> None:
    """Reports that ``value`` is of the wrong type."""
    if isinstance(value, Bareword):
        place.take(unknown_name(value, f"{place.path} wants {wanted}"))
        return
    message = f"{place.owner} wants {wanted}, not {_a(type_name(value))}"
    place.report("type", message, lambda: _way_out(value, place, wanted))


def _way_out(value: Value, place: Place, wanted: str) -> Details:
    literal = place.literal
    if isinstance(value, str) and literal == f'"{value}"' and value.isdigit():
        literal = f"'{value}'"
    if isinstance(value, str) and literal == f"'{value}'" and value.isdigit():
        edit = Edit(place.spot.span, value)
        return Details(
            help=f"write {value} without quotes", fixes=(Fix("remove the quotes", (edit,)),)
        )
    what = type_name(value)
    if what in ("record", "function") and "text" in wanted and literal.isidentifier():
        edit = Edit(place.spot.span, f'"{literal}"')
        return Details(
            help=f"'{literal}' is a {what} here; quote it if its name is meant",
            fixes=(Fix("quote it", (edit,)),),
        )
    return Details()


def _a(noun: str) -> str:
    if noun in ("null", "bytes"):
        return noun
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"
