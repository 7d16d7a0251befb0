"""Where a value comes from: every layer that sets it, the winning one first."""

from collections.abc import Iterator

import msgspec

from borgpy.bcl.diagnostics import Fault, Spot, suggestion
from borgpy.bcl.evaluate import Evaluated
from borgpy.bcl.evaluating.layers import Slot
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.loading.program import Program
from borgpy.bcl.schema.reference import FieldReference, field_at, kinds
from borgpy.bcl.shown import shown
from borgpy.bcl.syntax import How
from borgpy.bcl.values import Quantity, Value, Wrong
from borgpy.errors import InvalidConfig
from borgpy.model.resources import bytes_text

_LONGEST_EXPRESSION = 60


class Origin(msgspec.Struct, frozen=True):
    """One layer that sets a field: where, as what expression, and what that comes to there."""

    spot: Spot
    expression: str
    value: str
    remark: str
    owner: str
    """What the record is called that the layer belongs to: ``job web``."""
    imported_at: Spot | None = None


class Explanation(msgspec.Struct, frozen=True):
    """A value and its layers. ``schema`` is the line about the field's type, if it has one."""

    path: str
    value: str
    origins: tuple[Origin, ...]
    schema: tuple[str, ...] = ()

    def render(self) -> str:
        """The text for people."""
        lines = [self.value]
        width = max((len(str(origin.spot)) for origin in self.origins), default=0)
        expressions = max((len(origin.expression) for origin in self.origins), default=0)
        for origin in self.origins:
            result = f"= {origin.value}" if origin.value else ""
            owner = f" in {origin.owner}" if origin.owner else ""
            imported = f", imported at {origin.imported_at}" if origin.imported_at else ""
            lines.append(
                f"  {origin.spot!s:<{width}}  {origin.expression:<{expressions}}  {result}"
                f"   ({origin.remark}{owner}{imported})"
            )
        lines += [f"  {'schema':<{width}}  {line}" for line in self.schema]
        return "\n".join(line.rstrip() for line in lines)


def explain(evaluated: Evaluated, path: str) -> Explanation:
    """What the value at a dotted path (``job.web.requirements.ram``, or a field of the file) is, and why.

    Parts of the path that are no plain names are quoted or indexed as in BCL: ``args."log-dir"``, ``cells[0]``.
    `InvalidConfig` if there is no such field; its message tells which part is unknown, and what there is.
    """
    steps = steps_of(path)
    owner, slot, value = _walk(evaluated, steps)
    if slot is None:
        layers = tuple(_layers(evaluated.program, value)) if isinstance(value, Record) else ()
        return Explanation(path, _shown(value), layers)
    origins = tuple(_origins(evaluated.program, owner, slot))
    types = tuple(
        f"{slot.member.name}: {checker.text}"
        for checker in slot.checkers
        if hasattr(checker, "text")
    )
    field = _schema_field(steps, slot)
    if field is None:
        return Explanation(path, _shown(value), origins, types)
    shown = _shown(value)
    if type(value) is int and field.type.startswith("bytes"):
        shown = f"{value:,} B ({bytes_text(value)})"
    return Explanation(path, shown, origins, (*types, field.line()))


def _schema_field(steps: tuple[str | int, ...], slot: Slot) -> FieldReference | None:
    """What the schema says of a declaration's field; `None` for fields of the file, and for free names."""
    kind, *rest = steps
    if kind not in kinds() or len(rest) < 2:
        return None
    names = [str(step) for step in rest[1:-1] if not isinstance(step, int)]
    try:
        return field_at(".".join([str(kind), *names, slot.member.name.lower()]))
    except InvalidConfig:
        return None  # a hidden field, which the schema knows nothing of


def steps_of(path: str) -> tuple[str | int, ...]:
    """The parts of a dotted path."""
    import re

    part = re.compile(r"""\.?(?:"([^"]*)"|'([^']*)'|\[(\d+)\]|([^.\["']+))""")
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        match = part.match(path, at)
        if match is None:
            raise InvalidConfig(
                f"'{path}' is no path of a field", hint="a path looks like job.web.requirements.ram"
            )
        double, single, index, plain = match.groups()
        steps.append(
            int(index) if index else next(t for t in (double, single, plain) if t is not None)
        )
        at = match.end()
    if not steps:
        raise InvalidConfig("the path is empty", hint="a path looks like job.web.requirements.ram")
    return tuple(steps)


