"""What follows a value: attributes, indexes, calls; and the functions that are called."""

from collections.abc import Callable

from borgpy.bcl import syntax
from borgpy.bcl.compiling import names
from borgpy.bcl.compiling.compiler import Compiler
from borgpy.bcl.compiling.values import constant_of
from borgpy.bcl.diagnostics import Spot
from borgpy.bcl.frames import MISSING, Frame, Run, Thunk, fault_of
from borgpy.bcl.indexing import attribute_of, item_of
from borgpy.bcl.invocation import Arguments, Code, Function, call_value, invoke
from borgpy.bcl.records import Record
from borgpy.bcl.scope import Scope
from borgpy.bcl.values import Bareword, Value, Wrong, type_name, unknown_name

Apply = Callable[[Value, Frame], Value]
"""One step behind a value, compiled."""


def postfix(compiler: Compiler, node: syntax.Postfix, scope: Scope) -> Run:
    base, steps = _start(compiler, node, scope)
    applied = [
        _step(compiler, node, index, scope)
        for index in range(len(node.steps) - steps, len(node.steps))
    ]
    compiler.weight += len(applied)
    if not applied:
        return base
    if len(applied) == 1:
        (only,) = applied
        return lambda frame: only(base(frame), frame)

    def run(frame: Frame) -> Value:
        value = base(frame)
        for apply in applied:
            value = apply(value, frame)
        return value

    return run


def _start(compiler: Compiler, node: syntax.Postfix, scope: Scope) -> tuple[Run, int]:
    """The closure that the chain begins with, and how many steps are left: ``super.x`` is one thing."""
    first = node.steps[0]
    if isinstance(node.value, syntax.Super):
        if isinstance(first, syntax.Attribute):
            return names.super_field(compiler, first, first.name, scope), len(node.steps) - 1
        if isinstance(first, syntax.Index) and isinstance(word := constant_of(first.key), str):
            return names.super_field(compiler, first, word, scope), len(node.steps) - 1
    return compiler.compile(node.value, scope), len(node.steps)


def _step(compiler: Compiler, node: syntax.Postfix, index: int, scope: Scope) -> Apply:
    step = node.steps[index]
    before = node.steps[:index]
    behind = syntax.Postfix(node.start, step.start, node.value, before) if before else node.value
    match step:
        case syntax.Attribute():
            return _attribute(compiler, step, behind, scope)
        case syntax.Index():
            return _index(compiler, step, behind, scope)
        case syntax.Call():
            return _call(compiler, step, behind, scope)
        case syntax.Extend():
            return _extension(compiler, step, behind, scope)


def _attribute(
    compiler: Compiler, step: syntax.Attribute, behind: syntax.Expression, scope: Scope
) -> Apply:
    word = step.name
    spot = compiler.spot(step)

    def apply(value: Value, frame: Frame) -> Value:
        if type(value) is Record:
            found = value.values.get(word, MISSING)
            if found is not MISSING:
                return found
        try:
            return attribute_of(value, word)
        except Wrong as wrong:
            raise compiler.wrong(wrong, spot, (behind,), scope, frame) from None

    return apply


def _index(
    compiler: Compiler, step: syntax.Index, behind: syntax.Expression, scope: Scope
) -> Apply:
    key = compiler.compile(step.key, scope)
    spot = compiler.spot(step.key)

    def apply(value: Value, frame: Frame) -> Value:
        at = key(frame)
        try:
            return item_of(value, at)
        except Wrong as wrong:
            raise compiler.wrong(wrong, spot, (behind, step.key), scope, frame) from None

    return apply


def _extension(
    compiler: Compiler, step: syntax.Extend, behind: syntax.Expression, scope: Scope
) -> Apply:
    build = compiler.build(step.record, scope)
    spot = compiler.spot(behind)

    def apply(value: Value, frame: Frame) -> Value:
        if type(value) is Record:
            return build(frame, value)
        try:
            raise not_a_record(value)
        except Wrong as wrong:
            raise compiler.wrong(wrong, spot, (behind,), scope, frame) from None

    return apply


def not_a_record(value: Value) -> Exception:
    """What to raise when something else stands where a record is extended."""
    if isinstance(value, Bareword):
        return unknown_name(value)
    return Wrong("type", f"only a record can be extended, not {type_name(value)}")


def _call(compiler: Compiler, step: syntax.Call, behind: syntax.Expression, scope: Scope) -> Apply:
    meter = compiler.meter
    arguments = [_argument(compiler, argument.value, scope) for argument in step.arguments]
    compiler.weight += len(arguments)
    given = tuple(argument.name for argument in step.arguments)
    named = any(given)
    count = len(arguments)
    spot = _call_spot(compiler, step, behind)
    operands = (behind, *(argument.value for argument in step.arguments))

    def apply(value: Value, frame: Frame) -> Value:
        if type(value) is Function and not named and value.code.count == count:
            cells: list[Value | Thunk] = []
            for argument in arguments:
                cells.append(argument(frame))  # noqa: PERF401
            return invoke(value, cells, meter, spot)
        try:
            made = [argument(frame) for argument in arguments]
            return call_value(compiler.evaluation, value, Arguments(made, given), spot)
        except Wrong as wrong:
            raise compiler.wrong(wrong, spot, operands, scope, frame) from None

    return apply


def _call_spot(compiler: Compiler, step: syntax.Call, behind: syntax.Expression) -> Spot:
    """Where to point at for a call: the name that is called, and its arguments."""
    start = behind.start
    if isinstance(behind, syntax.Postfix):
        start = behind.steps[-1].start
    return Spot(compiler.source, start, step.end)


def _argument(
    compiler: Compiler, node: syntax.Expression, scope: Scope
) -> "Callable[[Frame], Value | Thunk]":
    """An argument, as the function gets it: evaluated only if that costs nothing."""
    value = constant_of(node)
    if value is not MISSING:
        return lambda frame: value
    if isinstance(node, syntax.Lambda | syntax.Record | syntax.Self | syntax.Up):
        return compiler.compile(node, scope)
    handed_on = names.variable_cell(node, scope)
    if handed_on is not None:
        return handed_on
    run = compiler.compile(node, scope)
    spot = compiler.spot(node)

    def evaluate(frame: Frame) -> Value:
        try:
            return run(frame)
        except Wrong as wrong:
            raise fault_of(wrong, spot) from None

    return lambda frame: Thunk(evaluate, frame)


def function(compiler: Compiler, node: syntax.Lambda, scope: Scope) -> Run:
    inner = Scope.of_variables(scope, [parameter.name for parameter in node.parameters])
    body, weight = compiler.region(node.body, inner)
    defaults = [
        None if parameter.default is None else compiler.region(parameter.default, inner)[0]
        for parameter in node.parameters
    ]
    code = Code([parameter.name for parameter in node.parameters], defaults, body, weight)
    return lambda frame: Function(code, frame)
