"""Records: a shape, the frames its layers were written in, and the values known by now.

Each field is evaluated when it is first read, with the final values of the others (late binding), and once for each layer
that ``super`` asks for.
"""

from collections.abc import Iterator, Mapping, Sequence

from borgpy.bcl.diagnostics import Details, Fault, Spot, did_you_mean
from borgpy.bcl.evaluating.frames import MISSING, Frame, fault_of
from borgpy.bcl.evaluating.layers import EMPTY_SHAPE, Checker, Layer, Member, Shape, Slot, Titled
from borgpy.bcl.evaluating.meter import Meter
from borgpy.bcl.limits import raised_by
from borgpy.bcl.syntax import How
from borgpy.bcl.values import Value, Wrong, type_name

_LONGEST_NAME = 200
"""Characters of a name in a message: it may have been computed, and a million long."""


class _Busy:
    """Marks a field that is being evaluated."""


_BUSY = _Busy()


class Cycle(Fault):
    """A field that depends on itself. On its way out it gathers the fields that the cycle leads through."""

    def __init__(self, record: "Record", slot: Slot) -> None:
        super().__init__(
            "cycle", slot.value_spot, f"'{slot.member.name}' depends on itself", self._tell
        )
        self._first = (record, slot)
        self._path: list[Slot] = []
        self._closed = False

    def passes(self, record: "Record", slot: Slot) -> None:
        """Called by each field that the fault leaves, the innermost first."""
        if not self._closed:
            self._path.append(slot)
            self._closed = (record, slot) == self._first

    def _tell(self) -> Details:
        name = self._first[1].member.name
        steps = [f"{slot.member.name} ({slot.spot})" for slot in reversed(self._path)]
        return Details(
            notes=(" -> ".join([*steps, name]),),
            help=f"use super.{name} for the inherited value, up.{name} for the enclosing one",
        )


