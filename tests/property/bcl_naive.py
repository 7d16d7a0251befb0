"""A second evaluator of BCL, as simple as its rules: no shapes, no frames, nothing compiled, nothing kept.

It takes programs without mistakes only, and leaves out types, asserts, and declarations. Operators and built-in functions
are the real ones; what is told apart is which name means what, and which layer gives the value.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.evaluating.meter import Meter
from borgpy.bcl.functions import BUILTINS, Builtin
from borgpy.bcl.limits import Limits
from borgpy.bcl.operations.interpolation import interpolated
from borgpy.bcl.operations.operators import BINARY, negate
from borgpy.bcl.reading.parse import parse
from borgpy.bcl.syntax import How, Visibility
from borgpy.bcl.values import PlaceholderText, Quantity

_METER = Meter(Limits(steps=10**15))


class Layer:
    """A record as it is written, and where: ``around`` are the scopes that its expressions see, the nearest first."""

    def __init__(self, members: Sequence[Any], around: "Scopes") -> None:
        self.fields = {m.name: m for m in members if m.visibility is not Visibility.LOCAL}
        self.locals = {m.name: m for m in members if m.visibility is Visibility.LOCAL}
        self.around = around


class Naive:
    """A record: its layers, the undermost first."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self.layers = layers
        self.shape = self
        """As the real ones, so that functions know a record when they see one."""

    def has(self, name: str) -> bool:
        return any(name in layer.fields for layer in self.layers)

    def names(self) -> list[str]:
        """The exported fields."""
        every = dict.fromkeys(name for layer in self.layers for name in layer.fields)
        hidden = (Visibility.HIDDEN, Visibility.PARAM)
        return [
            name
            for name in every
            if all(
                layer.fields[name].visibility not in hidden
                for layer in self.layers
                if name in layer.fields
            )
        ]

    def get(self, name: str) -> Any:
        return self.below(name, len(self.layers))

    def below(self, name: str, top: int) -> Any:
        """The value that the layers under ``top`` give."""
        for number in reversed(range(top)):
            field = self.layers[number].fields.get(name)
            if field is not None and field.value is not None:
                return self._given(field, number)
        raise KeyError(name)

    def _has_below(self, name: str, top: int) -> bool:
        return any(
            name in layer.fields and layer.fields[name].value is not None
            for layer in self.layers[:top]
        )

    def _given(self, field: Any, number: int) -> Any:
        scopes = ((self, number), *self.layers[number].around)
        if field.how is How.EXTEND:
            base = self.below(field.name, number) if self._has_below(field.name, number) else None
            return extended(base, field.value, scopes)
        value = value_of(field.value, scopes)
        return self.below(field.name, number) + value if field.how is How.APPEND else value


Scopes = tuple[Any, ...]
"""Around an expression, the nearest first: a record with the number of the layer, or the variables of a call or loop."""


class Later:
    """An argument that nobody has looked at yet."""

    def __init__(self, node: Any, scopes: "Scopes") -> None:
        self.node = node
        self.scopes = scopes


def looked_at(value: Any) -> Any:
    return value_of(value.node, value.scopes) if isinstance(value, Later) else value


class Caller:
    """What built-in functions ask for."""

    limits = _METER.limits

    def spend(self, steps: int) -> None:
        pass

    def call(self, function: Any, *arguments: Any) -> Any:
        return called(function, list(arguments), [""] * len(arguments))

    def compose(self, *records: Naive) -> Naive:
        return Naive(tuple(layer for record in records for layer in record.layers))


def called(function: Any, values: list[Any], names: list[str]) -> Any:
    if isinstance(function, Builtin):
        values = [looked_at(value) for value in values]
        return function.call(Caller(), values, names)  # type: ignore[arg-type]
    node, scopes = function
    given: dict[str, Any] = {}
    for number, (value, name) in enumerate(zip(values, names, strict=True)):
        given[name or node.parameters[number].name] = value
    inner = (given, *scopes)
    for parameter in node.parameters:
        if parameter.name not in given:
            given[parameter.name] = Later(parameter.default, inner)
    return value_of(node.body, inner)


def extended(base: Naive | None, node: Any, scopes: Scopes) -> Naive:
    """The record that is written as ``node``, upon another one."""
    layers = () if base is None else base.layers
    if isinstance(node, syntax.Record):
        members = [member for member in node.members if isinstance(member, syntax.Field)]
        return Naive((*layers, Layer(members, scopes)))
    made = Layer((), scopes)
    for turn in turns(node.clauses, scopes):
        name = value_of(node.key, turn)
        made.fields[name] = _Turn(name, node.value, turn)
    return Naive((*layers, made))


class _Turn:
    """A field that a loop makes: its expression sees the variables of its turn behind the record."""

    how = How.SET
    visibility = Visibility.EXPORTED

    def __init__(self, name: str, node: Any, turn: Scopes) -> None:
        self.name = name
        self.value = (node, turn)


def turns(clauses: Sequence[Any], scopes: Scopes) -> list[Scopes]:
    if not clauses:
        return [scopes]
    first, *rest = clauses
    source = value_of(first.source, scopes)
    items: list[Any] = source
    if isinstance(source, Naive):
        names = source.names()
        items = names if len(first.names) == 1 else [[name, source.get(name)] for name in names]
    found = []
    for item in items:
        values = [item] if len(first.names) == 1 else item
        inner = (dict(zip(first.names, values, strict=True)), *scopes)
        if first.condition is None or value_of(first.condition, inner):
            found += turns(rest, inner)
    return found


