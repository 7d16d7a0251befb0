"""Every place of a file where a name stands, found once."""

from bisect import bisect_right

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.editing.mentions import Mention, Scope
from borgpy.bcl.editing.walk import Walk


class Index:
    """One file, looked through once."""

    def __init__(self, source: Source, file: syntax.File) -> None:
        self.source = source
        self.file = file
        self.scopes: list[Scope] = []
        self.mentions: list[Mention] = []
        self.spelled: list[tuple[syntax.Node, Scope]] = []
        """Values the names of whose fields are data: what loops go over, and what functions are handed."""
        Walk(self).run()
        self.mentions.sort(key=lambda mention: mention.start)
        self._starts = [mention.start for mention in self.mentions]
        self._by_node = {id(scope.node): scope for scope in self.scopes}

    @property
    def root(self) -> Scope:
        return self.scopes[0]

    def scope_of(self, node: syntax.Node) -> Scope | None:
        """The scope that a record, lambda or clause of this file opens."""
        return self._by_node.get(id(node))

    def mention_at(self, offset: int) -> Mention | None:
        """The name at an offset, or just before it, where a cursor stands behind what it has typed."""
        at = bisect_right(self._starts, offset) - 1
        if at >= 0 and self.mentions[at].start <= offset <= self.mentions[at].end:
            return self.mentions[at]
        return None

    def scope_at(self, offset: int) -> Scope:
        """The innermost scope around an offset."""
        found = self.root
        for scope in self.scopes:
            if scope.start < offset < scope.end and scope.start >= found.start:
                found = scope
        return found
