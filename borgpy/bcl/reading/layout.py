"""How the tokens of a file stand to each other: what keeps close, what begins a line, and how far in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.reading.lexer import Kind, Token, ends_operand

_INDENT = 2
_OPENING = ("(", "[", "{")
_CLOSING = (")", "]", "}")
_MODIFIERS = ("hidden", "final", "local", "param")


@dataclass
class Piece:
    """A token, how many lines are broken before it, and what `arranged` finds out about it."""

    token: Token
    breaks: int

    begins: bool = False
    """It begins a member or an item. What does not is indented further when it is first in its line."""

    gap: int = 1
    """The blanks before it, if it does not begin a line."""

    comma: bool = False
    """There is a comma before it, unless a line is broken there."""

    following: "Piece | None" = None
    """The next one that is no comment."""

    @property
    def is_comment(self) -> bool:
        return self.token.kind is Kind.COMMENT

    def is_mark(self, *marks: str) -> bool:
        return self.token.kind is Kind.MARK and self.token.text in marks

    def is_word(self, *words: str) -> bool:
        return self.token.kind is Kind.WORD and self.token.text in words


class Places:
    """What tokens alone do not tell, by offset: braces that are types, the names of fields and of declarations."""

    def __init__(self, file: syntax.File) -> None:
        self.types: set[int] = set()
        self.fields: set[int] = set()
        self.declarations: set[int] = set()
        for node in _nodes(file):
            if isinstance(node, syntax.RecordType):
                self.types.add(node.start)
            elif isinstance(node, syntax.Field):
                self.fields.add(node.start)
            elif isinstance(node, syntax.Declaration):
                self.declarations.add(node.start)


def arranged(pieces: Sequence[Piece], places: Places) -> list[Piece]:
    """The pieces that stay, each knowing how it stands to the one before."""
    kept = _kept(pieces, places)
    following = None
    for piece in reversed(kept):
        piece.following = following
        if not piece.is_comment:
            following = piece
    arrangement = _Arrangement(places)
    for piece in kept:
        arrangement.add(piece)
    return kept


def laid_out(pieces: Sequence[Piece]) -> str:
    """The text. A bracket holds what is two blanks further in than the line in which it opens."""
    lines: list[str] = []
    opened: list[int] = []
    line, indent, last = "", 0, None
    for piece in pieces:
        if last is None or piece.breaks:
            if last is not None:
                lines.append(line)
                if (
                    piece.breaks > 1
                    and not last.is_mark(*_OPENING)
                    and not piece.is_mark(*_CLOSING)
                ):
                    lines.append("")
            indent = _indentation(piece, opened)
            line = " " * indent + piece.token.text
        else:
            line += f"{',' * piece.comma}{' ' * piece.gap}{piece.token.text}"
        if piece.is_mark(*_OPENING):
            opened.append(indent)
        elif piece.is_mark(*_CLOSING):
            opened.pop()
        last = piece
    return "".join(f"{line}\n" for line in [*lines, line]) if last else ""


def _indentation(piece: Piece, opened: Sequence[int]) -> int:
    if piece.is_mark(*_CLOSING):
        return opened[-1]
    inside = opened[-1] + _INDENT if opened else 0
    return inside if piece.begins else inside + _INDENT


def _nodes(file: syntax.File) -> Iterator[syntax.Node]:
    """Every node, in no order."""
    waiting: list[object] = [file]
    while waiting:
        value = waiting.pop()
        if isinstance(value, tuple):
            waiting += value
        elif isinstance(value, msgspec.Struct):
            waiting += [getattr(value, name) for name in value.__struct_fields__]
            if isinstance(value, syntax.Node):
                yield value


def _kept(pieces: Sequence[Piece], places: Places) -> list[Piece]:
    """All but needless separators: where members go on in a line, each gets one comma instead."""
    kept: list[Piece] = []
    open = _Open(places)
    is_separated, breaks = False, 0
    for piece, following in zip_longest(pieces, pieces[1:]):
        if piece.is_mark(";", ",") and open.is_dispensable(piece, following):
            is_separated, breaks = open.levels[-1].has_members, breaks + piece.breaks
            continue
        piece.breaks += breaks
        is_separated, breaks = is_separated and not piece.breaks, 0
        if not piece.is_comment:
            piece.comma = is_separated and not piece.is_mark(*_CLOSING)
            is_separated = False
            open.enter(piece)
        kept.append(piece)
    return kept


@dataclass
class _Level:
    """What is open within one bracket, and takes the next commas and colons for itself."""

    mark: str
    is_type: bool = False
    lambdas: int = 0
    in_for: bool = False
    in_assert: bool = False

    @property
    def has_members(self) -> bool:
        return self.mark in ("", "{") and not self.is_type


class _Open:
    """Every bracket that is open, the file itself being the first."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.levels = [_Level("")]

    def is_dispensable(self, piece: Piece, following: Piece | None) -> bool:
        """Whether a separator is, and the last comma of a list that goes on in the same line."""
        level = self.levels[-1]
        if level.has_members:
            return not level.lambdas and not level.in_for
        return following is not None and following.is_mark(*_CLOSING) and not following.breaks

    def enter(self, piece: Piece) -> None:
        """Notes what the piece opens, closes, begins and ends."""
        level = self.levels[-1]
        if piece.is_mark(*_OPENING):
            self.levels.append(_Level(piece.token.text, piece.token.start in self.places.types))
        elif piece.is_mark(*_CLOSING):
            self.levels.pop()
        elif piece.is_word("lambda"):
            level.lambdas += 1
        elif piece.is_word("for", "in"):
            level.in_for = piece.is_word("for")
        elif piece.is_mark(":"):
            level.in_assert = level.in_assert and level.lambdas > 0
            level.lambdas = max(0, level.lambdas - 1)


