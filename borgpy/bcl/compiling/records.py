"""Records as they are written, and whole files, which are records too: their layers and members."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from borgpy.bcl import syntax
from borgpy.bcl.compiling.compiler import Compiler
from borgpy.bcl.compiling.loops import loop
from borgpy.bcl.compiling.operations import no_truth
from borgpy.bcl.compiling.values import constant_of
from borgpy.bcl.diagnostics import Details, Fault, Spot
from borgpy.bcl.evaluating.frames import Build, Frame, Run, fault_of
from borgpy.bcl.evaluating.layers import EMPTY_SHAPE, Layer, Member, Titled
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.evaluating.scope import Scope
from borgpy.bcl.operations.interpolation import text_of
from borgpy.bcl.operations.types import type_checker
from borgpy.bcl.values import Bareword, PlaceholderText, Value, Wrong, type_name, unknown_name


def record(compiler: Compiler, node: syntax.Record | syntax.RecordLoop, scope: Scope) -> Run:
    build = compiler.build(node, scope)
    return lambda frame: build(frame, None)


def builder(compiler: Compiler, node: syntax.Record | syntax.RecordLoop, scope: Scope) -> Build:
    """What makes the record, upon another one if it extends one."""
    if isinstance(node, syntax.RecordLoop):
        return _loop_builder(compiler, node, scope)
    layer, faults = layer_of(compiler, node.members, scope)
    meter = compiler.meter
    if faults:
        return _failing(next(iter(faults.values())))

    def build(frame: Frame, base: Record | None) -> Record:
        if base is None:
            alone = layer.upon(EMPTY_SHAPE)
            meter.steps += alone.cost
            return Record(alone, (frame,), meter)
        shape = layer.upon(base.shape)
        meter.spend(shape.cost)
        return Record(shape, (*base.envs, frame), meter)

    return build


_NONE: Mapping[str, Member] = MappingProxyType({})


def layer_of(
    compiler: Compiler, items: Sequence[syntax.Item], scope: Scope | None
) -> tuple[Layer, dict[str, Fault]]:
    """The layer that ``items`` are, and the names that are not right: twice there, or of no known type."""
    members: dict[str, Member] = {}
    local: dict[str, Member] = {}
    asserts: list[syntax.Assert] = []
    faults: dict[str, Fault] = {}
    inner = Scope.of_record(scope, members if items else _NONE, local if items else _NONE)
    for item in items:
        if isinstance(item, syntax.Assert):
            asserts.append(item)
            continue
        if isinstance(item, syntax.Field):
            member = _field(compiler, item, inner, faults)
            home = local if item.visibility is syntax.Visibility.LOCAL else members
        elif item.clauses or item.computed is not None:
            continue  # evaluated with the file: nobody can name them
        else:
            member, home = _declaration(compiler, item, inner), members
        name = member.name
        there = members.get(name) or local.get(name)
        if there is not None:
            faults.setdefault(name, _twice(member, there))
        else:
            home[name] = member
    if asserts:
        compiler.evaluation.asserting = True
    checks = tuple(_assertion(compiler, item, inner) for item in asserts)
    layer = Layer(compiler.owner, tuple(members.values()), checks, local or _NONE, inner)
    return layer, faults


def _field(
    compiler: Compiler, item: syntax.Field, scope: Scope, faults: dict[str, Fault]
) -> Member:
    name = item.name
    member = Member(name, compiler.source, item)
    member.scope = scope
    member.compiler = compiler
    member.owner = compiler.owner
    member.how = item.how
    if item.final:
        member.final = True
    if item.visibility is not syntax.Visibility.EXPORTED:
        member.hidden = True
    if item.how is syntax.How.SET:
        member.constant = constant_of(item.value)
    if item.type is not None:
        try:
            member.checker = type_checker(item.type, compiler.source)
        except Fault as fault:
            faults[name] = fault
    return member


def _declaration(compiler: Compiler, item: syntax.Declaration, scope: Scope) -> Member:
    member = Member(item.name, compiler.source, item)
    member.scope = scope
    member.compiler = compiler
    member.kind = item.kind
    member.hidden = True
    member.constant = constant_of(item.value)
    return member


def _assertion(compiler: Compiler, node: syntax.Assert, scope: Scope) -> Callable[[Frame], None]:
    condition, weight = compiler.region(node.condition, scope)
    message = None if node.message is None else compiler.region(node.message, scope)[0]
    spot = compiler.spot(node.condition)
    meter = compiler.meter

    def check(frame: Frame) -> None:
        try:
            meter.spend(weight)
            holds = condition(frame)
            if holds is True:
                return
            if holds is not False:
                raise no_truth(compiler, holds, "'assert'", node.condition, scope, frame)
            told = "this does not hold" if message is None else text_of(message(frame))
        except Wrong as wrong:
            raise fault_of(wrong, spot) from None
        unmet = Wrong("assert", told)
        raise compiler.wrong(unmet, spot, (node.condition,), scope, frame)

    return check


def _twice(member: Member, first: Member) -> Fault:
    message = f"'{member.name}' stands here twice"
    return Fault("duplicate", member.spot, message, Details(notes=(f"first at {first.spot}",)))


def _failing(fault: Fault) -> Build:
    def build(frame: Frame, base: Record | None) -> Record:
        raise fault

    return build


def _loop_builder(compiler: Compiler, node: syntax.RecordLoop, scope: Scope) -> Build:
    run_loop, turn_scope = loop(compiler, node.clauses, scope)
    key, key_weight = compiler.region(node.key, turn_scope)
    inner = Scope.of_record(turn_scope, {}, {})
    value, weight = compiler.region(node.value, inner)
    meter = compiler.meter
    owner = compiler.owner
    written = syntax.Field(node.key.start, node.key.end, "", node.value)

    def build(frame: Frame, base: Record | None) -> Record:
        members: dict[str, Member] = {}

        def emit(turn: Frame) -> None:
            meter.steps += key_weight
            name = _key(compiler, node, key(turn), turn_scope, turn)
            if name in members:
                spot = compiler.spot(node.key)
                raise compiler.wrong(
                    Wrong("duplicate", f"'{name}' stands here twice"),
                    spot,
                    (node.key,),
                    turn_scope,
                    turn,
                )
            member = members[name] = Member(name, compiler.source, written)
            member.run, member.weight, member.env = value, weight, turn
            member.owner = owner

        run_loop(frame, emit)
        layer = Layer(owner, tuple(members.values()))
        shape = (EMPTY_SHAPE if base is None else base.shape).extend_once(layer)
        meter.spend(shape.cost)
        return Record(shape, (frame,) if base is None else (*base.envs, frame), meter)

    return build


def _key(
    compiler: Compiler, node: syntax.RecordLoop, key: Value, scope: Scope, frame: Frame
) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, Bareword):
        raise unknown_name(key)
    text = "a placeholder" if isinstance(key, PlaceholderText) else type_name(key)
    wrong = Wrong("type", f"a field is named by a string, not by {text}")
    raise compiler.wrong(wrong, compiler.spot(node.key), (node.key,), scope, frame)


def file_layer(compiler: Compiler, file: syntax.File) -> tuple[Layer, dict[str, Fault]]:
    """A whole file as a layer, and the names that stand in it twice."""
    compiler.owner = Titled("", Spot(compiler.source, 0, 0))
    return layer_of(compiler, file.items, None)


def value_run(
    compiler: Compiler, node: syntax.Expression, scope: Scope, title: str, spot: Spot
) -> Run:
    """A closure for the value of a declaration that a loop makes."""
    before, compiler.owner = compiler.owner, Titled(title, spot)
    run, weight = compiler.region(node, scope)
    compiler.owner = before
    meter = compiler.meter

    def paid(frame: Frame) -> Value:
        meter.spend(weight)
        return run(frame)

    return paid
