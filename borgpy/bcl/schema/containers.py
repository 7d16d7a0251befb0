"""Records of any fields, lists, and one kind or another."""

from collections.abc import Sequence

from borgpy.bcl.diagnostics import Details
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.loading.jsondata import Json
from borgpy.bcl.schema.kind import REFUSED, Kind, Refused, complained, refuses, wrong_type
from borgpy.bcl.schema.place import Place
from borgpy.bcl.values import Value, type_name


class NamedKind(Kind):
    """A record of any fields, at most ``most``: their names are of one kind, their values of another."""

    wanted = "a record { .. }"

    def __init__(self, name: Kind, value: Kind, most: int) -> None:
        self._name = name
        self.value = value
        self._most = most

    def accept(self, value: Value) -> Json | Refused:
        if type(value) is not Record:
            return REFUSED
        plain: dict[str, Json] = {}
        names = value.shape.names
        if len(names) > self._most:
            return REFUSED
        for name in names:
            accepted = self.value.accept(value.get(name))
            if accepted is REFUSED or self._name.accept(name) is REFUSED:
                return REFUSED
            plain[name] = accepted  # type: ignore[assignment]
        return plain

    def complain(self, value: Value, place: Place) -> None:
        if not isinstance(value, Record):
            wrong_type(value, place, self.wanted)
            return
        names = value.names()
        if len(names) > self._most:
            _complain_of_crowd("fields", len(names), self._most, place)
            return
        for name in names:
            field = place.field(value, name, name)
            slot = value.slot(name)
            if self._name.accept(name) is REFUSED and slot is not None:
                rule = getattr(self._name, "rule", "")
                message = f"'{name}' cannot be a name in {place.path}"
                field.report("range", message, Details(help=rule), spot=slot.spot)
            if not complained(value, name, self.value, field):
                return

    def takes(self, value: Value) -> bool:
        return type(value) is Record


class ListKind(Kind):
    """A list of at most ``most`` items of one kind."""

    def __init__(self, item: Kind, most: int) -> None:
        self.item = item
        self._most = most
        self.wanted = f"a list of {item.wanted}"

    def accept(self, value: Value) -> Json | Refused:
        if type(value) is not list or len(value) > self._most:
            return REFUSED
        plain: list[Json] = []
        for item in value:
            accepted = self.item.accept(item)
            if accepted is REFUSED:
                return REFUSED
            plain.append(accepted)  # type: ignore[arg-type]
        return plain

    def complain(self, value: Value, place: Place) -> None:
        if not isinstance(value, list):
            wrong_type(value, place, self.wanted)
        elif len(value) > self._most:
            _complain_of_crowd("items", len(value), self._most, place)
        else:
            for number, item in enumerate(value):
                if refuses(self.item, item):
                    self.item.complain(item, place.item(number))

    def takes(self, value: Value) -> bool:
        return type(value) is list


class EitherKind(Kind):
    """One of several kinds. With ``optional``, null is taken as well, and means that nothing was said."""

    def __init__(self, kinds: Sequence[Kind], *, optional: bool = False) -> None:
        self.kinds = kinds
        self.optional = optional
        self.wanted = " or ".join(kind.wanted for kind in kinds)

    def accept(self, value: Value) -> Json | Refused:
        if value is None:
            return None if self.optional else REFUSED
        for kind in self.kinds:
            accepted = kind.accept(value)
            if accepted is not REFUSED:
                return accepted
        return REFUSED

    def complain(self, value: Value, place: Place) -> None:
        named = place.literal.isidentifier() and "text" in self.wanted
        if named and type_name(value) == "record":  # a declaration, where its name was meant
            wrong_type(value, place, self.wanted)
            return
        for kind in self.kinds:
            if kind.takes(value):
                kind.complain(value, place)
                return
        wrong_type(value, place, self.wanted)

    def takes(self, value: Value) -> bool:
        return any(kind.takes(value) for kind in self.kinds)


def _complain_of_crowd(what: str, count: int, most: int, place: Place) -> None:
    message = f"{place.path} has {count:,} {what}, which is too much"
    place.report("range", message, Details(notes=(f"allowed is up to {most:,}",)))