class Record:
    """A record: a shape, the frames its layers were written in, and the values known by now."""

    __slots__ = ("_earlier", "_frames", "_state", "envs", "meter", "shape", "values")

    def __init__(self, shape: Shape, envs: tuple[Frame | None, ...], meter: Meter) -> None:
        self.shape = shape
        self.envs = envs
        self.meter = meter
        self.values: dict[str, Value] = shape.constants.copy()
        self._frames: list[Frame | None] | None = None
        self._state: dict[str | Slot, _Busy | Fault] | None = None
        self._earlier: dict[Slot, Value] | None = None

    def names(self) -> tuple[str, ...]:
        """The fields that are exported."""
        return self.shape.names

    def has(self, name: str) -> bool:
        """Whether there is such a field, hidden ones included."""
        return name in self.shape.slots

    def slot(self, name: str) -> Slot | None:
        return self.shape.slots.get(name)

    def get(self, name: str) -> Value:
        """The field's final value; `Fault` if it has none, or if its expression fails."""
        value = self.values.get(name, MISSING)
        return value if value is not MISSING else self.force(name)

    def force(self, name: str) -> Value:
        """As `get`, for a field whose value is not known yet."""
        slot = self.shape.slots.get(name)
        if slot is None:
            raise self.unknown(name)
        value = self.values[name] = self._evaluate(name, slot)
        return value

    def inherited(self, layer: int, name: str) -> Value:
        """The field's value as the layers below ``layer`` have it."""
        top = slot = self.shape.slots.get(name)
        while slot is not None and slot.layer >= layer:
            slot = slot.below
        if slot is None:
            raise self._nothing_inherited(name)
        return self.get(name) if slot is top else self.at(slot)

    def frame(self, layer: int) -> Frame:
        """What an expression in ``layer`` sees."""
        frames = self._frames
        if frames is None:
            frames = self._frames = [None] * len(self.envs)
        frame = frames[layer]
        if frame is None:
            frame = frames[layer] = Frame(self.envs[layer], self, layer)
        return frame

    def check_asserts(self) -> Iterator[Fault]:
        """The asserts of every layer that do not hold, with the final values."""
        for index, layer in enumerate(self.shape.layers):
            for assertion in layer.asserts:
                try:
                    assertion(self.frame(index))
                except Fault as fault:
                    yield fault

    def spoil(self, name: str, fault: Fault) -> None:
        """Makes reading a field fail: it is known to be wrong."""
        if self._state is None:
            self._state = {}
        self.values.pop(name, None)
        self._state[name] = fault

    def spoiled(self) -> Mapping[str, Fault]:
        """The fields whose reading has failed by now."""
        known = self._state or {}
        return {str(n): fault for n, fault in known.items() if isinstance(fault, Fault)}

    def unknown(self, name: str) -> Wrong:
        """What to say of a field that is not there."""
        title = self.title
        return Wrong(
            "field",
            f"unknown field '{name[:_LONGEST_NAME]}'" + (f" in {title}" if title else ""),
            label=lambda: did_you_mean(name, self.shape.slots),
        )

    @property
    def title(self) -> str:
        """What messages call this record: the name that its topmost layer was written under."""
        layers = self.shape.layers
        return layers[-1].title if layers else ""

    def _nothing_inherited(self, name: str) -> Wrong:
        return Wrong("field", f"nothing is inherited under the name '{name}'")

    def at(self, slot: Slot) -> Value:
        """The value that ``slot``, one of this record's, gives: as if nothing lay upon it."""
        earlier = self._earlier
        if earlier is None:
            earlier = self._earlier = {}
        elif slot in earlier:
            return earlier[slot]
        value = earlier[slot] = self._evaluate(slot, slot)
        return value

    def _evaluate(self, key: str | Slot, slot: Slot) -> Value:
        state = self._state
        if state is None:
            state = self._state = {}
        elif key in state:
            known = state[key]
            raise known if isinstance(known, Fault) else Cycle(self, slot)
        meter = self.meter
        depth = meter.depth
        meter.depth = depth + 1
        state[key] = _BUSY
        try:
            if depth >= meter.max_depth:
                raise meter.too_deep()
            member = slot.member
            meter.steps += member.weight
            if meter.steps > meter.stop:
                meter.overdrawn()
            run = member.run
            if run is not None and slot.plain:
                value = run(self.frame(slot.layer))
            else:
                value = self._computed(slot)
        except Fault as fault:
            meter.depth = depth
            state[key] = fault.with_traceback(None)
            if isinstance(fault, Cycle):
                fault.passes(self, slot)
            raise
        except Wrong as wrong:
            meter.depth = depth
            placed = state[key] = fault_of(wrong, slot.value_spot)
            raise placed from None
        meter.depth = depth
        del state[key]
        return value

    def _computed(self, slot: Slot) -> Value:
        member = slot.member
        if member.run is None and member.build is None:
            member.compile()
            self.meter.spend(member.weight)  # it was not known when the field was entered
        run = member.run
        if member.how is How.EXTEND:
            value: Value = self._extended(slot)
        elif run is None:
            value = self._declared(slot)
        else:
            value = run(self._frame_of(slot))
            if member.how is How.APPEND:
                value = self._appended(slot, value)
        if slot.checkers:
            self.meter.spend(len(slot.checkers))
            for checker in slot.checkers:
                value = self._checked(value, checker, slot)
        return value

    def _frame_of(self, slot: Slot) -> Frame:
        env = slot.member.env
        return self.frame(slot.layer) if env is None else Frame(env, self, slot.layer)

    def _declared(self, slot: Slot) -> Value:
        """The value of a field that only declares a type, or repeats one: what lies below, if anything does."""
        member = slot.member
        if member.constant is not MISSING:
            return member.constant
        below = _valued(slot.below)
        if below is None:
            raise self._without_value(slot)
        return self.at(below)

    def _extended(self, slot: Slot) -> Value:
        build = slot.member.build
        assert build is not None
        below = _valued(slot.below)
        base = None if below is None else self.at(below)
        if base is not None and not isinstance(base, Record):
            raise _not_extendable(slot, base)
        return build(self._frame_of(slot), base)

    def _appended(self, slot: Slot, more: Value) -> Value:
        name = slot.member.name
        below = _valued(slot.below)
        if below is None:
            message = f"nothing is inherited under the name '{name}' that could be added to"
            raise Wrong("missing", message, help="write '=' to set it")
        base = self.at(below)
        if not isinstance(base, list) or not isinstance(more, list):
            both = f"{type_name(base)} and {type_name(more)}"
            raise Wrong("type", f"'+=' adds a list to a list, not {both}")
        self.meter.spend(len(base) + len(more))
        if len(base) + len(more) > self.meter.limits.items:
            raise Wrong("limit", f"'{name}' becomes too long a list", help=raised_by("list"))
        return base + more

    def _checked(self, value: Value, checker: Checker, slot: Slot) -> Value:
        try:
            return checker.check(value, self.meter)
        except Wrong as wrong:
            if wrong.code == "limit":
                raise
            raise _of_field(slot, wrong) from None

    def _without_value(self, slot: Slot) -> Fault:
        name = slot.member.name
        title = self.title
        layer = self.shape.layers[-1]
        message = f"{title}.{name} has no value" if title else f"'{name}' has no value"
        notes = (f"declared at {slot.spot}, to be given a value by whoever extends it",)
        return Fault("missing", layer.spot, message, Details(notes=notes))


def _of_field(slot: Slot, wrong: Wrong) -> Wrong:
    message = f"{slot.member.name} {wrong.message}"
    return Wrong(wrong.code, message, label=lambda: wrong.label, help=wrong.help)


def _valued(slot: Slot | None) -> Slot | None:
    """The first slot from here downwards that has a value of its own."""
    while slot is not None and slot.member.node.value is None and slot.member.constant is MISSING:
        slot = slot.below
    return slot


def _not_extendable(slot: Slot, base: Value) -> Wrong:
    name = slot.member.name
    message = f"'{name} {{ .. }}' extends a record, and the inherited {name} is a {type_name(base)}"
    return Wrong("type", message, help=f"write '{name} = {{ .. }}' to replace it")


def data_record(values: Mapping[str, Value], spot: Spot, meter: Meter, title: str = "") -> Record:
    """A record of known values, as data files and functions make them; ``spot`` is where they come from."""
    meter.spend(1 + len(values))
    members = []
    for name, value in values.items():
        member = Member(name, spot.source, _Known(spot.start, spot.end))
        member.constant = value
        members.append(member)
    layer = Layer(Titled(title, spot), members)
    return Record(EMPTY_SHAPE.extend_once(layer), (None,), meter)


class _Known:
    """Stands for the syntax of a field that is not written in BCL."""

    __slots__ = ("end", "start")
    value = None

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


def compose(records: Sequence[Record], meter: Meter) -> Record:
    """The layers of all, those of later records upon those of earlier ones."""
    shape, envs = (records[0].shape, records[0].envs) if records else (EMPTY_SHAPE, ())
    for record in records[1:]:
        for layer in record.shape.layers:
            shape = layer.upon(shape)
            meter.spend(shape.cost)
        envs += record.envs
    return Record(shape, envs, meter)
