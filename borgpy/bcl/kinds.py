"""What a field of a job may hold: each kind checks a value, says what is wrong with it, and gives plain data."""

from typing import Protocol

import msgspec

from borgpy.bcl.diagnostics import Findings
from borgpy.bcl.export import Json, unknown_name
from borgpy.bcl.literals import Quantity, Unit
from borgpy.bcl.syntax import Expression
from borgpy.bcl.values import Bareword, PlaceholderText, Poison, RecordValue, Value, type_name
from borgpy.model.names import NAME_RULE, is_name
from borgpy.model.placeholders import PLAIN, unknown_placeholders
from borgpy.model.priority import BAND_RANGES, MAX_PRIORITY, MIN_PRIORITY, Band
from borgpy.model.resources import bytes_text

_BANDS = tuple(band.value for band in Band)


class Place(msgspec.Struct, frozen=True):
    """Where a value belongs: the field's dotted name, and the expression that gave it.

    ``spots`` gathers, for a whole job, the offsets at which each field's value is written.
    """

    path: str
    node: Expression
    findings: Findings
    spots: dict[str, tuple[int, int]]

    def field(self, name: str, node: Expression) -> "Place":
        path = f"{self.path}.{name}" if self.path else name
        self.spots[path] = node.where
        return Place(path, node, self.findings, self.spots)

    @property
    def literal(self) -> str:
        """The expression as it is written."""
        start, end = self.node.where
        return self.findings.source.text[start:end]


class Kind(Protocol):
    """One kind of value. ``check`` reports what is wrong, and then its answer means nothing."""

    def check(self, value: Value, place: Place) -> Json: ...


class NameKind:
    """Text that names a cell, a user or a port."""

    def check(self, value: Value, place: Place) -> Json:
        text = text_of(value, place)
        if text is not None and not is_name(text):
            message = f"'{text}' cannot be a {place.path}"
            place.findings.add("range", place.node.where, message, help=f"a name is {NAME_RULE}")
        return text


class TextKind:
    """Any text that a program can be handed, placeholders included; ``begins`` is how it has to begin."""

    def __init__(self, begins: str = "") -> None:
        self._begins = begins

    def check(self, value: Value, place: Place) -> Json:
        text = text_of(value, place)
        if text is not None and not (text and text.startswith(self._begins)):
            message = f"{place.path} is empty" if not text else f"{place.path} is '{text}'"
            wanted = f"it begins with '{self._begins}'" if self._begins else ""
            place.findings.add("range", place.node.where, message, help=wanted)
        return text


class ChoiceKind:
    """One of a few words."""

    def __init__(self, *choices: str) -> None:
        self._choices = choices

    def check(self, value: Value, place: Place) -> Json:
        text = text_of(value, place)
        if text is not None and text not in self._choices:
            _report_choice(text, self._choices, place)
        return text


class WholeKind:
    """A whole number within limits."""

    def __init__(self, lowest: int, highest: int, hint: str = "") -> None:
        self._lowest = lowest
        self._highest = highest
        self._hint = hint

    def check(self, value: Value, place: Place) -> Json:
        amount = amount_of(value, place, Unit.NUMBER, "a whole number")
        if isinstance(amount, float):
            message = f"{place.path} is {amount:g}, which is no whole number"
            place.findings.add("type", place.node.where, message)
        elif amount is not None and not self._lowest <= amount <= self._highest:
            allowed = f"{self._lowest:,} to {self._highest:,}"
            _report_range(place, f"{amount:,}", amount < self._lowest, allowed, help=self._hint)
        return amount


class BytesKind:
    """An amount of memory or disk: whole bytes, of which a plain number counts that many."""

    def __init__(self, highest: int) -> None:
        self._highest = highest

    def check(self, value: Value, place: Place) -> Json:
        amount = amount_of(value, place, Unit.BYTES, "an amount of bytes (100M, 64MiB)")
        if isinstance(amount, float):
            self._report_fraction(amount, place)
        elif amount is not None and not 0 <= amount <= self._highest:
            allowed = f"0 to {bytes_text(self._highest)}"
            shown = f"{amount:,} bytes"
            _report_range(place, shown, amount < 0, allowed)
        return amount

    def _report_fraction(self, amount: float, place: Place) -> None:
        label = help = ""
        if place.literal.endswith("m"):
            whole = place.literal[:-1]
            size = round(amount * 1000 * 1000**2)
            label = "'m' is milli, 'M' is mega"
            help = f"did you mean {whole}M ({size:,} B = {bytes_text(size)})?"
        message = f"{place.path} is {amount:g} bytes"
        place.findings.add("unit", place.node.where, message, label=label, help=help)


class CoresKind:
    """A number of CPU cores; fractions are common."""

    def __init__(self, highest: int) -> None:
        self._highest = highest

    def check(self, value: Value, place: Place) -> Json:
        amount = amount_of(value, place, Unit.NUMBER, "a number of cores (0.1, 250m, 2)")
        if amount is not None and not 0 <= amount <= self._highest:
            label = help = ""
            if place.literal.endswith("M"):
                label = "'M' is mega, 'm' is milli"
                help = f"did you mean {place.literal[:-1]}m ({amount / 10**9:g} cores)?"
            allowed = f"0 to {self._highest:,}"
            _report_range(place, f"{amount:,} cores", amount < 0, allowed, label=label, help=help)
        return amount


