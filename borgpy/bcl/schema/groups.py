"""Records with a closed set of fields."""

from collections.abc import Mapping

from borgpy.bcl.diagnostics import Details, Edit, Fix, Spot, suggestion
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.loading.jsondata import Json
from borgpy.bcl.schema.kind import REFUSED, Kind, Refused, complained, refused_field, wrong_type
from borgpy.bcl.schema.place import Place
from borgpy.bcl.schema.rules import Rule
from borgpy.bcl.values import Value

_MOST_STRANGE = 20
"""So many unknown fields may be misspelt ones; whoever has more has other troubles."""


class Group(Kind):
    """A record of known fields. With ``any_case`` their names may be written in capitals.

    ``required`` tells for each field that must be there an example, or nothing. ``unknown`` is told to whoever writes
    another one. ``rule`` finds what is wrong with fields that are right by themselves.
    """

    wanted = "a record { .. }"

    def __init__(
        self,
        fields: Mapping[str, Kind],
        required: Mapping[str, str],
        *,
        any_case: bool = False,
        unknown: str = "",
        rule: Rule | None = None,
    ) -> None:
        self.fields = fields
        self.required = required
        self._accept = {name: kind.accept for name, kind in fields.items()}
        self._any_case = any_case
        self._unknown = unknown
        self._rule = rule

    def accept(self, value: Value) -> Json | Refused:
        if type(value) is not Record:
            return REFUSED
        plain: dict[str, Json] = {}
        for name in value.shape.names:
            accept = self._accept.get(name)
            if accept is None:
                name, written = self._folded(name), name
                accept = self._accept.get(name)
                if accept is None or name in plain:
                    return REFUSED
                accepted = accept(value.get(written))
            elif name in plain:
                return REFUSED
            else:
                accepted = accept(value.get(name))
            if accepted is REFUSED:
                return REFUSED
            if accepted is not None:
                plain[name] = accepted  # type: ignore[assignment]
        for name in self.required:
            if name not in plain:
                return REFUSED
        if self._rule is not None and any(self._rule(plain)):
            return REFUSED
        return plain

    def complain(self, value: Value, place: Place) -> None:
        if isinstance(value, Record):
            self.complain_of_record(value, place, place.spot)
        else:
            wrong_type(value, place, self.wanted)

    def takes(self, value: Value) -> bool:
        return type(value) is Record

    def complain_of_record(self, record: Record, place: Place, missed_at: Spot) -> None:
        """Reports everything that is wrong with the fields of ``record``; what is missing is missed at ``missed_at``."""
        seen: dict[str, str] = {}
        strange: list[str] = []
        for written in record.names():
            name = self._folded(written)
            kind = self.fields.get(name)
            if kind is None:
                strange.append(written)
                self._complain_of_unknown(record, written, place)
            elif name in seen:
                _complain_of_twins(record, (seen[name], written), name, place)
            elif not complained(record, written, kind, place.field(record, written, name)):
                return
            seen.setdefault(name, written)
        missing = [name for name in self.required if name not in seen]
        if missing and strange:  # a misspelt field is one mistake, not two
            meant = {suggestion(name, self.fields) for name in strange[:_MOST_STRANGE]}
            missing = [name for name in missing if name not in meant]
        for name in missing:
            self._complain_of_missing(name, place, missed_at)
        if self._rule is not None:
            self._complain_by_rule(record, seen, place)

    def _complain_by_rule(self, record: Record, seen: Mapping[str, str], place: Place) -> None:
        assert self._rule is not None
        plain: dict[str, Json] = {}
        for name, written in seen.items():
            kind = self.fields.get(name)
            if kind is None:
                continue
            if refused_field(record, written, kind):
                return  # what is wrong with it in itself has been said
            accepted = kind.accept(record.get(written))
            if accepted is not None:
                plain[name] = accepted  # type: ignore[assignment]
        for complaint in self._rule(plain):
            at = place
            if complaint.field in plain:
                at = place.field(record, seen[complaint.field], complaint.field)
            at.report(complaint.code, complaint.message, Details(help=complaint.help))

    def _folded(self, name: str) -> str:
        return name.lower() if self._any_case else name

    def _complain_of_unknown(self, record: Record, name: str, place: Place) -> None:
        slot = record.slot(name)
        assert slot is not None
        spot = slot.spot

        def details() -> Details:
            meant = suggestion(name, self.fields)
            hide = Fix("declare it hidden", (Edit(_before(spot).span, "hidden "),))
            hidden = "an input of a template must be declared hidden"
            if meant:
                change = Fix(f"change to '{meant}'", (Edit(spot.span, meant),))
                return Details(
                    f"did you mean '{meant}'?",
                    notes=(hidden,),
                    help=self._unknown,
                    fixes=(change, hide),
                )
            there = f"the fields are {', '.join(self.fields)}"
            return Details(notes=(there, hidden), help=self._unknown, fixes=(hide,))

        message = f"unknown field '{name}' in {place.owner}"
        place.field(record, name, name).report("field", message, details, spot=spot)

    def _complain_of_missing(self, name: str, place: Place, missed_at: Spot) -> None:
        path = f"{place.path}.{name}" if place.path else name
        example = f"for example {name} = {self.required[name]}" if self.required[name] else ""
        kind = self.fields[name]
        if isinstance(kind, Group) and kind.required:
            path = f"{path}.{next(iter(kind.required))}"
        place.report("missing", f"{path} is missing", Details(help=example), spot=missed_at)


def _complain_of_twins(record: Record, twins: tuple[str, str], name: str, place: Place) -> None:
    first, second = (record.slot(twin) for twin in twins)
    assert first is not None
    assert second is not None
    message = f"{place.owner} has '{name}' twice, in different case"
    notes = (f"the other one is at {first.spot}",)
    place.report("duplicate", message, Details(notes=notes), spot=second.spot)


def _before(spot: Spot) -> Spot:
    return Spot(spot.source, spot.start, spot.start)