def _walk(evaluated: Evaluated, steps: tuple[str | int, ...]) -> tuple[Record, Slot | None, Value]:
    """The record that holds the last step, its slot there, and its value."""
    owner, steps, value = _declared(evaluated, steps)
    slot: Slot | None = None
    for number, step in enumerate(steps):
        before = ".".join(str(s) for s in steps[:number])
        if isinstance(value, list) and isinstance(step, int):
            if step >= len(value):
                raise InvalidConfig(f"{before} has {len(value)} items, numbered from 0")
            value = value[step]
            continue
        if not isinstance(value, Record):
            raise InvalidConfig(f"{before or 'this'} is {_shown(value)} and has no fields")
        owner, slot = value, _slot(value, step, before)
        try:
            value = owner.get(slot.member.name)
        except (Fault, Wrong) as error:
            raise InvalidConfig(f"{step} has no value: {error}") from error
    return owner, slot, value


def _declared(
    evaluated: Evaluated, steps: tuple[str | int, ...]
) -> tuple[Record, tuple[str | int, ...], Value]:
    """The record to begin at: ``job.web`` names a declaration, anything else a field of the file."""
    if len(steps) >= 2:
        of_kind = {d.name: d.record for d in evaluated.declarations if d.kind == steps[0]}
        if steps[1] in of_kind:
            record = of_kind[steps[1]]
            return evaluated.root, steps[2:], record
        if of_kind:
            raise _unknown(str(steps[1]), of_kind, f"a {steps[0]} of this file")
    return evaluated.root, steps, evaluated.root


def _slot(record: Record, step: str | int, before: str) -> Slot:
    for name in (str(step), str(step).lower(), str(step).upper()):  # RAM is ram where jobs have it
        slot = record.slot(name)
        if slot is not None:
            return slot
    raise _unknown(str(step), record.shape.slots, f"a field of {before}" if before else "a field")


def _unknown(name: str, known: "dict[str, Slot] | dict[str, Record]", what: str) -> InvalidConfig:
    meant = suggestion(name, known)
    there = ", ".join(list(known)[:20])
    return InvalidConfig(
        f"'{name}' is not {what}", hint=f"did you mean '{meant}'?" if meant else f"there is {there}"
    )


def _layers(program: Program, record: Record) -> Iterator[Origin]:
    """The records that a record is made of, the topmost first."""
    for number, layer in enumerate(reversed(record.shape.layers)):
        title = layer.title or "the file"
        remark = "extends" if number else "the record"
        imported = program.imported_at(layer.spot.source.name)
        yield Origin(layer.spot, title, "", remark, "", imported)


def _origins(program: Program, owner: Record, slot: Slot) -> "list[Origin]":
    origins = []
    for number, layer_slot in enumerate(slot.chain()):
        member = layer_slot.member
        layer = owner.shape.layers[layer_slot.layer]
        source = member.source
        origins.append(
            Origin(
                member.value_spot,
                _expression(layer_slot),
                _layer_value(owner, layer_slot, slot),
                _remark(number, layer_slot),
                layer.title,
                program.imported_at(source.name),
            )
        )
    return origins


def _expression(slot: Slot) -> str:
    if slot.member.node.value is None:
        checker = slot.member.checker
        return f": {checker.text}" if hasattr(checker, "text") else ""  # type: ignore[union-attr]
    text = " ".join(slot.member.value_spot.text.split())
    text = f"+= {text}" if slot.member.how is How.APPEND else text
    if len(text) > _LONGEST_EXPRESSION:
        text = text[: _LONGEST_EXPRESSION - 2] + ".."
    return text


def _layer_value(owner: Record, slot: Slot, top: Slot) -> str:
    if slot.member.node.value is None:
        return ""
    try:
        value = owner.get(slot.member.name) if slot is top else owner.at(slot)
    except (Fault, Wrong):
        return "no value"
    return _amount(value)


def _remark(number: int, slot: Slot) -> str:
    if slot.member.node.value is None:
        return "declared"
    if slot.member.how is How.EXTEND and slot.below is not None:
        return "extends" if number else "extends, wins"
    if slot.member.how is How.APPEND:
        return "adds" if number else "adds, wins"
    if number:
        return "inherited"
    return "set" if slot.below is None else "override, wins"


def _amount(value: Value) -> str:
    """The value as a layer's line shows it."""
    if isinstance(value, Quantity):
        return str(value.amount)
    return shown(value, 1)


def _shown(value: Value) -> str:
    """The value as the first line shows it: large whole numbers as bytes too, in case they are."""
    if type(value) is int and abs(value) >= 1 << 20:
        return f"{value:,} (as bytes {bytes_text(value)})"
    return shown(value)
