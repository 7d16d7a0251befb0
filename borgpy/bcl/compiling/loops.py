"""Loops: what list and record comprehensions, and declarations made by a loop, have in common."""

from collections.abc import Callable, Iterable, Sequence

from borgpy.bcl import syntax
from borgpy.bcl.compiling.compiler import Compiler
from borgpy.bcl.compiling.operations import no_truth
from borgpy.bcl.diagnostics import Fault
from borgpy.bcl.evaluating.frames import Frame, Run, Thunk
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.evaluating.scope import Scope
from borgpy.bcl.limits import raised_by
from borgpy.bcl.values import Bareword, Value, Wrong, type_name, unknown_name

Emit = Callable[[Frame], None]
"""What is done in each turn of the innermost loop, in its frame."""

Loop = Callable[[Frame, Emit], None]
"""Runs the loops in a frame."""

Cells = list["Value | Thunk"]


def loop(compiler: Compiler, clauses: Sequence[syntax.Clause], scope: Scope) -> tuple[Loop, Scope]:
    """A closure that runs the nested loops, and the scope of what stands inside them."""
    loops = []
    for clause in clauses:
        run, scope = _clause(compiler, clause, scope)
        loops.append(run)
    nested = loops.pop()
    while loops:
        nested = _within(loops.pop(), nested)
    return nested, scope


def list_loop(compiler: Compiler, node: syntax.ListLoop, scope: Scope) -> Run:
    run_loop, inner = loop(compiler, node.clauses, scope)
    item, weight = compiler.region(node.item, inner)
    meter = compiler.meter
    most = meter.limits.items

    def run(frame: Frame) -> Value:
        items: list[Value] = []

        def emit(turn: Frame) -> None:
            meter.steps += weight
            items.append(item(turn))
            if len(items) > most:
                message = f"this list has more than {most:,} items"
                raise Wrong("limit", message, help=raised_by("list"))

        run_loop(frame, emit)
        return items

    return run


def _within(outer: Loop, inner: Loop) -> Loop:
    return lambda frame, emit: outer(frame, lambda turn: inner(turn, emit))


def _clause(compiler: Compiler, clause: syntax.Clause, scope: Scope) -> tuple[Loop, Scope]:
    source = compiler.compile(clause.source, scope)
    inner = Scope.of_variables(scope, clause.names)
    holds, weight = _condition(compiler, clause, inner)
    meter = compiler.meter
    count = len(clause.names)
    twice = len(set(clause.names)) < count

    def run(frame: Frame, emit: Emit) -> None:
        if twice:
            message = "a variable of this loop stands here twice"
            raise Fault("duplicate", compiler.spot(clause), message)
        value = source(frame)
        try:
            turns = _turns(value, count)
        except Wrong as wrong:
            spot = compiler.spot(clause.source)
            raise compiler.wrong(wrong, spot, (clause.source,), scope, frame) from None
        for cells in turns:
            meter.steps += weight
            if meter.steps > meter.stop:
                meter.overdrawn()
            turn = Frame(frame, None, 0, cells)
            if holds is None or holds(turn):
                emit(turn)

    return run, inner


def _condition(
    compiler: Compiler, clause: syntax.Clause, scope: Scope
) -> tuple[Callable[[Frame], bool] | None, int]:
    condition = clause.condition
    if condition is None:
        return None, 1
    run, weight = compiler.region(condition, scope)

    def holds(turn: Frame) -> bool:
        value = run(turn)
        if value is True or value is False:
            return value
        raise no_truth(compiler, value, "'if'", condition, scope, turn)

    return holds, weight + 1


def _turns(value: Value, count: int) -> Iterable[Cells]:
    """The variables of each turn over ``value``: its items, its names, or its names with their values."""
    if type(value) is list:
        return ([item] for item in value) if count == 1 else _unpacked(value, count)
    if isinstance(value, Record):
        if count == 1:
            return ([name] for name in value.names())
        if count == 2:
            return ([name, Thunk(value.get, name)] for name in value.names())
        raise Wrong("type", f"a record has names and values, not {count} of anything")
    if isinstance(value, Bareword):
        raise unknown_name(value)
    help = ""
    if type(value) is int:
        help = f"to count, write range({value})"
    raise Wrong("type", f"a loop goes over a list or a record, not {type_name(value)}", help=help)


def _unpacked(items: list[Value], count: int) -> Iterable[Cells]:
    for item in items:
        if not isinstance(item, list) or len(item) != count:
            length = f" of {len(item)}" if isinstance(item, list) else ""
            given = f"{type_name(item)}{length}"
            raise Wrong(
                "type", f"{count} variables need items that are lists of {count}, not {given}"
            )
    return (list(item) for item in items)  # type: ignore[arg-type]
