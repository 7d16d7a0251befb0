"""The syntax of BCL: what a file says, each piece with the offsets where it stands.

The nodes are plain values, so that a parsed file can be kept as msgpack and read back without being parsed again.
"""

from enum import Enum

import msgspec

GRAMMAR_VERSION = 1
"""Changes with every change of the language or of these nodes: a kept file of another version is parsed anew."""

KINDS = ("job", "service", "alloc", "alloc_set", "package", "template")
"""The declarations there are. Before a name they declare; anywhere else they are ordinary names."""

RESERVED = frozenset(
    [
        *("if", "then", "else", "lambda", "and", "or", "not", "in", "for", "import"),
        *("true", "false", "null", "self", "super", "up"),
        *("local", "hidden", "final", "assert", "param"),
    ]
)
"""The words that name nothing."""


class Node(msgspec.Struct, frozen=True, gc=False, array_like=True, tag_field="@"):
    """A piece of a file, from offset ``start`` up to but not including ``end``."""

    start: int
    end: int

    @property
    def where(self) -> tuple[int, int]:
        return self.start, self.end


# Values that are written down.


class Constant(Node, frozen=True, gc=False, array_like=True, tag=1):
    """``true``, ``false``, ``null``, or a quoted string."""

    value: bool | str | None


class Number(Node, frozen=True, gc=False, array_like=True, tag=2):
    """A number. ``unit`` is ``""`` for a plain one, ``bytes`` or ``duration`` (in seconds)."""

    value: int | float
    unit: str = ""


class Path(Node, frozen=True, gc=False, array_like=True, tag=3):
    """A bare path, ``../bin/server``."""

    text: str


class Placeholder(Node, frozen=True, gc=False, array_like=True, tag=4):
    """A bare ``%port%``."""

    text: str


class Interpolation(Node, frozen=True, gc=False, array_like=True, tag=5):
    """``{value:format}`` within an f-string; ``format`` is empty when none is given."""

    value: "Expression"
    format: str = ""


class FString(Node, frozen=True, gc=False, array_like=True, tag=6):
    """``f"..{x}.."``: its texts, escapes resolved, and its interpolations in order."""

    parts: tuple[str | Interpolation, ...]


class List(Node, frozen=True, gc=False, array_like=True, tag=7):
    """``[a, b]``."""

    items: tuple["Expression", ...]


class Record(Node, frozen=True, gc=False, array_like=True, tag=8):
    """``{ a = b }``."""

    members: tuple["Field | Assert", ...]


# Loops. ``for a, b in xs if c for d in ys`` is two clauses; names nest from left to right.


class Clause(Node, frozen=True, gc=False, array_like=True, tag=9):
    """``for NAME, NAME in source if condition``."""

    names: tuple[str, ...]
    source: "Expression"
    condition: "Expression | None" = None


class ListLoop(Node, frozen=True, gc=False, array_like=True, tag=10):
    """``[item for ..]``."""

    item: "Expression"
    clauses: tuple[Clause, ...]


class RecordLoop(Node, frozen=True, gc=False, array_like=True, tag=11):
    """``{for ..: [key] = value}``."""

    key: "Expression"
    value: "Expression"
    clauses: tuple[Clause, ...]


# Names.


class Name(Node, frozen=True, gc=False, array_like=True, tag=12):
    """A bare word: a reference, or text if nothing has that name."""

    word: str


class Self(Node, frozen=True, gc=False, array_like=True, tag=13):
    """``self``: the innermost record."""


class Super(Node, frozen=True, gc=False, array_like=True, tag=14):
    """``super``: what the innermost record inherits."""


class Up(Node, frozen=True, gc=False, array_like=True, tag=15):
    """``up``, ``up.up``: the record ``levels`` outside the innermost one."""

    levels: int = 1


class Import(Node, frozen=True, gc=False, array_like=True, tag=16):
    """``import "path" sha256 "hex"``; ``digest`` is empty without a pin."""

    path: str
    digest: str = ""


# Operators. A chain of any length is one node, so that depth comes from brackets alone.


class Step(Node, frozen=True, gc=False, array_like=True, tag=17):
    """One ``operator operand`` of a chain. The offsets are those of the operator."""

    operator: str
    operand: "Expression"


class Chain(Node, frozen=True, gc=False, array_like=True, tag=18):
    """``a + b - c`` or ``a * b / c % d``, from left to right; one level of precedence each."""

    first: "Expression"
    steps: tuple[Step, ...]


class Compare(Node, frozen=True, gc=False, array_like=True, tag=19):
    """``left OP right``; the operator is one of ``== != < <= > >= in`` and ``not in``, at ``spot``."""

    operator: str
    spot: tuple[int, int]
    left: "Expression"
    right: "Expression"


class Logic(Node, frozen=True, gc=False, array_like=True, tag=20):
    """``a and b and c`` or ``a or b``; ``operator`` is the word."""

    operator: str
    terms: tuple["Expression", ...]