class _Arrangement:
    """Goes through the pieces once, and notes how each stands to the one before."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.open = _Open(places)
        self.before: Piece | None = None
        self.last: Piece | None = None  # that is no comment
        self.is_behind_sign = False

    def add(self, piece: Piece) -> None:
        shown = piece.following if piece.is_comment else piece
        piece.begins = shown is None or self._begins(shown)
        if self.before is not None and self._is_tight(self.before, piece):
            piece.gap = 0
        self.is_behind_sign = piece.is_mark("-") and not self._is_behind_value()
        if not piece.is_comment:
            level = self.open.levels[-1]
            if level.has_members and piece.begins:
                level.in_assert = piece.is_word("assert")
            self.open.enter(piece)
            self.last = piece
        self.before = piece

    def _is_behind_value(self) -> bool:
        return self.last is not None and ends_operand(self.last.token)

    def _begins(self, piece: Piece) -> bool:
        last, level = self.last, self.open.levels[-1]
        if last is None or last.is_mark(*_OPENING) or piece.is_mark(*_CLOSING):
            return True
        if not level.has_members:
            return last.is_mark(",")
        if last.is_word(*_MODIFIERS):
            return False
        if piece.is_word("assert", *_MODIFIERS) or piece.token.start in self.places.fields:
            return True
        following = piece.following
        return following is not None and following.token.start in self.places.declarations

    def _is_tight(self, before: Piece, piece: Piece) -> bool:
        level = self.open.levels[-1]
        if before.is_comment:
            return piece.is_mark(",", ")", "]")
        if before.is_mark("(", "["):
            return True
        if piece.is_comment:
            return False
        if before.is_mark("{") or piece.is_mark("}"):
            return level.is_type or (before.is_mark("{") and piece.is_mark("}"))
        if self.is_behind_sign or before.is_mark(".") or piece.is_mark(",", ")", "]", "?"):
            return True
        if piece.is_mark("."):
            return before.token.kind not in (Kind.NUMBER, Kind.PATH)  # which would go on with it
        if piece.is_mark(":"):
            return not level.in_assert or level.lambdas > 0
        is_step = piece.is_mark("(", "[") and ends_operand(before.token)
        return is_step and piece.token.start not in self.places.declarations