def named(word: str, scopes: Scopes) -> Any:
    """What a name means: the nearest that is written around."""
    for number, scope in enumerate(scopes):
        if isinstance(scope, dict):
            if word in scope:
                return looked_at(scope[word])
            continue
        record, layer = scope
        if word in record.layers[layer].fields:
            return record.get(word)
        if word in record.layers[layer].locals:
            return value_of(record.layers[layer].locals[word].value, scopes[number:])
    return BUILTINS[word]


def records_around(scopes: Scopes) -> list[tuple[Naive, int]]:
    return [scope for scope in scopes if not isinstance(scope, dict)]


def postfix(node: syntax.Postfix, scopes: Scopes) -> Any:
    steps = list(node.steps)
    if isinstance(node.value, syntax.Super):
        record, layer = records_around(scopes)[0]
        step: Any = steps.pop(0)
        name = step.name if isinstance(step, syntax.Attribute) else value_of(step.key, scopes)
        value = record.below(name, layer)
    else:
        value = value_of(node.value, scopes)
    for step in steps:
        match step:
            case syntax.Attribute(name=name):
                value = value.get(name)
            case syntax.Index(key=key):
                at = value_of(key, scopes)
                value = value.get(at) if isinstance(value, Naive) else value[at]
            case syntax.Call(arguments=arguments):
                values = [Later(argument.value, scopes) for argument in arguments]
                value = called(value, values, [argument.name for argument in arguments])
            case syntax.Extend(record=written):
                value = extended(value, written, scopes)
    return value


def value_of(node: Any, scopes: Scopes) -> Any:
    if isinstance(node, tuple):  # of a field that a loop made: the record is nearer than the turn
        written, turn = node
        return value_of(written, (scopes[0], *turn))
    return _VALUES[type(node)](node, scopes)


def _chain(node: syntax.Chain, scopes: Scopes) -> Any:
    value = value_of(node.first, scopes)
    for step in node.steps:
        value = BINARY[step.operator](value, value_of(step.operand, scopes), _METER)
    return value


def _logic(node: syntax.Logic, scopes: Scopes) -> bool:
    decide: Callable[[Any], bool] = any if node.operator == "or" else all
    return decide(value_of(term, scopes) for term in node.terms)


def _conditional(node: syntax.If, scopes: Scopes) -> Any:
    for branch in node.branches:
        if value_of(branch.condition, scopes):
            return value_of(branch.value, scopes)
    return value_of(node.otherwise, scopes)


def _fstring(node: syntax.FString, scopes: Scopes) -> Any:
    holes = [part for part in node.parts if isinstance(part, syntax.Interpolation)]
    return interpolated(node.parts, [value_of(hole.value, scopes) for hole in holes], _METER)


def _negated(node: syntax.Negate, scopes: Scopes) -> Any:
    value = value_of(node.value, scopes)
    return negate(value) if node.count % 2 else value


_VALUES: Mapping[type, Callable[[Any, Scopes], Any]] = {
    syntax.Constant: lambda node, scopes: node.value,
    syntax.Number: lambda node, scopes: (
        Quantity(node.value, node.unit) if node.unit else node.value
    ),
    syntax.Path: lambda node, scopes: node.text,
    syntax.Placeholder: lambda node, scopes: PlaceholderText(node.text),
    syntax.FString: _fstring,
    syntax.List: lambda node, scopes: [value_of(item, scopes) for item in node.items],
    syntax.ListLoop: lambda node, scopes: [
        value_of(node.item, turn) for turn in turns(node.clauses, scopes)
    ],
    syntax.Record: lambda node, scopes: extended(None, node, scopes),
    syntax.RecordLoop: lambda node, scopes: extended(None, node, scopes),
    syntax.Name: lambda node, scopes: named(node.word, scopes),
    syntax.Self: lambda node, scopes: records_around(scopes)[0][0],
    syntax.Up: lambda node, scopes: records_around(scopes)[node.levels][0],
    syntax.Import: lambda node, scopes: named(node.path, scopes),
    syntax.Chain: _chain,
    syntax.Compare: lambda node, scopes: BINARY[node.operator](
        value_of(node.left, scopes), value_of(node.right, scopes), _METER
    ),
    syntax.Logic: _logic,
    syntax.Not: lambda node, scopes: value_of(node.value, scopes) is not (node.count % 2 == 1),
    syntax.Negate: _negated,
    syntax.If: _conditional,
    syntax.Lambda: lambda node, scopes: (node, scopes),
    syntax.Postfix: postfix,
}


def plain(value: Any) -> Any:
    match value:
        case Quantity(amount=amount):
            return amount
        case Naive():
            return {name: plain(value.get(name)) for name in value.names()}
        case list():
            return [plain(item) for item in value]
    return value


def naive_value(main: str, files: Mapping[str, str]) -> dict[str, Any]:
    """What the fields of a file come to. Imports are by the paths in ``files``."""
    imported = {path: _file(path, text, ()) for path, text in files.items()}
    found = plain(_file("main.borg", main, (imported,)))
    assert isinstance(found, dict)
    return found


def _file(path: str, text: str, around: Scopes) -> Naive:
    items = parse(Source(path, text)).items
    return Naive((Layer([item for item in items if isinstance(item, syntax.Field)], around),))
