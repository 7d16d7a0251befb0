"""A place where a name stands, and the scope it stands in."""

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Source

if TYPE_CHECKING:
    from borgpy.bcl.editing.index import Index


class Kind(Enum):
    """What a name does where it stands."""

    FIELD = "field"  # defines a field of a record or file; a declaration is one, too
    VARIABLE = "variable"  # defines a parameter of a lambda, or a name of a loop
    NAME = "name"  # refers to what has this name around here
    ATTRIBUTE = "attribute"  # refers to a field of a value: behind a dot, or as an index
    COMPUTED = "computed"  # a field of a value, whose name is only known when it is evaluated
    ARGUMENT = "argument"  # gives a value to a parameter
    KEYWORD = "keyword"  # self, super, up
    IMPORT = "import"


class Mention:
    """One place where a name stands. ``start`` and ``end`` enclose it, quotes included."""

    __slots__ = ("chain", "end", "kind", "name", "node", "scope", "start", "step")

    def __init__(
        self, kind: Kind, name: str, where: tuple[int, int], scope: "Scope", node: Any
    ) -> None:
        self.kind = kind
        self.name = name
        self.start, self.end = where
        self.scope = scope
        self.node = node
        self.chain: syntax.Postfix | None = None
        """The value and steps that an attribute or argument belongs to."""
        self.step = 0
        """Which of the steps."""

    @property
    def source(self) -> Source:
        return self.scope.index.source

    @property
    def key(self) -> tuple[str, int]:
        """A name for the place itself."""
        return self.source.name, self.start

    @property
    def written(self) -> str:
        return self.source.text[self.start : self.end]


class Standing(NamedTuple):
    """The field that an expression is the value of. ``items`` says that it stands in a list there."""

    owner: Mention
    items: bool = False


class Scope:
    """What a file, record, lambda or loop adds to the names around it."""

    __slots__ = (
        "base",
        "end",
        "index",
        "is_record",
        "names",
        "node",
        "parent",
        "standing",
        "start",
    )

    def __init__(
        self, index: "Index", parent: "Scope | None", node: Any, where: tuple[int, int]
    ) -> None:
        self.index = index
        self.parent = parent
        self.node = node
        self.start, self.end = where
        self.is_record = isinstance(node, syntax.Record | syntax.RecordLoop | syntax.File)
        self.names: dict[str, Mention] = {}
        self.base: tuple[syntax.Postfix, int] | None = None
        """The value that a record extends: all before this step."""
        self.standing: Standing | None = None

    def around(self) -> "Iterator[Scope]":
        """This scope and those it stands in."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def record(self, levels: int = 0) -> "Scope | None":
        """The innermost record here, or the one ``levels`` outside of it."""
        for scope in self.around():
            if scope.is_record:
                if levels == 0:
                    return scope
                levels -= 1
        return None

    def resolve(self, name: str) -> Mention | None:
        """Where the nearest thing of that name is written."""
        return next((s.names[name] for s in self.around() if name in s.names), None)
