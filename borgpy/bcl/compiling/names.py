"""Names: lexical ones, ``self``, ``super``, ``up``, and imports."""

from collections.abc import Callable

from borgpy.bcl import syntax
from borgpy.bcl.compiling.compiler import Compiler
from borgpy.bcl.diagnostics import Details, Fault
from borgpy.bcl.evaluating.frames import MISSING, Frame, Run, Thunk, fault_of
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.evaluating.scope import Field, Local, Scope, Variable, Visible
from borgpy.bcl.functions import BUILTINS
from borgpy.bcl.values import Bareword, Value, Wrong, unknown_name

_HOPS_PER_STEP = 8


def name(compiler: Compiler, node: syntax.Name, scope: Scope) -> Run:
    word = node.word
    found = scope.resolve(word)
    hops = scope.depth if found is None else found[0]
    if (
        hops >= _HOPS_PER_STEP
    ):  # few names are so far away, but each time they are all the way is gone
        compiler.weight += hops // _HOPS_PER_STEP
        compiler.meter.spend(hops // _HOPS_PER_STEP)
    match found:
        case Field(hops):
            return field_run(compiler, node, word, hops)
        case Variable(hops, index):
            return _variable(compiler, hops, index)
        case Local(hops):
            return _local(compiler, word, hops)
    builtin: Value = BUILTINS.get(word)
    if builtin is not None:
        return lambda frame: builtin
    return _unknown(compiler, node, scope)


def outer(frame: Frame, hops: int) -> Frame:
    """The frame ``hops`` outside ``frame``."""
    while hops:
        frame = frame.parent  # type: ignore[assignment]  # scopes and frames nest alike
        hops -= 1
    return frame


def field_run(compiler: Compiler, node: syntax.Node, word: str, hops: int) -> Run:
    """The final value of a field of the record ``hops`` frames outside."""

    def near(frame: Frame) -> Value:
        record: Record = frame.record  # type: ignore[assignment]
        value = record.values.get(word, MISSING)
        return value if value is not MISSING else record.force(word)

    def nearby(frame: Frame) -> Value:
        record: Record = frame.parent.record  # type: ignore[assignment,union-attr]
        value = record.values.get(word, MISSING)
        return value if value is not MISSING else record.force(word)

    def far(frame: Frame) -> Value:
        return outer(frame, hops).record.get(word)  # type: ignore[union-attr]

    return near if hops == 0 else nearby if hops == 1 else far


def _variable(compiler: Compiler, hops: int, index: int) -> Run:
    meter = compiler.meter

    def run(frame: Frame) -> Value:
        for _ in range(hops):
            frame = frame.parent  # type: ignore[assignment]
        cells = frame.cells
        cell = cells[index]
        if isinstance(cell, Thunk):
            value = cells[index] = cell.force(meter)
            return value
        return cell

    return run


def variable_cell(node: syntax.Expression, scope: Scope) -> Callable[[Frame], Value | Thunk] | None:
    """A closure that hands on an argument as it is, evaluated or not; `None` if ``node`` is no variable."""
    if not isinstance(node, syntax.Name):
        return None
    found = scope.resolve(node.word)
    if not isinstance(found, Variable):
        return None
    hops, index = found

    def run(frame: Frame) -> Value | Thunk:
        return outer(frame, hops).cells[index]

    return run


def _local(compiler: Compiler, word: str, hops: int) -> Run:
    meter = compiler.meter

    def run(frame: Frame) -> Value:
        home = outer(frame, hops)
        thunks = home.locals
        if thunks is None:
            thunks = home.locals = {}
        thunk = thunks.get(word)
        if thunk is None:
            thunk = thunks[word] = local_thunk(compiler, word, home)
        value = thunk.value
        return value if value is not MISSING else thunk.force(meter)

    return run


def local_thunk(compiler: Compiler, word: str, home: Frame) -> Thunk:
    """What a local of the layer of ``home`` comes to."""
    layer = home.record.shape.layers[home.layer]  # type: ignore[union-attr]
    member = layer.locals[word]
    if member.constant is not MISSING:
        known: Value = member.constant
        return Thunk(lambda frame: known, home)
    if member.run is None:
        member.compile()
    run, meter, weight = member.run, compiler.meter, member.weight

    def paid(frame: Frame) -> Value:
        meter.spend(weight)
        try:
            value = run(frame)  # type: ignore[misc]
            return value if member.checker is None else member.checker.check(value, meter)
        except Wrong as wrong:
            raise fault_of(wrong, member.value_spot) from None

    return Thunk(paid, home, word, member.spot)


def _unknown(compiler: Compiler, node: syntax.Name, scope: Scope) -> Run:
    spot = compiler.spot(node)
    visible = Visible(scope)
    strict = compiler.evaluation.strict
    word = node.word

    def run(frame: Frame) -> Value:
        bareword = Bareword(word, spot, visible, lambda: _inherited_names(word, frame))
        if strict:
            raise unknown_name(bareword)
        return bareword

    return run


def _inherited_names(word: str, frame: Frame) -> tuple[str, ...]:
    """A note if a record around has an inherited field of that name: it is read through ``self``."""
    outside: Frame | None = frame
    while outside is not None:
        if outside.record is not None and (slot := outside.record.slot(word)) is not None:
            owner = outside.record.shape.layers[slot.layer]
            title = f"{owner.title} ({owner.spot})" if owner.title else str(owner.spot)
            return (f"{title} has a field '{word}'; inherited fields are read as self.{word}",)
        outside = outside.parent
    return ()


def self_record(compiler: Compiler, node: syntax.Self, scope: Scope) -> Run:
    return _record(compiler, node, scope, 0)


def up_record(compiler: Compiler, node: syntax.Up, scope: Scope) -> Run:
    return _record(compiler, node, scope, node.levels)


def _record(compiler: Compiler, node: syntax.Node, scope: Scope, levels: int) -> Run:
    hops = scope.record_hops(levels)
    if hops is None:
        what = ".".join(["up"] * levels)
        message = f"there is no record around this one that '{what}' could mean"
        return compiler.failing(Fault("name", compiler.spot(node), message))
    return lambda frame: outer(frame, hops).record


def bare_super(compiler: Compiler, node: syntax.Super, scope: Scope) -> Run:
    message = "'super' stands only before a field: super.name"
    return compiler.failing(Fault("type", compiler.spot(node), message))


def super_field(compiler: Compiler, spot_of: syntax.Node, word: str, scope: Scope) -> Run:
    """The value of ``word`` in the layers below the one that this is written in."""
    hops = scope.record_hops() or 0
    spot = compiler.spot(spot_of)

    def run(frame: Frame) -> Value:
        home = outer(frame, hops)
        record: Record = home.record  # type: ignore[assignment]
        try:
            return record.inherited(home.layer, word)
        except Wrong as wrong:
            raise compiler.wrong(wrong, spot, (), scope, frame) from None

    return run


def imported(compiler: Compiler, node: syntax.Import, scope: Scope) -> Run:
    return compiler.evaluation.imported(compiler.source, node)


def unreadable(compiler: Compiler, node: syntax.Import, reason: str) -> Run:
    """An import that was found to be impossible when the program was loaded."""
    return compiler.failing(Fault("import", compiler.spot(node), reason, Details()))