class DurationKind:
    """A length of time, in seconds."""

    def __init__(self, lowest: float, highest: int) -> None:
        self._lowest = lowest
        self._highest = highest

    def check(self, value: Value, place: Place) -> Json:
        amount = amount_of(value, place, Unit.DURATION, "a duration (250ms, 30s, 5min)")
        if amount is not None and not self._lowest <= amount <= self._highest:
            allowed = f"{self._lowest:g}s to {self._highest}s"
            _report_range(place, f"{amount:g}s", amount < self._lowest, allowed)
        return amount


class PriorityKind:
    """A priority, or the name of a band, which stands for the band's lowest."""

    def check(self, value: Value, place: Place) -> Json:
        if isinstance(value, str | Bareword):
            return ChoiceKind(*_BANDS).check(value, place)
        bands = ", ".join(f"{b.value} {low}-{high}" for b, (low, high) in BAND_RANGES.items())
        return WholeKind(MIN_PRIORITY, MAX_PRIORITY, bands).check(value, place)


class TextsKind:
    """Named texts: numbers and booleans may stand for theirs."""

    def check(self, value: Value, place: Place) -> Json:
        record = record_of(value, place)
        texts: dict[str, Json] = {}
        for field in record.fields if record else ():
            if not field.name or any(c.isspace() or c in "=\0" for c in field.name):
                message = f"'{field.name}' cannot be the name of an argument or variable"
                place.findings.add("range", field.where, message)
            texts[field.name] = self._scalar(field.value, place.field(field.name, field.node))
        return texts

    def _scalar(self, value: Value, place: Place) -> Json:
        if isinstance(value, bool):
            return value
        if isinstance(value, Quantity):
            return value.amount
        return text_of(value, place, "text, a number or true or false")


def text_of(value: Value, place: Place, wanted: str = "text") -> str | None:
    """A value as text: quoted, a path, a placeholder, or a word that names nothing else."""
    match value:
        case str(text) | PlaceholderText(text=text):
            _check_text(text, place)
            return text
        case Bareword(node=node):
            return node.word
        case _:
            report_type(value, place, wanted)
            return None


def amount_of(value: Value, place: Place, unit: Unit, wanted: str) -> int | float | None:
    """A number of the right unit. A plain number counts bytes where bytes are wanted, and no time at all."""
    if not isinstance(value, Quantity):
        report_type(value, place, wanted)
        return None
    if value.unit is unit or (value.unit is Unit.NUMBER and unit is Unit.BYTES):
        return value.amount
    help = ""
    if value.unit is Unit.NUMBER and place.literal.isdigit():
        help = f"did you mean {place.literal}s?"
    message = f"{place.path} wants {wanted}, not a {_unit_name(value.unit)}"
    place.findings.add("unit", place.node.where, message, help=help)
    return None


def record_of(value: Value, place: Place) -> RecordValue | None:
    if isinstance(value, RecordValue):
        return value
    report_type(value, place, "a record { ... }")
    return None


def report_type(value: Value, place: Place, wanted: str) -> None:
    """Says that ``value`` is of the wrong type; of a broken one all has been said."""
    if isinstance(value, Poison):
        return
    if isinstance(value, Bareword):
        unknown_name(value, place.findings, f"{place.path} wants {wanted}")
        return
    help = ""
    if isinstance(value, str) and value.isdigit():
        help = f"write {value} without quotes"
    message = f"{place.path} wants {wanted}, not a {type_name(value)}"
    place.findings.add("type", place.node.where, message, help=help)


def _check_text(text: str, place: Place) -> None:
    if "\0" in text:
        place.findings.add("range", place.node.where, f"{place.path} holds a zero character")
    for placeholder in unknown_placeholders(text):
        name = placeholder.strip("%").partition(":")[0]
        meant = place.findings.suggestion(name, lambda: PLAIN)
        known = ", ".join(f"%{plain}%" for plain in PLAIN)
        place.findings.add(
            "placeholder",
            place.node.where,
            f"unknown placeholder {placeholder}",
            label=f"did you mean %{meant}%?" if meant else "",
            help=f"there are {known} and %port:NAME%; %% is a percent sign",
        )


def _report_choice(text: str, choices: tuple[str, ...], place: Place) -> None:
    meant = place.findings.suggestion(text, lambda: choices)
    place.findings.add(
        "range",
        place.node.where,
        f"{place.path} cannot be '{text}'",
        label=f"did you mean '{meant}'?" if meant else "",
        help="it is one of " + ", ".join(choices),
    )


def _report_range(
    place: Place, shown: str, low: bool, allowed: str, *, label: str = "", help: str = ""
) -> None:
    message = f"{place.path} is {shown}, which is too {'little' if low else 'much'}"
    notes = (f"allowed is {allowed}",)
    place.findings.add("range", place.node.where, message, label=label, notes=notes, help=help)


def _unit_name(unit: Unit) -> str:
    return {Unit.NUMBER: "plain number", Unit.BYTES: "number of bytes", Unit.DURATION: "duration"}[
        unit
    ]
