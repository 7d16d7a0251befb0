"""Layers of fields upon each other, as they are written: what a record is before it has any values.

A *layer* is a record as it is written: ``{ a = 1 }``. A *shape* is some layers upon each other, with the *slot* that each
field's name leads to: the member that gives the value, and below it the slot that it overrides. Shapes are shared
between records, so that a template used a thousand times is laid out once; and since a slot knows its member, its layer
and the slot below, every value can tell where it comes from.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from borgpy.bcl.diagnostics import Details, Fault, Source, Spot
from borgpy.bcl.evaluating.frames import MISSING, Build, Frame, Missing, Run
from borgpy.bcl.evaluating.meter import Meter
from borgpy.bcl.syntax import How, Node
from borgpy.bcl.values import Value


class Checker(Protocol):
    """A field's type."""

    def check(self, value: Value, meter: Meter) -> Value: ...


class Written(Protocol):
    """The syntax of a field, as far as it matters here: where its name stands, and its expression."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def value(self) -> "Node | None": ...


class Owner(Protocol):
    """Whose value a record is written in: what messages call it, and where that name stands."""

    @property
    def title(self) -> str: ...
    @property
    def spot(self) -> Spot: ...


class Titled(NamedTuple):
    """An owner that is no member: a file, a declaration made by a loop, a function that made a record."""

    title: str
    spot: Spot


class MemberCompiler(Protocol):
    """Whoever knows how to compile a member."""

    def member(self, member: "Member") -> None: ...


class Member:
    """A field of a layer, as it is written; compiled when a value is first wanted."""

    __slots__ = (
        "build",
        "checker",
        "compiler",
        "constant",
        "env",
        "final",
        "hidden",
        "how",
        "kind",
        "name",
        "node",
        "owner",
        "run",
        "scope",
        "source",
        "weight",
    )

    def __init__(self, name: str, source: Source, node: "Written") -> None:
        self.name = name
        self.source = source
        self.node = node
        self.how = How.SET
        self.hidden = False
        self.final = False
        self.owner: Owner | None = None
        """Within whose value the layer is written."""
        self.kind = ""
        """What a declaration declares; empty for a field."""
        self.constant: Value | Missing = MISSING
        self.checker: Checker | None = None
        self.scope: object = None
        self.compiler: MemberCompiler | None = None
        """Fills in ``run`` (or ``build``, for an extension) and ``weight``."""
        self.run: Run | None = None
        self.build: Build | None = None
        self.weight = 1
        self.env: Frame | None = None
        """Where it is evaluated, if that is not where its layer is: each turn of a loop has a frame of its own."""

    def compile(self) -> None:
        """Called when a value is first wanted; nothing is left to do for one that is known from the start."""
        if self.compiler is not None:
            self.compiler.member(self)

    @property
    def title(self) -> str:
        """What messages call the records that are written in its value: ``job web.args``."""
        if self.kind:
            return f"{self.kind} {self.name}"
        above = self.owner.title if self.owner is not None else ""
        return f"{above}.{self.name}" if above else self.name

    @property
    def spot(self) -> Spot:
        """Where the name stands."""
        return Spot(self.source, self.node.start, self.node.end)

    @property
    def value_spot(self) -> Spot:
        """Where the value is written; the name's place if only a type is."""
        value = self.node.value
        return self.spot if value is None else Spot(self.source, value.start, value.end)


