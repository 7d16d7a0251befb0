"""The way through the syntax of a file, on which every name is met in its scope."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from borgpy.bcl import syntax
from borgpy.bcl.editing.mentions import Kind, Mention, Scope, Standing
from borgpy.bcl.functions import BUILTINS

if TYPE_CHECKING:
    from borgpy.bcl.editing.index import Index

_KEEPING_NAMES = ("compose", "len", "type")
"""The built-in functions that take records, and for which the names of fields are only names."""

_Visit = tuple[Any, Scope, Standing | None]


class Walk:
    """Looks through a file with a stack of its own, which no text is too deep for."""

    def __init__(self, index: "Index") -> None:
        self._index = index
        self._pending: list[_Visit] = []
        self._by_type: dict[type, Callable[[Any, Scope, Standing | None], None]] = {
            syntax.Record: self._record,
            syntax.RecordLoop: self._record_loop,
            syntax.ListLoop: self._list_loop,
            syntax.List: self._list,
            syntax.If: self._if,
            syntax.Lambda: self._lambda,
            syntax.Postfix: self._postfix,
            syntax.Name: self._name,
            syntax.Self: self._keyword,
            syntax.Super: self._keyword,
            syntax.Up: self._keyword,
            syntax.Import: self._import,
        }

    def run(self) -> None:
        source = self._index.source
        root = self._scope(None, self._index.file, (0, len(source.text)))
        self._members(self._index.file.items, root)
        while self._pending:
            node, scope, standing = self._pending.pop()
            visit = self._by_type.get(type(node))
            if visit is not None:
                visit(node, scope, standing)
            elif isinstance(node, tuple):
                self._pending += [(piece, scope, None) for piece in node]
            elif isinstance(node, syntax.Node):
                pieces = (getattr(node, name) for name in node.__struct_fields__)
                self._pending += [
                    (p, scope, None) for p in pieces if isinstance(p, tuple | syntax.Node)
                ]

    def _later(self, node: Any, scope: Scope, standing: Standing | None = None) -> None:
        if node is not None:
            self._pending.append((node, scope, standing))

    def _scope(self, parent: Scope | None, node: Any, where: tuple[int, int]) -> Scope:
        scope = Scope(self._index, parent, node, where)
        self._index.scopes.append(scope)
        return scope

    def _mention(
        self, kind: Kind, name: str, where: tuple[int, int], scope: Scope, node: Any
    ) -> Mention:
        mention = Mention(kind, name, where, scope, node)
        self._index.mentions.append(mention)
        return mention

    def _members(self, members: tuple[syntax.Item, ...], scope: Scope) -> None:
        for member in members:
            if isinstance(member, syntax.Assert):
                self._later(member.condition, scope)
                self._later(member.message, scope)
                continue
            if isinstance(member, syntax.Declaration) and member.computed is not None:
                owner = self._mention(Kind.FIELD, "", member.where, scope, member)
                inner = self._clauses(member.clauses, scope, _extent(member))
                self._later(member.computed, inner)
                self._later(member.value, inner, Standing(owner))
                continue
            owner = self._mention(Kind.FIELD, member.name, member.where, scope, member)
            scope.names.setdefault(member.name, owner)
            self._later(member.value, scope, Standing(owner))

    def _record(self, node: syntax.Record, scope: Scope, standing: Standing | None) -> None:
        self._open(node, scope, standing)

    def _open(self, node: syntax.Record, scope: Scope, standing: Standing | None) -> Scope:
        inner = self._scope(scope, node, node.where)
        inner.standing = standing
        self._members(node.members, inner)
        return inner

    def _record_loop(
        self, node: syntax.RecordLoop, scope: Scope, standing: Standing | None
    ) -> None:
        self._open_loop(node, scope, standing)

    def _open_loop(self, node: syntax.RecordLoop, scope: Scope, standing: Standing | None) -> Scope:
        record = self._scope(scope, node, node.where)
        record.standing = standing
        inner = self._clauses(node.clauses, record, node.where)
        self._later(node.key, inner)
        self._later(node.value, inner)
        return record

    def _list_loop(self, node: syntax.ListLoop, scope: Scope, standing: Standing | None) -> None:
        inner = self._clauses(node.clauses, scope, node.where)
        self._later(node.item, inner, standing and standing._replace(items=True))

    def _list(self, node: syntax.List, scope: Scope, standing: Standing | None) -> None:
        for item in node.items:
            self._later(item, scope, standing and standing._replace(items=True))

    def _if(self, node: syntax.If, scope: Scope, standing: Standing | None) -> None:
        for branch in node.branches:
            self._later(branch.condition, scope)
            self._later(branch.value, scope, standing)
        self._later(node.otherwise, scope, standing)

    def _lambda(self, node: syntax.Lambda, scope: Scope, standing: Standing | None) -> None:
        inner = self._scope(scope, node, node.where)
        for parameter in node.parameters:
            where = parameter.start, parameter.start + len(parameter.name)
            inner.names[parameter.name] = self._mention(
                Kind.VARIABLE, parameter.name, where, inner, parameter
            )
            self._later(parameter.default, inner)
        self._later(node.body, inner)

    def _clauses(
        self, clauses: tuple[syntax.Clause, ...], scope: Scope, where: tuple[int, int]
    ) -> Scope:
        """The scope inside all clauses of a loop, each of which sees the names of those before it."""
        for clause in clauses:
            self._later(clause.source, scope)
            self._index.spelled.append((clause.source, scope))
            scope = self._scope(scope, clause, where)
            for name, place in zip(clause.names, self._places(clause), strict=True):
                scope.names[name] = self._mention(Kind.VARIABLE, name, place, scope, clause)
            self._later(clause.condition, scope)
        return scope

    def _places(self, clause: syntax.Clause) -> Iterator[tuple[int, int]]:
        """Where the names of a clause stand, which the syntax does not tell."""
        at = clause.start
        for name in clause.names:
            match = re.compile(rf"\b{name}\b").search(self._index.source.text, at)
            start = match.start() if match else at
            yield start, start + len(name)
            at = start + len(name)

    def _postfix(self, node: syntax.Postfix, scope: Scope, standing: Standing | None) -> None:
        self._later(node.value, scope)
        for number, step in enumerate(node.steps):
            match step:
                case syntax.Attribute():
                    self._linked(Kind.ATTRIBUTE, step.name, step.where, scope, step, (node, number))
                case syntax.Index(key=syntax.Constant(value=str() as name) as key):
                    self._linked(Kind.ATTRIBUTE, name, key.where, scope, step, (node, number))
                case syntax.Index():
                    self._linked(Kind.COMPUTED, "", step.key.where, scope, step, (node, number))
                    self._later(step.key, scope)
                case syntax.Call():
                    self._call(step, scope, node, number)
                case syntax.Extend(record=syntax.Record() as record):
                    self._open(record, scope, standing).base = (node, number)
                case syntax.Extend(record=syntax.RecordLoop() as record):
                    self._open_loop(record, scope, standing).base = (node, number)

    def _call(self, call: syntax.Call, scope: Scope, node: syntax.Postfix, number: int) -> None:
        for argument in call.arguments:
            if argument.name:
                where = argument.start, argument.start + len(argument.name)
                self._linked(Kind.ARGUMENT, argument.name, where, scope, argument, (node, number))
            self._later(argument.value, scope)
            if _spells(node, number):
                self._index.spelled.append((argument.value, scope))

    def _linked(
        self,
        kind: Kind,
        name: str,
        where: tuple[int, int],
        scope: Scope,
        node: Any,
        link: tuple[syntax.Postfix, int],
    ) -> None:
        """A mention within a chain, at one of its steps."""
        mention = self._mention(kind, name, where, scope, node)
        mention.chain, mention.step = link

    def _name(self, node: syntax.Name, scope: Scope, standing: Standing | None) -> None:
        self._mention(Kind.NAME, node.word, node.where, scope, node)

    def _keyword(self, node: Any, scope: Scope, standing: Standing | None) -> None:
        word = type(node).__name__.lower()
        self._mention(Kind.KEYWORD, word, node.where, scope, node)

    def _import(self, node: syntax.Import, scope: Scope, standing: Standing | None) -> None:
        self._mention(Kind.IMPORT, node.path, node.where, scope, node)


def _spells(chain: syntax.Postfix, number: int) -> bool:
    """Whether a call may be one of a function that reads the names of fields."""
    name = chain.value.word if isinstance(chain.value, syntax.Name) else ""
    return number == 0 and name in BUILTINS and name not in _KEEPING_NAMES


def _extent(member: syntax.Declaration) -> tuple[int, int]:
    """A computed declaration from its name to the end of its loops."""
    return member.start, max([member.value.end, *(clause.end for clause in member.clauses)])
