"""What an expression sees around it while it is evaluated, and arguments that nobody has looked at yet."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final

from borgpy.bcl.diagnostics import Details, Fault, Spot
from borgpy.bcl.evaluating.meter import Meter
from borgpy.bcl.values import Value, Wrong

if TYPE_CHECKING:
    from borgpy.bcl.evaluating.records import Record

Run = Callable[["Frame"], Value]
"""A compiled expression: its value, for the frame it stands in."""

Build = Callable[["Frame", "Record | None"], "Record"]
"""A compiled record: itself, upon another if one is given."""


class Missing(Enum):
    """Stands for a value that is not there yet: null is a value."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING

_NO_CELLS: list["Value | Thunk"] = []


class Frame:
    """What an expression sees around it: a record whose layer it stands in, or the variables of a call or loop."""

    __slots__ = ("cells", "layer", "locals", "parent", "record")

    def __init__(
        self,
        parent: "Frame | None",
        record: "Record | None",
        layer: int,
        cells: "list[Value | Thunk]" = _NO_CELLS,
    ) -> None:
        self.parent = parent
        self.record = record
        self.layer = layer
        self.cells = cells
        self.locals: dict[str, Thunk] | None = None


class Thunk:
    """An argument or a local that nobody has looked at yet."""

    __slots__ = ("_argument", "_busy", "_run", "name", "spot", "value")

    def __init__(
        self, run: Callable[..., Value], argument: object, name: str = "", spot: Spot | None = None
    ) -> None:
        self._run = run
        self._argument = argument
        self._busy = False
        self.name = name
        self.spot = spot
        self.value: Value | Missing = MISSING

    def force(self, meter: Meter) -> Value:
        """The value, evaluated once."""
        if self.value is not MISSING:
            return self.value
        if self._busy:
            raise self._cycle()
        depth = meter.depth
        meter.depth = depth + 1
        if depth >= meter.max_depth:
            raise meter.too_deep()
        self._busy = True
        try:
            value = self.value = self._run(self._argument)
        finally:
            self._busy = False
        self._argument = None
        meter.depth = depth
        return value

    def _cycle(self) -> Exception:
        name = self.name or "this argument"
        wrong = Wrong(
            "cycle", f"'{name}' depends on itself", help=f"up.{name} is the enclosing one"
        )
        return wrong if self.spot is None else fault_of(wrong, self.spot)


def fault_of(wrong: Wrong, spot: Spot) -> Fault:
    """A mistake of an operation, at the place it was made."""
    wrong.__traceback__ = None  # it would keep alive whatever was around
    return Fault(
        wrong.code, spot, wrong.message, lambda: Details(label=wrong.label, help=wrong.help)
    )
