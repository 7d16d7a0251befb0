"""Where a record belongs: the part of which kind of declaration it is, and by which path it can be asked about."""

from collections.abc import Iterable
from typing import NamedTuple

from borgpy.bcl import syntax
from borgpy.bcl.editing.inheritance import Inheritance
from borgpy.bcl.editing.mentions import Index, Kind, Mention, Scope

ITEM = "[]"
"""Stands in a path for whichever item of a list."""


class Place(NamedTuple):
    """A part of a declaration: ``Place("job", ("requirements",))``."""

    kind: str
    path: tuple[str, ...] = ()


class Places:
    """The places of all records of some files. A record that several declarations extend has several."""

    def __init__(self, files: Iterable[Index], inheritance: Inheritance) -> None:
        self._kinds: dict[int, dict[str, None]] = {}
        for file in files:
            for mention in file.mentions:
                if isinstance(mention.node, syntax.Declaration):
                    self._note(mention, inheritance)

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

    def _note(self, mention: Mention, inheritance: Inheritance) -> None:
        node = mention.node
        scope = mention.scope
        if node.clauses:
            scope = mention.scope.index.scope_of(node.clauses[-1]) or scope
        for layer in inheritance.of_value(node.value, scope):
            self._kinds.setdefault(id(layer), {})[node.kind] = None


def path_of(mention: Mention) -> str:
    """The dotted path by which an exported field is known, ``job.web.replicas``; empty if it has none."""
    steps: list[str] = []
    current: Mention | None = mention
    while current is not None:
        node = current.node
        if not current.name or not isinstance(node, syntax.Field | syntax.Declaration):
            return ""
        if getattr(node, "visibility", None) is syntax.Visibility.LOCAL:
            return ""
        steps.append(current.name)
        if isinstance(node, syntax.Declaration):
            steps.append(node.kind)
        standing = current.scope.standing
        if standing is not None and standing.items:
            return ""
        if standing is None and current.scope.parent is not None:
            return ""  # a record in the middle of an expression
        current = standing.owner if standing else None
    if any("." in step for step in steps):
        return ""
    return ".".join(reversed(steps))