class Layer:
    """A record as it is written, and in whose value that is."""

    __slots__ = ("_below", "_result", "_results", "asserts", "locals", "members", "owner", "scope")

    def __init__(
        self,
        owner: Owner,
        members: Sequence[Member],
        asserts: Sequence[Callable[[Frame], None]] = (),
        local: Mapping[str, Member] = MappingProxyType({}),
        scope: object = None,
    ) -> None:
        self.owner = owner
        self.members = members
        self.asserts = asserts
        """Each raises the fault when it does not hold."""
        self.locals = local
        self.scope = scope
        self._below: Shape | None = None
        self._result: Shape | None = None
        self._results: dict[Shape, Shape] | None = None

    @property
    def title(self) -> str:
        """What messages call the record."""
        return self.owner.title

    @property
    def spot(self) -> Spot:
        """Where that name stands."""
        return self.owner.spot

    def upon(self, below: "Shape") -> "Shape":
        """The shape of this layer upon ``below``, laid out once; `Fault` where it overrides what is final."""
        if self._below is below and self._result is not None:
            return self._result
        if self._result is None:
            self._below, self._result = below, below.extend_once(self)
            return self._result
        if self._results is None:
            self._results = {}
        known = self._results.get(below)
        if known is None:
            known = self._results[below] = below.extend_once(self)
        return known


class Slot:
    """What a field's name leads to in one layer of a shape."""

    __slots__ = ("below", "checkers", "final", "hidden", "layer", "member", "plain")

    def __init__(self, member: Member, layer: int, below: "Slot | None") -> None:
        self.member = member
        self.layer = layer
        self.below = below
        self.hidden: bool = member.hidden or (below is not None and below.hidden)
        self.final = member.final
        self.checkers: tuple[Checker, ...] = () if below is None else below.checkers
        if member.checker is not None:
            self.checkers = (member.checker, *self.checkers)
        self.plain = member.how is How.SET and member.env is None and not self.checkers
        """Whether the value is that of the expression, as it stands."""

    @property
    def spot(self) -> Spot:
        """Where the field's name stands."""
        return self.member.spot

    @property
    def value_spot(self) -> Spot:
        """Where the expression stands that gives the value."""
        slot: Slot | None = self
        while slot is not None and slot.member.node.value is None:
            slot = slot.below
        return (slot or self).member.value_spot

    def chain(self) -> "Iterator[Slot]":
        """This slot and those it overrides, the winning one first."""
        slot: Slot | None = self
        while slot is not None:
            yield slot
            slot = slot.below


class Shape:
    """Layers upon each other, the undermost first, and the slot of every field."""

    __slots__ = ("_names", "asserting", "constants", "cost", "layers", "slots")

    def __init__(
        self, layers: tuple[Layer, ...], slots: dict[str, Slot], constants: dict[str, Value]
    ) -> None:
        self.layers = layers
        self.slots = slots
        self.constants = constants
        """The fields whose value is known without being computed."""
        self.asserting = False
        self.cost = 1 + len(slots) // 2 + len(layers) // 4
        self._names: tuple[str, ...] | None = None

    def extend_once(self, layer: Layer) -> "Shape":
        """This shape with ``layer`` upon it; `Fault` where that overrides what is final."""
        if not layer.members:
            shape = Shape((*self.layers, layer), self.slots, self.constants)
            shape.asserting = self.asserting or bool(layer.asserts)
            return shape
        slots = self.slots.copy()
        constants = self.constants.copy()
        index = len(self.layers)
        checks = 0
        for member in layer.members:
            name = member.name
            below = slots.get(name)
            if below is not None:
                if below.final:
                    raise _final(member, below)
                constants.pop(name, None)
            slot = slots[name] = Slot(member, index, below)
            constant = member.constant
            if slot.checkers:
                checks += len(slot.checkers)
            elif constant is not MISSING:
                constants[name] = constant
        shape = Shape((*self.layers, layer), slots, constants)
        shape.cost += checks // 4
        shape.asserting = self.asserting or bool(layer.asserts)
        return shape

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are exported, in the order in which they were first written."""
        if self._names is None:
            self._names = tuple(name for name, slot in self.slots.items() if not slot.hidden)
        return self._names


EMPTY_SHAPE = Shape((), {}, {})


def _final(member: Member, below: Slot) -> Fault:
    notes = (f"made final at {below.spot}",)
    message = f"'{member.name}' is final and cannot be overridden"
    return Fault("final", member.spot, message, Details(notes=notes))
