"""What to show beside a mistake: the values of the names that took part in it, and how it was reached."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Fault, Spot, Step, Variable
from borgpy.bcl.evaluating.frames import Frame
from borgpy.bcl.evaluating.layers import Slot
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.evaluating.scope import Field, Local, Scope
from borgpy.bcl.evaluating.scope import Variable as Cell
from borgpy.bcl.shown import shown
from borgpy.bcl.values import Bareword, Wrong, type_name

if TYPE_CHECKING:
    from borgpy.bcl.compiling.compiler import Compiler

_MOST = 5
"""More variables than this confuse rather than explain."""


def context_of(
    compiler: "Compiler", operands: Iterable[syntax.Node], scope: Scope, frame: Frame
) -> tuple[tuple[Variable, ...], tuple[Step, ...]]:
    """The variables of a mistake among ``operands``, and the layers of the record it is in."""
    variables: dict[str, Variable] = {}
    for node in operands:
        for reference in _references(node):
            if len(variables) < _MOST:
                _add(compiler, reference, scope, frame, variables)
    return tuple(variables.values()), _layers(compiler, frame)


def _references(node: syntax.Node) -> Iterator[syntax.Node]:
    """The names and paths of fields within an operand, from left to right."""
    match node:
        case syntax.Name():
            yield node
        case syntax.Postfix(value=value, steps=steps):
            if all(isinstance(step, syntax.Attribute) for step in steps):
                yield node
            else:
                yield from _references(value)
        case syntax.Chain(first=first, steps=chained):
            yield from _references(first)
            for step in chained[:_MOST]:
                yield from _references(step.operand)
        case syntax.Compare(left=left, right=right):
            yield from _references(left)
            yield from _references(right)
        case syntax.Logic(terms=terms):
            for term in terms[:_MOST]:
                yield from _references(term)
        case syntax.Not(value=value) | syntax.Negate(value=value):
            yield from _references(value)


def _add(
    compiler: "Compiler",
    node: syntax.Node,
    scope: Scope,
    frame: Frame,
    variables: dict[str, Variable],
) -> None:
    name = compiler.source.text[node.start : node.end]
    if name in variables or "\n" in name:
        return
    try:
        value = compiler.compile(node, scope)(frame)  # type: ignore[arg-type]
    except (Fault, Wrong, RecursionError):
        return  # it is part of another mistake
    if isinstance(value, Bareword) or type_name(value) == "function":
        return
    variables[name] = Variable(name, shown(value), _origin(node, scope, frame))


def _origin(node: syntax.Node, scope: Scope, frame: Frame) -> str:
    slot, owner = _slot(node, scope, frame)
    if slot is None or owner is None:
        return ""
    title = owner.shape.layers[slot.layer].title
    told = f"set at {slot.value_spot}"
    return f"{told}   in {title}" if title else told


def _slot(node: syntax.Node, scope: Scope, frame: Frame) -> tuple[Slot | None, Record | None]:
    """The slot that a reference leads to, and its record."""
    if isinstance(node, syntax.Name):
        match scope.resolve(node.word):
            case Field(hops):
                record = _outer(frame, hops).record
                return (None, None) if record is None else (record.slot(node.word), record)
            case Local() | Cell() | None:
                return None, None
    if isinstance(node, syntax.Postfix) and len(node.steps) == 1:
        return _attribute_slot(node, scope, frame)
    return None, None


def _attribute_slot(
    node: syntax.Postfix, scope: Scope, frame: Frame
) -> tuple[Slot | None, Record | None]:
    step = node.steps[0]
    if not isinstance(step, syntax.Attribute):
        return None, None
    match node.value:
        case syntax.Self():
            hops = scope.record_hops()
        case syntax.Up(levels=levels):
            hops = scope.record_hops(levels)
        case _:
            return None, None
    record = None if hops is None else _outer(frame, hops).record
    return (None, None) if record is None else (record.slot(step.name), record)


def _layers(compiler: "Compiler", frame: Frame) -> tuple[Step, ...]:
    """The layers of the innermost record, the topmost first; nothing if it has but one."""
    inside: Frame | None = frame
    while inside is not None and inside.record is None:
        inside = inside.parent
    if inside is None or inside.record is None or len(inside.record.shape.layers) < 2:
        return ()
    steps: list[Step] = []
    before: Spot | None = None
    for layer in reversed(inside.record.shape.layers[-_MOST:]):
        what = layer.title or "the file"
        where = str(layer.spot)
        if before is not None and layer.spot.source is not before.source:
            imported = compiler.evaluation.program.imported_at(layer.spot.source.name)
            where += f", imported at {imported}" if imported else ""
        steps.append(Step(f"extends {what}" if steps else what, where))
        before = layer.spot
    return tuple(steps)


def _outer(frame: Frame, hops: int) -> Frame:
    for _ in range(hops):
        frame = frame.parent  # type: ignore[assignment]  # scopes and frames nest alike
    return frame
