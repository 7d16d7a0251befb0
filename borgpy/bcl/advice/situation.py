"""Where the parser stopped, for the rules that recognise what was meant, and what they say about it."""

from collections.abc import Sequence
from typing import NamedTuple

from borgpy.bcl.diagnostics import Source
from borgpy.bcl.lexer import Token

VALUE = "a value"
FIELD = "a field"
NAME = "a name"
TYPE = "a type"
CLOSING = {"(": ")", "[": "]", "{": "}"}


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
        self.opened = opened
        self.before = before
        self.after = after
        self.here = after[0] if after else None

    @property
    def last(self) -> Token | None:
        """The token before."""
        return self.before[-1] if self.before else None

    @property
    def bracket(self) -> str:
        """The innermost bracket that is open, or nothing."""
        mark = self.text[self.opened[-1]] if self.opened else ""
        return mark if mark in CLOSING else ""

    def on_one_line(self, first: Token, second: Token) -> bool:
        return "\n" not in self.text[first.end : second.start]

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
        return f"'{text}'"

    def replacing(self, message: str, token: Token, by: str, help: str) -> Advice:
        """Advice to write something else in place of ``token``."""
        edits = ((token.start, token.end, by),)
        return Advice(message, token.start, token.end, "", help, (), f"write {by.strip()}", edits)

    def inserting(self, message: str, at: int, what: str, help: str = "") -> Advice:
        """Advice to write ``what`` in addition, at offset ``at``; shown where the parser stopped."""
        end = self.here.end if self.here else self.at
        edits = ((at, at, what),)
        return Advice(message, self.at, end, "", help, (), f"insert {what.strip()}", edits)
