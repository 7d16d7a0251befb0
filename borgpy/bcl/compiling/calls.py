"""What follows a value: attributes, indexes, calls; and the functions that are called."""

from collections.abc import Callable

from borgpy.bcl import syntax
from borgpy.bcl.compiling import names
from borgpy.bcl.compiling.arguments import argument_of
from borgpy.bcl.compiling.compiler import Compiler
from borgpy.bcl.compiling.values import constant_of
from borgpy.bcl.diagnostics import Fault, Spot
from borgpy.bcl.evaluating.frames import MISSING, Frame, Run, Thunk
from borgpy.bcl.evaluating.invocation import Arguments, Code, Function, call_value, invoke
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.evaluating.scope import Scope
from borgpy.bcl.operations.indexing import attribute_of, item_of
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
    match step := node.steps[index]:
        case syntax.Attribute():
            return _attribute(compiler, step, node, index, scope)
        case syntax.Index():
            return _index(compiler, step, node, index, scope)
        case syntax.Call():
            return _call(compiler, step, node, index, scope)
        case syntax.Extend():
            return _extension(compiler, step, node, index, scope)


def _behind(node: syntax.Postfix, index: int) -> syntax.Expression:
    """What the step ``index`` is applied to; only messages ask, since it takes a copy of the chain."""
    if index == 0:
        return node.value
    end = node.steps[index - 1].end
    return syntax.Postfix(node.start, end, node.value, node.steps[:index])


def _attribute(
    compiler: Compiler, step: syntax.Attribute, node: syntax.Postfix, index: int, scope: Scope
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
            raise compiler.wrong(wrong, spot, (_behind(node, index),), scope, frame) from None

    return apply


def _index(
    compiler: Compiler, step: syntax.Index, node: syntax.Postfix, index: int, scope: Scope
) -> Apply:
    key = compiler.compile(step.key, scope)
    spot = compiler.spot(step.key)

    def apply(value: Value, frame: Frame) -> Value:
        at = key(frame)
        try:
            return item_of(value, at)
        except Wrong as wrong:
            operands = (_behind(node, index), step.key)
            raise compiler.wrong(wrong, spot, operands, scope, frame) from None

    return apply


def _extension(
    compiler: Compiler, step: syntax.Extend, node: syntax.Postfix, index: int, scope: Scope
) -> Apply:
    build = compiler.build(step.record, scope)

    def apply(value: Value, frame: Frame) -> Value:
        if type(value) is Record:
            return build(frame, value)
        base = _behind(node, index)
        try:
            raise not_a_record(value)
        except Wrong as wrong:
            raise compiler.wrong(wrong, compiler.spot(base), (base,), scope, frame) from None

    return apply


def not_a_record(value: Value) -> Exception:
    """What to raise when something else stands where a record is extended."""
    if isinstance(value, Bareword):
        return unknown_name(value)
    return Wrong("type", f"only a record can be extended, not {type_name(value)}")


def _call(
    compiler: Compiler, step: syntax.Call, node: syntax.Postfix, index: int, scope: Scope
) -> Apply:
    meter = compiler.meter
    arguments = [argument_of(compiler, argument.value, scope) for argument in step.arguments]
    compiler.weight += len(arguments)
    given = tuple(argument.name for argument in step.arguments)
    named = any(given)
    count = len(arguments)
    # The name that is called, and its arguments.
    start = node.steps[index - 1].start if index else node.value.start
    spot = Spot(compiler.source, start, step.end)

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
            operands = (_behind(node, index), *(argument.value for argument in step.arguments))
            raise compiler.wrong(wrong, spot, operands, scope, frame) from None

    return apply


def function(compiler: Compiler, node: syntax.Lambda, scope: Scope) -> Run:
    inner = Scope.of_variables(scope, [parameter.name for parameter in node.parameters])
    known: set[str] = set()
    for parameter in node.parameters:
        if parameter.name in known:
            message = f"the parameter '{parameter.name}' stands here twice"
            return compiler.failing(Fault("duplicate", compiler.spot(parameter), message))
        known.add(parameter.name)
    body, weight = compiler.region(node.body, inner)
    defaults = [
        None if parameter.default is None else compiler.region(parameter.default, inner)[0]
        for parameter in node.parameters
    ]
    code = Code([parameter.name for parameter in node.parameters], defaults, body, weight)
    return lambda frame: Function(code, frame)
