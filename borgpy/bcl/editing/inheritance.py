"""What a record inherits, as far as the text alone tells: every layer that it or a value may be made of.

Evaluation knows better, but only of files without a mistake, and of values that come to be used. Where the text leaves it
open (a parameter, a computed key), nothing is said; where it leaves a choice (a conditional), all of it is.
"""

from collections.abc import Callable, Sequence
from typing import Any

from borgpy.bcl import syntax
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.mentions import Kind, Mention, Scope

Layers = tuple[Scope, ...]
"""Records as they are written, the uppermost first."""

Imported = Callable[[Index, str], Index | None]
"""The file that ``import "path"`` in another one means."""

MAX_DEPTH = 100
"""How far one thing leads to the next before nobody can follow any more; it also ends what leads to itself."""

MAX_LAYERS = 1_000


def nothing_imported(_index: Index, _path: str) -> None:
    """For a file that stands alone."""


class Inheritance:
    """Answers for some files that import one another; what was worked out is remembered."""

    def __init__(self, imported: Imported = nothing_imported) -> None:
        self._imported = imported
        self._of_record: dict[int, Layers] = {}
        self._of_value: dict[tuple[int, int], Layers] = {}
        self._kept: list[Any] = []  # what the keys above are the identities of
        self._depth = 0

    def of_record(self, scope: Scope) -> Layers:
        """A record with all that lies below it."""
        known = self._of_record.get(id(scope))
        if known is None:
            known = self._of_record[id(scope)] = (scope, *self.below(scope))[:MAX_LAYERS]
            self._kept.append(scope)
        return known

    def below(self, scope: Scope) -> Layers:
        """What a record extends: ``super``."""
        if scope.base is not None and scope.parent is not None:
            chain, step = scope.base
            return self.before(chain, step, scope.parent)
        owner = scope.standing.owner if scope.standing else None
        if owner is not None and getattr(owner.node, "how", None) is syntax.How.EXTEND:
            return self._guarded(self.of_field, self.below(owner.scope), owner.name)
        return ()

    def of_value(self, node: Any, scope: Scope) -> Layers:
        """The layers of what an expression written in ``scope`` comes to; none if it is no record."""
        key = (id(node), id(scope))
        known = self._of_value.get(key)
        if known is None:
            self._of_value[key] = ()  # for what leads back to itself
            known = self._of_value[key] = self._guarded(self._value, node, scope)
            self._kept.append((node, scope))
        return known

    def before(self, chain: syntax.Postfix, step: int, scope: Scope) -> Layers:
        """What a step of a chain is done to."""
        return self._guarded(self._steps, chain, step, scope)

    def of_field(self, layers: Layers, name: str) -> Layers:
        """The layers of a field of a record."""
        found: list[Scope] = []
        for mention in self.fields(layers, name):
            field = mention.node
            if field.value is not None:
                found += (f for f in self.of_value(field.value, mention.scope) if f not in found)
            if field.value is not None and not _extends(field):
                break
        return tuple(found[:MAX_LAYERS])

    def fields(self, layers: Sequence[Scope], name: str) -> list[Mention]:
        """Where a field is written: in every layer that has it, the one that wins first."""
        found = {layer.names[name]: None for layer in layers if name in layer.names}
        return [mention for mention in found if not _is_local(mention)]

    def definitions(self, mention: Mention) -> list[Mention]:
        """What a name may refer to, the nearest first; a definition refers to itself and what it overrides."""
        match mention.kind:
            case Kind.FIELD if mention.name:
                return [mention, *self.overridden(mention)]
            case Kind.VARIABLE:
                return [mention]
            case Kind.NAME:
                found = mention.scope.resolve(mention.name)
                return [found] if found else []
            case Kind.ATTRIBUTE if mention.chain is not None:
                layers = self.before(mention.chain, mention.step, mention.scope)
                return self.fields(layers, mention.name)
            case Kind.ARGUMENT if mention.chain is not None:
                return self._parameters(mention)
        return []

    def overridden(self, mention: Mention) -> list[Mention]:
        """The fields of the layers below which a field replaces or extends."""
        if _is_local(mention):
            return []
        return self.fields(self.below(mention.scope), mention.name)

    def _guarded(self, work: Callable[..., Layers], *arguments: Any) -> Layers:
        if self._depth >= MAX_DEPTH:
            return ()
        self._depth += 1
        try:
            return work(*arguments)[:MAX_LAYERS]
        finally:
            self._depth -= 1

    def _value(self, node: Any, scope: Scope) -> Layers:
        match node:
            case syntax.Record() | syntax.RecordLoop():
                inner = scope.index.scope_of(node)
                return self.of_record(inner) if inner else ()
            case syntax.Postfix():
                return self._steps(node, len(node.steps), scope)
            case syntax.Name():
                return self._name(node, scope)
            case syntax.If():
                values = (*(branch.value for branch in node.branches), node.otherwise)
                return tuple(layer for value in values for layer in self.of_value(value, scope))
            case syntax.Import():
                file = self._imported(scope.index, node.path)
                return (file.root,) if file else ()
        return self._own(node, scope)

    def _own(self, node: Any, scope: Scope) -> Layers:
        """``self``, ``super`` and ``up``."""
        record = scope.record(node.levels if isinstance(node, syntax.Up) else 0)
        if record is None:
            return ()
        if isinstance(node, syntax.Super):
            return self.below(record)
        return self.of_record(record) if isinstance(node, syntax.Self | syntax.Up) else ()

    def _name(self, node: syntax.Name, scope: Scope) -> Layers:
        """What a name refers to is bound late: the field of the whole record, which may add to an inherited one."""
        found = scope.resolve(node.word)
        if found is None:
            return ()
        if found.kind is Kind.FIELD and not _is_local(found):
            return self.of_field(self.of_record(found.scope), found.name)
        if isinstance(found.node, syntax.Clause):
            return self._items(found.node.source, found.scope.parent or found.scope)
        value = getattr(found.node, "value", None) or getattr(found.node, "default", None)
        return self.of_value(value, found.scope) if value is not None else ()

    def _items(self, node: Any, scope: Scope) -> Layers:
        """What a loop goes over, if it is a list that is written somewhere."""
        match node:
            case syntax.List():
                return tuple(layer for item in node.items for layer in self.of_value(item, scope))
            case syntax.ListLoop() if inner := scope.index.scope_of(node.clauses[-1]):
                return self.of_value(node.item, inner)
            case syntax.Name() if found := scope.resolve(node.word):
                value = getattr(found.node, "value", None)
                return self._guarded(self._items, value, found.scope)
        return ()

    def _steps(self, chain: syntax.Postfix, count: int, scope: Scope) -> Layers:
        """A value and its first ``count`` steps."""
        layers = self.of_value(chain.value, scope)
        for number, step in enumerate(chain.steps[:count]):
            match step:
                case syntax.Attribute(name=name):
                    layers = self.of_field(layers, name)
                case syntax.Index(key=syntax.Constant(value=str() as name)):
                    layers = self.of_field(layers, name)
                case syntax.Extend(record=record):
                    inner = scope.index.scope_of(record)
                    layers = (inner, *layers) if inner else layers
                case syntax.Call():
                    layers = self._called(chain, number, scope)
                case _:
                    layers = ()
        return layers

    def _called(self, chain: syntax.Postfix, number: int, scope: Scope) -> Layers:
        """What a call gives: the body of the function, or what ``compose`` puts together."""
        call = chain.steps[number]
        assert isinstance(call, syntax.Call)
        if number == 0 and isinstance(chain.value, syntax.Name):
            word = chain.value.word
            if word == "compose" and scope.resolve(word) is None:
                values = [argument.value for argument in reversed(call.arguments)]
                return tuple(layer for value in values for layer in self.of_value(value, scope))
        function = self._function(chain, number, scope)
        return self.of_value(function.node.body, function) if function else ()

    def function_of(self, argument: Mention) -> Scope | None:
        """The lambda that is called with an argument."""
        assert argument.chain is not None
        return self._function(argument.chain, argument.step, argument.scope)

    def _parameters(self, mention: Mention) -> list[Mention]:
        function = self.function_of(mention)
        found = function.names.get(mention.name) if function else None
        return [found] if found else []

    def _function(self, chain: syntax.Postfix, number: int, scope: Scope) -> Scope | None:
        """The lambda that step ``number`` of a chain calls."""
        value: Any = chain.value
        if number == 0 and isinstance(value, syntax.Name):
            found = scope.resolve(value.word)
        elif number > 0 and isinstance(step := chain.steps[number - 1], syntax.Attribute):
            layers = self.before(chain, number - 1, scope)
            found = next(iter(self.fields(layers, step.name)), None)
        else:
            return scope.index.scope_of(value) if isinstance(value, syntax.Lambda) else None
        if found is None or not isinstance(found.node, syntax.Field):
            return None
        value = found.node.value
        return found.scope.index.scope_of(value) if isinstance(value, syntax.Lambda) else None


def _extends(field: Any) -> bool:
    return getattr(field, "how", None) is syntax.How.EXTEND


def _is_local(mention: Mention) -> bool:
    return getattr(mention.node, "visibility", None) is syntax.Visibility.LOCAL
