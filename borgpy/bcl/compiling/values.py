"""Values that are written down, and f-strings."""

from borgpy.bcl import syntax
from borgpy.bcl.compiling.compiler import Compiler
from borgpy.bcl.diagnostics import Details, Fault
from borgpy.bcl.evaluating.frames import MISSING, Frame, Missing, Run
from borgpy.bcl.evaluating.scope import Scope
from borgpy.bcl.limits import raised_by
from borgpy.bcl.operations.interpolation import interpolated
from borgpy.bcl.values import PlaceholderText, Quantity, Value, Wrong


def constant_of(node: syntax.Node | None) -> Value | Missing:
    """The value of a node that is the same wherever it stands; `MISSING` if there is more to it."""
    match node:
        case syntax.Constant(value=value):
            return value
        case syntax.Number(value=number, unit=unit):
            return Quantity(number, unit) if unit else number
        case syntax.Path(text=text):
            return text
        case syntax.Placeholder(text=text):
            return PlaceholderText(text)
    return MISSING


def constant(compiler: Compiler, node: syntax.Expression, scope: Scope) -> Run:
    value = constant_of(node)
    assert value is not MISSING
    return lambda frame: value


def fstring(compiler: Compiler, node: syntax.FString, scope: Scope) -> Run:
    meter = compiler.meter
    holes = [part for part in node.parts if isinstance(part, syntax.Interpolation)]
    runs = [compiler.compile(hole.value, scope) for hole in holes]
    parts = node.parts

    def run(frame: Frame) -> Value:
        values = []
        for hole in runs:
            values.append(hole(frame))  # noqa: PERF401  # a comprehension would be a call more
        try:
            return interpolated(parts, values, meter)
        except Wrong as wrong:
            index = getattr(wrong, "index", None)  # the whole of it is too long, if there is none
            culprit = node if index is None else holes[index].value
            raise compiler.wrong(wrong, compiler.spot(culprit), (culprit,), scope, frame) from None

    return run


def list_literal(compiler: Compiler, node: syntax.List, scope: Scope) -> Run:
    most = compiler.meter.limits.items
    if len(node.items) > most:
        message = f"a list of {len(node.items):,} items is too long: at most {most:,}"
        return compiler.failing(
            Fault("limit", compiler.spot(node), message, Details(help=raised_by("list")))
        )
    compiler.weight += len(node.items)
    known = [constant_of(item) for item in node.items]
    values: list[Value] = [value for value in known if value is not MISSING]
    if len(values) == len(known):
        return lambda frame: values.copy()
    runs = [compiler.compile(item, scope) for item in node.items]

    def run(frame: Frame) -> Value:
        items: list[Value] = []
        for item in runs:
            items.append(item(frame))  # noqa: PERF401  # a comprehension would be a call more
        return items

    return run