class Not(Node, frozen=True, gc=False, array_like=True, tag=21):
    """``not value``, the word ``count`` times in a row."""

    value: "Expression"
    count: int = 1


class Negate(Node, frozen=True, gc=False, array_like=True, tag=22):
    """``-value``, the sign ``count`` times in a row. A sign directly before a number is part of the `Number`."""

    value: "Expression"
    count: int = 1


class Branch(Node, frozen=True, gc=False, array_like=True, tag=23):
    """``if condition then value`` of a conditional."""

    condition: "Expression"
    value: "Expression"


class If(Node, frozen=True, gc=False, array_like=True, tag=24):
    """``if a then b else if c then d else e``: however many branches, one node."""

    branches: tuple[Branch, ...]
    otherwise: "Expression"


# What follows a value. ``a.b[c](d) { e }`` is one `Postfix` with four steps.


class Attribute(Node, frozen=True, gc=False, array_like=True, tag=25):
    """``.name``. The offsets are those of the name."""

    name: str


class Index(Node, frozen=True, gc=False, array_like=True, tag=26):
    """``[key]``."""

    key: "Expression"


class Argument(Node, frozen=True, gc=False, array_like=True, tag=27):
    """``value`` or ``name = value`` in a call; ``name`` is empty for the first form."""

    value: "Expression"
    name: str = ""


class Call(Node, frozen=True, gc=False, array_like=True, tag=28):
    """``(a, b = c)``."""

    arguments: tuple[Argument, ...]


class Extend(Node, frozen=True, gc=False, array_like=True, tag=29):
    """``{ .. }`` behind a value: inheritance by juxtaposition."""

    record: "Record | RecordLoop"


class Postfix(Node, frozen=True, gc=False, array_like=True, tag=30):
    """A value and what follows it, from left to right."""

    value: "Expression"
    steps: tuple["Attribute | Index | Call | Extend", ...]


class Parameter(Node, frozen=True, gc=False, array_like=True, tag=31):
    """A parameter of a lambda. The offsets are those of the name."""

    name: str
    default: "Expression | None" = None


class Lambda(Node, frozen=True, gc=False, array_like=True, tag=32):
    """``lambda a, b = c: body``."""

    parameters: tuple[Parameter, ...]
    body: "Expression"


Expression = (
    Constant
    | Number
    | Path
    | Placeholder
    | FString
    | List
    | Record
    | ListLoop
    | RecordLoop
    | Name
    | Self
    | Super
    | Up
    | Import
    | Chain
    | Compare
    | Logic
    | Not
    | Negate
    | If
    | Postfix
    | Lambda
)


# Types.


class NamedType(Node, frozen=True, gc=False, array_like=True, tag=33):
    """``int``, or ``int?``, which null satisfies as well."""

    name: str
    optional: bool = False


class LiteralType(Node, frozen=True, gc=False, array_like=True, tag=34):
    """``"prod"``: this very text."""

    text: str


class ListType(Node, frozen=True, gc=False, array_like=True, tag=35):
    """``[type]``: a list of such items."""

    item: "Type"


class RecordType(Node, frozen=True, gc=False, array_like=True, tag=36):
    """``{type}``: a record whose every field is such."""

    value: "Type"


class UnionType(Node, frozen=True, gc=False, array_like=True, tag=37):
    """``a | b``."""

    options: tuple["Type", ...]


Type = NamedType | LiteralType | ListType | RecordType | UnionType


# Members and declarations.


class Visibility(Enum):
    """Who sees a field."""

    EXPORTED = "exported"
    HIDDEN = "hidden"  # a field like any other, which is not exported
    LOCAL = "local"  # only a name for the expressions beside it
    PARAM = "param"  # a hidden field that --set may give a value


class How(Enum):
    """What a field does to the one that its record inherits."""

    SET = "="  # replaces it; without a value it only declares a type
    EXTEND = "{"  # adds to the inherited record; its value is a `Record` or `RecordLoop`
    APPEND = "+="  # adds to the inherited list


class Field(Node, frozen=True, gc=False, array_like=True, tag=38):
    """``name = value`` and its other forms. The offsets are those of the name."""

    name: str
    value: Expression | None
    how: How = How.SET
    visibility: Visibility = Visibility.EXPORTED
    type: Type | None = None
    final: bool = False


class Assert(Node, frozen=True, gc=False, array_like=True, tag=39):
    """``assert condition : message``. The offsets are those of the condition."""

    condition: Expression
    message: Expression | None = None


class Declaration(Node, frozen=True, gc=False, array_like=True, tag=40):
    """``kind name = value``, or ``kind [name] = value for ..``, one declaration for each turn of the loop.

    The offsets are those of the name. ``name`` is empty when ``computed`` gives it.
    """

    kind: str
    name: str
    value: Expression
    computed: Expression | None = None
    clauses: tuple[Clause, ...] = ()


Member = Field | Assert
Item = Declaration | Field | Assert


class File(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A whole file, in the order in which it is written."""

    items: tuple[Item, ...]
