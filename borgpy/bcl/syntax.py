"""The syntax of BCL: what a file says, each piece with the offsets where it stands."""

from enum import Enum

import msgspec

from borgpy.bcl.literals import Quantity

RESERVED = frozenset(
    [
        *("if", "then", "else", "lambda", "and", "or", "not", "in", "for", "import"),
        *("true", "false", "null", "self", "super", "up"),
        *("local", "hidden", "final", "assert", "param"),
    ]
)
"""The words that name nothing, those of later releases included."""


class Node(msgspec.Struct, frozen=True):
    """A piece of a file, from offset ``start`` up to but not including ``end``."""

    start: int
    end: int

    @property
    def where(self) -> tuple[int, int]:
        return self.start, self.end


class Constant(Node, frozen=True):
    """``true``, ``false``, ``null``, or a quoted string."""

    value: bool | str | None


class Number(Node, frozen=True):
    """A number with its unit and sign."""

    value: Quantity


class Path(Node, frozen=True):
    """A bare path, ``../bin/server``."""

    text: str


class Placeholder(Node, frozen=True):
    """A bare ``%port%``."""

    text: str


class Name(Node, frozen=True):
    """A bare word: a reference, or text if nothing has that name."""

    word: str


class List(Node, frozen=True):
    """``[a, b]``."""

    items: tuple["Expression", ...]


class Record(Node, frozen=True):
    """``{ a = b }``."""

    members: tuple["Member", ...]


Expression = Constant | Number | Path | Placeholder | Name | List | Record


class Visibility(Enum):
    """Who sees a member."""

    EXPORTED = "exported"
    HIDDEN = "hidden"  # a field like any other, which is not exported
    LOCAL = "local"  # only a name for the expressions beside it


class Member(Node, frozen=True):
    """``name = value`` or ``name { ... }``. The offsets are those of the name."""

    name: str
    value: Expression
    visibility: Visibility


class Declaration(Node, frozen=True):
    """``kind name = value``. The offsets are those of the name."""

    kind: str
    name: str
    value: Expression


class File(msgspec.Struct, frozen=True):
    """A whole file, in the order in which it is written."""

    items: tuple[Declaration | Member, ...]
