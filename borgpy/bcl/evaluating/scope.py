"""Which names an expression sees: resolved once, when it is compiled, from where it is written."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, overload

from borgpy.bcl.functions import BUILTINS

_NONE: Mapping[str, object] = MappingProxyType({})
_NO_INDEXES: Mapping[str, int] = MappingProxyType({})


class Field(NamedTuple):
    """A field of the record ``hops`` frames outside; its value is the final one of that record."""

    hops: int


class Local(NamedTuple):
    """A ``local`` of the layer ``hops`` frames outside."""

    hops: int


class Variable(NamedTuple):
    """The cell ``at`` of the call or loop ``hops`` frames outside."""

    hops: int
    at: int


class Scope:
    """The names that one record, call or loop adds to those around it. Every scope is a frame when it runs."""

    __slots__ = ("_indexes", "depth", "fields", "is_record", "locals", "parent")

    def __init__(self, parent: "Scope | None") -> None:
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        """How many scopes there are around this one."""
        self.is_record = False
        self.fields: Mapping[str, object] = _NONE
        self.locals: Mapping[str, object] = _NONE
        self._indexes: Mapping[str, int] = _NO_INDEXES

    @classmethod
    def of_record(
        cls, parent: "Scope | None", fields: Mapping[str, object], local: Mapping[str, object]
    ) -> "Scope":
        """A record as it is written: its fields, and its locals. Both may still be filled in."""
        scope = cls(parent)
        scope.is_record = True
        scope.fields = fields
        scope.locals = local
        return scope

    @classmethod
    def of_variables(cls, parent: "Scope", names: Sequence[str]) -> "Scope":
        """The parameters of a lambda, or the names of a loop."""
        scope = cls(parent)
        scope._indexes = {name: index for index, name in enumerate(names)}
        return scope

    def resolve(self, name: str) -> Field | Local | Variable | None:
        """What ``name`` refers to; `None` if nothing written around has it."""
        hops = 0
        scope: Scope | None = self
        while scope is not None:
            if name in scope.fields:
                return Field(hops)
            if name in scope.locals:
                return Local(hops)
            if name in scope._indexes:
                return Variable(hops, scope._indexes[name])
            hops += 1
            scope = scope.parent
        return None

    def record_hops(self, levels: int = 0) -> int | None:
        """How many frames outside the innermost record is, or the one ``levels`` outside that."""
        hops = 0
        scope: Scope | None = self
        while scope is not None:
            if scope.is_record:
                if levels == 0:
                    return hops
                levels -= 1
            hops += 1
            scope = scope.parent
        return None

    def names(self) -> Iterator[str]:
        """Every name that can be seen from here, nearest first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope._indexes
            yield from scope.fields
            yield from scope.locals
            scope = scope.parent
        yield from BUILTINS


class Visible(Sequence[str]):
    """The names of a scope, listed only if somebody asks."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self._scope.names()))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return tuple(self)[index]
