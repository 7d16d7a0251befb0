"""Every node of a file."""

from collections.abc import Iterator

from borgpy.bcl import syntax


def nodes_of(file: syntax.File) -> Iterator[syntax.Node]:
    """Every node, in no particular order."""
    pending: list[object] = [file.items]
    while pending:
        piece = pending.pop()
        if isinstance(piece, tuple):
            pending += piece
        elif isinstance(piece, syntax.Node):
            yield piece
            pending += [getattr(piece, name) for name in piece.__struct_fields__]
