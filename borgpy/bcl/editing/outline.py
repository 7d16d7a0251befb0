"""The outline of a file: what it declares, and the fields within."""

from collections import defaultdict

import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.mentions import Kind, Mention, Scope


class Symbol(msgspec.Struct, frozen=True):
    """A declaration or field. ``start`` and ``end`` enclose all of it, ``name_start`` and ``name_end`` its name.

    ``kind`` is the word of a declaration, or ``record``, ``function``, ``param``, ``local``, ``field``.
    """

    name: str
    kind: str
    start: int
    end: int
    name_start: int
    name_end: int
    children: tuple["Symbol", ...] = ()


def outline(index: Index) -> tuple[Symbol, ...]:
    """The symbols of a file, in the order of its text."""
    inner: dict[int, list[Scope]] = defaultdict(list)
    for scope in index.scopes:
        if scope.standing is not None and not scope.standing.items:
            inner[id(scope.standing.owner)].append(scope)
    fields: dict[int, list[Mention]] = defaultdict(list)
    for mention in index.mentions:
        if mention.kind is Kind.FIELD:
            fields[id(mention.scope)].append(mention)

    def symbols(scope: Scope) -> list[Symbol]:
        return [symbol(mention) for mention in fields[id(scope)]]

    def symbol(mention: Mention) -> Symbol:
        children = [child for scope in inner[id(mention)] for child in symbols(scope)]
        return Symbol(
            mention.name or f"[{_computed(mention)}]",
            kind_of(mention),
            mention.start,
            extent_end(mention),
            mention.start,
            mention.end,
            tuple(sorted(children, key=lambda child: child.start)),
        )

    return tuple(symbols(index.root))


def kind_of(mention: Mention) -> str:
    """The word for what a definition is."""
    node = mention.node
    if isinstance(node, syntax.Declaration):
        return str(node.kind)
    if not isinstance(node, syntax.Field):
        return "parameter" if isinstance(node, syntax.Parameter) else "variable"
    if node.visibility in (syntax.Visibility.LOCAL, syntax.Visibility.PARAM):
        return str(node.visibility.value)
    match node.value:
        case syntax.Lambda():
            return "function"
        case syntax.Record() | syntax.RecordLoop():
            return "record"
        case syntax.Postfix(steps=steps) if isinstance(steps[-1], syntax.Extend):
            return "record"
    return "field"


def extent_end(mention: Mention) -> int:
    """Where a definition ends: with its value, its type, or its name."""
    ends = [mention.end]
    for part in ("value", "type", "default"):
        node = getattr(mention.node, part, None)
        if isinstance(node, syntax.Node):
            ends.append(node.end)
    ends += [clause.end for clause in getattr(mention.node, "clauses", ())]
    return max(ends)


def _computed(mention: Mention) -> str:
    """The expression that gives a declaration its name."""
    start, end = mention.node.computed.where
    text: str = mention.source.text[start:end]
    return text
