"""Kinds of numbers, each with its unit and its limits."""

import re

from borgpy.bcl.diagnostics import Details, Edit, Fix
from borgpy.bcl.loading.jsondata import Json
from borgpy.bcl.schema.kind import REFUSED, Kind, Refused, wrong_type
from borgpy.bcl.schema.place import Place
from borgpy.bcl.values import BYTES, DURATION, Quantity, Value
from borgpy.model.resources import MILLI, bytes_text

_MILLI = re.compile(r"[\d_.]+m\Z")
_MEGA = re.compile(r"[\d_.]+M\Z")

Number = int | float


class NumberKind(Kind):
    """A number from ``lowest`` to ``highest``, in a unit; ``hint`` is told to whoever goes beyond."""

    unit = ""
    """The unit of quantities that are taken; none for plain numbers."""

    takes_plain = True
    """Whether a plain number is taken."""

    def __init__(self, lowest: Number, highest: Number, hint: str = "") -> None:
        self.lowest = lowest
        self.highest = highest
        self.hint = hint

    def accept(self, value: Value) -> Json | Refused:
        amount = self._amount(value)
        if (
            amount is None
            or not self.lowest <= amount <= self.highest
            or not self._is_exact(amount)
        ):
            return REFUSED
        return amount

    def complain(self, value: Value, place: Place) -> None:
        amount = self._amount(value)
        if amount is not None and not self._is_exact(amount):
            self._complain_of_fraction(amount, place)
        elif amount is not None:
            self._complain_of_range(amount, place)
        elif self.takes(value):
            self._complain_of_unit(value, place)
        else:
            wrong_type(value, place, self.wanted)

    def takes(self, value: Value) -> bool:
        return type(value) in (int, float, Quantity)

    def shown(self, amount: Number) -> str:
        """An amount as messages show it."""
        return f"{amount:,}"

    def bounds(self) -> str:
        """What is allowed, in words."""
        return f"{self.lowest:,} to {self.shown(self.highest)}"

    def _amount(self, value: Value) -> Number | None:
        """The number, if its unit is right."""
        if type(value) is Quantity:
            return value.amount if value.unit == self.unit else None
        if type(value) is int or type(value) is float:
            return value if self.takes_plain else None
        return None

    def _is_exact(self, amount: Number) -> bool:
        return type(amount) is int

    def _complain_of_fraction(self, amount: Number, place: Place) -> None:
        message = f"{place.path} is {amount:g}, which is no whole number"
        place.report("type", message, Details(help="round it with ceil(..) or floor(..)"))

    def _complain_of_range(self, amount: Number, place: Place, tip: Details | None = None) -> None:
        message = f"{place.path} is {self.shown(amount)}, which is too {self._too(amount)}"
        notes = (f"allowed is {self.bounds()}",)
        tip = tip or Details(help=self.hint)
        details = Details(label=tip.label, notes=notes, help=tip.help, fixes=tip.fixes)
        place.report("range", message, details)

    def _complain_of_unit(self, value: Value, place: Place) -> None:
        given = value.unit if type(value) is Quantity else ""
        name = {BYTES: "number of bytes", DURATION: "duration", "": "plain number"}[given]
        message = f"{place.path} wants {self.wanted}, not a {name}"
        place.report("unit", message, self._with_unit(place) if not given else Details())

    def _with_unit(self, place: Place) -> Details:
        return Details()

    def _too(self, amount: Number) -> str:
        return "little" if amount < self.lowest else "much"


class WholeKind(NumberKind):
    """A whole number that counts nothing in particular."""

    wanted = "a whole number"


class AmountKind(NumberKind):
    """A whole number, or whole bytes."""

    wanted = "a whole number or an amount of bytes"
    unit = BYTES


class BytesKind(NumberKind):
    """An amount of memory or disk: whole bytes, of which a plain number counts that many."""

    wanted = "an amount of bytes (100M, 64MiB)"
    unit = BYTES

    def shown(self, amount: Number) -> str:
        exact = f"{amount:,} bytes"
        return exact if amount < 1024 else f"{exact} ({bytes_text(int(amount))})"

    def _complain_of_fraction(self, amount: Number, place: Place) -> None:
        details = Details(help="round it with ceil(..) or floor(..)")
        if _MILLI.match(place.literal):
            mega = f"{place.literal[:-1]}M"
            size = round(amount * MILLI * 1000**2)
            details = Details(
                label="'m' is milli, 'M' is mega",
                help=f"did you mean {mega} ({size:,} B = {bytes_text(size)})?",
                fixes=(Fix(f"change to {mega}", (Edit(place.spot.span, mega),)),),
            )
        place.report("unit", f"{place.path} is {amount:g} bytes", details)


class CoresKind(NumberKind):
    """A number of CPU cores, in whole thousandths."""

    wanted = "a number of cores (0.1, 250m, 2)"

    def shown(self, amount: Number) -> str:
        return f"{amount:,} cores"

    def _is_exact(self, amount: Number) -> bool:
        return type(amount) is int or are_thousandths(amount)

    def _complain_of_fraction(self, amount: Number, place: Place) -> None:
        message = (
            f"{place.path} is {amount * MILLI:g} milli-cores; only whole ones can be asked for"
        )
        place.report("range", message, Details(help="round it with ceil(..) or floor(..)"))

    def _complain_of_range(self, amount: Number, place: Place, tip: Details | None = None) -> None:
        if _MEGA.match(place.literal):
            milli = f"{place.literal[:-1]}m"
            tip = Details(
                label="'M' is mega, 'm' is milli",
                help=f"did you mean {milli} ({amount / 10**9:g} cores)?",
                fixes=(Fix(f"change to {milli}", (Edit(place.spot.span, milli),)),),
            )
        super()._complain_of_range(amount, place, tip)


class DevicesKind(NumberKind):
    """A number of devices: whole ones, or a part of one in whole thousandths."""

    wanted = "a number of devices (2, or a part of one: 0.5)"

    def shown(self, amount: Number) -> str:
        return f"{amount:,} devices"

    def _is_exact(self, amount: Number) -> bool:
        return amount == int(amount) or (amount < 1 and are_thousandths(amount))

    def _complain_of_fraction(self, amount: Number, place: Place) -> None:
        message = f"{place.path} is {amount:g}: whole devices can be asked for, or a part of one"
        place.report("range", message, Details(help="a part of one is in whole thousandths: 0.5"))


class SecondsKind(NumberKind):
    """A length of time, in whole milliseconds."""

    wanted = "a duration (250ms, 30s, 5min)"
    unit = DURATION
    takes_plain = False

    def shown(self, amount: Number) -> str:
        return f"{amount:g}s"

    def bounds(self) -> str:
        return f"{self.shown(self.lowest)} to {self.shown(self.highest)}"

    def _is_exact(self, amount: Number) -> bool:
        return type(amount) is int or are_thousandths(amount)

    def _complain_of_fraction(self, amount: Number, place: Place) -> None:
        message = (
            f"{place.path} is {amount * MILLI:g} milliseconds; only whole ones can be asked for"
        )
        place.report("range", message)

    def _with_unit(self, place: Place) -> Details:
        if not place.literal.isdigit():
            return Details()
        fixed = f"{place.literal}s"
        fix = Fix(f"change to {fixed}", (Edit(place.spot.span, fixed),))
        return Details(help=f"did you mean {fixed}?", fixes=(fix,))


def are_thousandths(amount: Number) -> bool:
    """Whether ``amount`` is so many thousandths: it is the double nearest to a decimal number, as 0.1 is."""
    return round(amount * MILLI) / MILLI == amount
