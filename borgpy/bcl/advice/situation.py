"""Where the parser stopped, for the rules that recognise what was meant, and what they say about it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from borgpy.bcl.diagnostics import Source
from borgpy.bcl.reading.lexer import Kind, Token, ends_operand
from borgpy.bcl.reading.misread import FIELD

CLOSING = {"(": ")", "[": "]", "{": "}"}

VALUES = (Kind.NUMBER, Kind.STRING, Kind.FSTRING, Kind.PATH, Kind.PLACEHOLDER)
VALUE_WORDS = ("true", "false", "null", "self", "super", "up", "lambda", "import")

_LONGEST_SHOWN = 40


class Advice(NamedTuple):
    """What to say, at which offsets; ``edits`` are what an editor does when asked for ``fix``."""

    message: str
    start: int
    end: int
    label: str = ""
    help: str = ""
    notes: tuple[str, ...] = ()
    fix: str = ""
    edits: tuple[tuple[int, int, str], ...] = ()


class Situation:
    """Where the parser stopped: at ``here``, between the tokens ``before`` and ``after``, of which ``here`` is one."""

    def __init__(
        self,
        source: Source,
        at: int,
        expected: str,
        opened: Sequence[int],
        before: list[Token],
        after: list[Token],
    ) -> None:
        self.source = source
        self.text = source.text
        self.at = at
        self.expected = expected
        self.brackets = [offset for offset in opened if self.text[offset] in CLOSING]
        self.before = before
        self.after = after
        self.here = after[0] if after else None

    @property
    def last(self) -> Token | None:
        """The token before."""
        return self.before[-1] if self.before else None

    @property
    def next(self) -> Token | None:
        """The token behind ``here``."""
        return self.after[1] if len(self.after) > 1 else None

    @property
    def bracket(self) -> str:
        """The innermost bracket that is open, or nothing."""
        return self.text[self.brackets[-1]] if self.brackets else ""

    @property
    def goes_on_from_value(self) -> bool:
        """Whether a value has just ended on this line."""
        last, here = self.last, self.here
        return (
            last is not None
            and here is not None
            and ends_operand(last)
            and "\n" not in self.text[last.end : here.start]
        )

    def unexpected(self, text: str) -> str:
        """The message that ``text`` should not be here. What else a file may go on with helps nobody."""
        if self.expected == FIELD and self.goes_on_from_value:
            return f"unexpected {self.quoted(text)}"
        return f"unexpected {self.quoted(text)}, expected {self.expected}"

    def place(self, offset: int) -> str:
        """``line:column``, to be said within a message."""
        line, column = self.source.position(offset)
        return f"{line}:{column}"

    def begins_line(self, offset: int) -> bool:
        return not self.text[self.source.line_start(offset) : offset].strip()

    def quoted(self, text: str) -> str:
        """The text as messages show it: in quotes, or by its number if nobody can read it."""
        if len(text) == 1 and not (text.isascii() and text.isprintable()):
            return f"character U+{ord(text):04X}" + (f" '{text}'" if text.isprintable() else "")
        return f"'{short(text)}'"


def replacing(message: str, token: Token, by: str, help: str) -> Advice:
    """Advice to write something else in place of ``token``."""
    fix = f"write {by.strip()}" if by.strip() else f"remove {token.text}"
    return Advice(message, *where(token), "", help, (), fix, ((token.start, token.end, by),))


def inserting(message: str, token: Token, at: int, what: str, help: str = "") -> Advice:
    """Advice to write ``what`` in addition, at offset ``at``; shown at ``token``."""
    return Advice(message, *where(token), "", help, (), f"insert {what.strip()}", ((at, at, what),))


def explaining(message: str, token: Token, help: str) -> Advice:
    """Advice that nobody but a person can follow."""
    return Advice(message, *where(token), help=help)


def quoting(message: str, start: int, text: str, help: str = "quote it") -> Advice:
    """Advice to put ``text``, which stands at ``start``, in quotes."""
    end = start + len(text)
    shown = short(text)
    edits = ((start, end, f"'{text}'"),)
    return Advice(message, start, end, "", f"{help}: '{shown}'", (), "quote it", edits)


def where(token: Token) -> tuple[int, int]:
    return token.start, token.end


def short(text: str) -> str:
    """The text on one line, and not too much of it."""
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
