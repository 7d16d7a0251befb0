"""Where a value belongs that is looked at: the field's dotted name, the expression, and whose it is."""

from collections.abc import Callable

import msgspec

from borgpy.bcl.diagnostics import Code, Details, Fault, Findings, Spot, Step
from borgpy.bcl.evaluating.records import Record

_MOST_COMPARED = 100
"""A template's mistake is told once, not by each job that inherits it: so many of the last findings are looked at."""

_NOTHING = Details()


class Declared(msgspec.Struct, frozen=True):
    """The declaration that is checked; ``spot`` is where its name stands."""

    kind: str
    name: str
    spot: Spot

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Place:
    """Where a value belongs. ``spot`` is the expression that gave it."""

    __slots__ = ("_declared", "_findings", "_via", "path", "spot")

    def __init__(
        self,
        path: str,
        spot: Spot,
        declared: Declared,
        findings: Findings,
        via: tuple[Step, ...] = (),
    ) -> None:
        self.path = path
        self.spot = spot
        self._declared = declared
        self._findings = findings
        self._via = via

    def field(self, record: Record, name: str, called: str) -> "Place":
        """The place of a field of ``record``, which is itself in this place; ``called`` is its name in the schema."""
        slot = record.slot(name)
        assert slot is not None
        path = f"{self.path}.{called}" if self.path else called
        via, layers = self._via, record.shape.layers
        if not via and slot.layer < len(layers) - 1:
            layer = layers[slot.layer]
            via = (Step(str(self._declared), str(self._declared.spot)),)
            if layer.title and not self.path:
                via = (*via, Step(f"extends {layer.title}", str(layer.spot)))
        return Place(path, slot.value_spot, self._declared, self._findings, via)

    def item(self, number: int) -> "Place":
        """The place of an item of the list in this place."""
        path = f"{self.path}.{number}"
        return Place(path, self.spot, self._declared, self._findings, self._via)

    @property
    def owner(self) -> str:
        """What to call the record in this place."""
        return self.path or str(self._declared)

    @property
    def literal(self) -> str:
        """The expression as it is written."""
        return self.spot.text

    def report(
        self,
        code: Code,
        message: str,
        details: Details | Callable[[], Details] = _NOTHING,
        *,
        spot: Spot | None = None,
    ) -> None:
        """Takes up a mistake, here or at ``spot``, with the way that led to it."""
        spot = spot or self.spot
        for known in self._findings.found[-_MOST_COMPARED:]:
            if known.code == code == "field" and known.spot == spot:
                return
        via = self._via

        def told() -> Details:
            made = details() if callable(details) else details
            return msgspec.structs.replace(made, via=via) if via else made

        self._findings.report(code, spot, message, told)

    def take(self, fault: Fault) -> None:
        """Takes up a mistake that evaluation has found."""
        self._findings.add(fault)
