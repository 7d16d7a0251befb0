"""How much a configuration may ask for. Each limit is an error of class `limit`, which names the flag that raises it."""

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """The bounds of one evaluation. They hold whatever the text says, and are far above what people write."""

    source: int = 4 << 20
    """Characters of one file."""

    nesting: int = 256
    """Brackets, and other constructs that nest, within each other."""

    steps: int = 1_000_000
    """Units of work: about one for each field, call, turn of a loop, list item and 32 characters of text."""

    depth: int = 1_000
    """Fields and calls that wait for each other."""

    items: int = 1_000_000
    """Items of one list."""

    string: int = 1 << 20
    """Characters of one string."""

    output_nodes: int = 1_000_000
    """Values in the result."""

    output_bytes: int = 64 << 20
    """Characters in the result."""

    seconds: float = 10
    """Time for the whole evaluation; kept by whoever has a clock."""


DEFAULT_LIMITS = Limits()


def raised_by(flag: str) -> str:
    """The help of a limit's message."""
    return f"if it is meant to be so large, raise the limit with --max-{flag}"
