"""Where a record belongs: the part of which kind of declaration it is, and by which path it can be asked about."""

from collections.abc import Iterable
from typing import NamedTuple

from borgpy.bcl import syntax
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.inheritance import Inheritance
from borgpy.bcl.editing.mentions import Kind, Mention, Scope

ITEM = "[]"
"""Stands in a path for whichever item of a list."""


class Place(NamedTuple):
    """A part of a declaration: ``Place("job", ("requirements",))``."""

    kind: str
    path: tuple[str, ...] = ()


class Places:
    """The places of all records of some files. A record that several declarations extend has several."""

    def __init__(self, files: Iterable[Index], inheritance: Inheritance) -> None:
        self._inheritance = inheritance
        self._kinds: dict[int, dict[str, None]] = {}
        self._extended_by: dict[int, list[Mention]] = {}
        for file in files:
            for mention in file.mentions:
                if isinstance(mention.node, syntax.Declaration):
                    self._note(mention)

    def of(self, scope: Scope) -> list[Place]:
        """What a record is part of; nothing if it is no part of a declaration."""
        kinds = self._kinds.get(id(scope))
        if kinds is not None:
            # A template is for whatever extends it. As long as nothing does, it is taken to be for jobs.
            known = [kind for kind in kinds if kind != "template"] or ["job"]
            return [Place(kind) for kind in known]
        standing = scope.standing
        if standing is None or not isinstance(standing.owner.node, syntax.Field):
            return []
        name = (standing.owner.name, ITEM) if standing.items else (standing.owner.name,)
        return [Place(p.kind, (*p.path, *name)) for p in self.of(standing.owner.scope)]

    def of_field(self, mention: Mention) -> list[Place]:
        """The same for a field of a record."""
        if mention.kind is not Kind.FIELD or not isinstance(mention.node, syntax.Field):
            return []
        return [Place(p.kind, (*p.path, mention.name)) for p in self.of(mention.scope)]

    def paths(self, mention: Mention, definition: Mention) -> list[str]:
        """The dotted paths by which a name's value can be asked for: its own, or those of what extends its record."""
        scope = self._owner(mention, definition)
        if scope is None:
            return []
        return [_joined(path, mention.name) for path in self._paths(scope)]

    def _owner(self, mention: Mention, definition: Mention) -> Scope | None:
        """The record that the named field belongs to, as far as it is one that stands in this file."""
        if mention.kind in (Kind.FIELD, Kind.NAME):
            return definition.scope if definition.kind is Kind.FIELD else None
        chain = mention.chain
        if mention.kind is not Kind.ATTRIBUTE or chain is None:
            return None
        if isinstance(chain.value, syntax.Super) and not mention.step:
            return mention.scope.record()  # the layers below are shown with those above
        layers = self._inheritance.before(chain, mention.step, mention.scope)
        return layers[0] if layers and layers[0].index is mention.scope.index else None

    def _paths(self, scope: Scope) -> list[str]:
        """The paths of a record; that of the file is empty."""
        if scope.parent is None:
            return [""]
        extending = [m for m in self._extended_by.get(id(scope), []) if m.name]
        if extending:
            return [_joined(m.node.kind, m.name) for m in extending if m.node.kind != "template"]
        standing = scope.standing
        if standing is None or standing.items or not standing.owner.name:
            return []
        name = standing.owner.name
        if getattr(standing.owner.node, "visibility", None) is syntax.Visibility.LOCAL:
            return []
        return [_joined(path, name) for path in self._paths(standing.owner.scope)]

    def _note(self, mention: Mention) -> None:
        node = mention.node
        scope = mention.scope
        if node.clauses:
            scope = mention.scope.index.scope_of(node.clauses[-1]) or scope
        for layer in self._inheritance.of_value(node.value, scope):
            self._kinds.setdefault(id(layer), {})[node.kind] = None
            self._extended_by.setdefault(id(layer), []).append(mention)


def _joined(path: str, name: str) -> str:
    step = name if name.isidentifier() else f'"{name}"'
    return f"{path}.{step}" if path else step
