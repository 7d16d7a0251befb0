"""Arguments of calls: handed on unevaluated, unless evaluating them at once can do no harm."""

from collections.abc import Callable

from borgpy.bcl import syntax
from borgpy.bcl.compiling.compiler import Compiler
from borgpy.bcl.compiling.names import variable_cell
from borgpy.bcl.compiling.values import constant_of
from borgpy.bcl.diagnostics import Fault
from borgpy.bcl.evaluating.frames import MISSING, Frame, Run, Thunk, fault_of
from borgpy.bcl.evaluating.scope import Scope
from borgpy.bcl.values import Value, Wrong

Argument = Callable[[Frame], "Value | Thunk"]
"""What a call puts into a cell of the function's frame."""

_PLAIN = frozenset({int, float})


def argument_of(compiler: Compiler, node: syntax.Expression, scope: Scope) -> Argument:
    """An argument as the function gets it. Whether it has been evaluated already, no function can tell."""
    value = constant_of(node)
    if value is not MISSING:
        return lambda frame: value
    if isinstance(node, syntax.Lambda | syntax.Record | syntax.Self | syntax.Up):
        return compiler.compile(node, scope)
    handed_on = variable_cell(node, scope)
    if handed_on is not None:
        return handed_on
    run = compiler.compile(node, scope)
    spot = compiler.spot(node)

    def evaluate(frame: Frame) -> Value:
        try:
            return run(frame)
        except Wrong as wrong:
            raise fault_of(wrong, spot) from None

    cells = _cells(node, scope)
    return _lazy(evaluate) if cells is None else _early(evaluate, cells)


def _lazy(evaluate: Run) -> Argument:
    return lambda frame: Thunk(evaluate, frame)


def _early(evaluate: Run, cells: list[Argument]) -> Argument:
    """An accumulator, ``total + n``: left unevaluated it would grow by a step with every call.

    It is computed at once if its numbers are known. Should that fail, it is left for whoever looks at it.
    """

    def argument(frame: Frame) -> Value | Thunk:
        for cell in cells:
            if type(cell(frame)) not in _PLAIN:
                return Thunk(evaluate, frame)
        try:
            return evaluate(frame)
        except Fault:
            return Thunk(evaluate, frame)

    return argument


def _cells(node: syntax.Expression, scope: Scope) -> list[Argument] | None:
    """The variables of simple arithmetic; `None` if ``node`` is anything else."""
    if not isinstance(node, syntax.Chain):
        return None
    cells = []
    for operand in (node.first, *(step.operand for step in node.steps)):
        if isinstance(operand, syntax.Number):
            continue
        cell = variable_cell(operand, scope)
        if cell is None:
            return None
        cells.append(cell)
    return cells
