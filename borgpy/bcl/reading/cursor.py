"""A place in a text, and the small steps on from there: marks, words, brackets, names, literals."""

import re
from collections.abc import Callable
from functools import lru_cache

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.limits import Limits, raised_by
from borgpy.bcl.reading import lexer
from borgpy.bcl.reading.literals import BadLiteral, read_negative, read_number, read_string
from borgpy.bcl.reading.misread import NAME, Misread, Unexpected
from borgpy.bcl.syntax import RESERVED

FOLLOWING = rf"{lexer.SKIPPED}({lexer.OPERATOR})?"
QUOTES = ("'", '"')

_following = re.compile(FOLLOWING).match
_skipped = re.compile(lexer.SKIPPED).match
_word = re.compile(lexer.NAME).match

_Read = Callable[[str], tuple[int | float, str]]
_read_number = lru_cache(1024)(read_number)


class Cursor:
    """Where one text is being read. Between two steps ``at`` never lies within blanks or a comment.

    ``end`` is where the last thing read ended, ``next`` the operator which was found behind it, up to ``at``.
    ``opened`` are the beginnings of all that is not finished; ``begin`` is that of the member which was begun last.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source = source
        self.text = source.text
        self.limits = limits
        self.at = 0
        self.end = 0
        self.next = ""
        self.opened: list[int] = []
        self.begin = 0

    def open(self, at: int) -> None:
        """Enters what begins at ``at`` and ends with ``opened.pop()``."""
        self.opened.append(at)
        if len(self.opened) > self.limits.nesting:
            raise Misread(
                at,
                at + 1,
                f"nested deeper than {self.limits.nesting:,}",
                code="limit",
                help=raised_by("nesting"),
            )

    def close(self, bracket: str, expected: str = "") -> None:
        """Leaves what was opened last, and looks at what follows."""
        if self.text[self.at : self.at + 1] != bracket:
            raise Unexpected(self.at, expected or f"'{bracket}'")
        self.opened.pop()
        self.follow(self.at + 1)

    def follow(self, end: int) -> None:
        """Looks at what follows the value that ended at ``end``."""
        match = _following(self.text, end)
        assert match is not None
        self.end = end
        self.at = match.end()
        self.next = match[1] or ""

    def passed(self, match: re.Match[str]) -> None:
        """Goes on behind a match of one token and the operator that may follow."""
        self.end = match.end(1)
        self.at = match.end()
        self.next = match[2] or ""

    def skip(self, at: int) -> None:
        """Goes on with the next token from ``at``."""
        match = _skipped(self.text, at)
        assert match is not None
        self.at = match.end()

    def passes(self, mark: str) -> bool:
        """Whether ``mark``, a single character, stands here; if so, goes on with the next token."""
        if self.text[self.at : self.at + 1] != mark:
            return False
        self.skip(self.at + 1)
        return True

    def expect(self, mark: str) -> None:
        """Goes on behind ``mark``, which has to stand here."""
        if not self.passes(mark):
            raise Unexpected(self.at, f"'{mark}'")

    def word(self) -> str:
        """The word that stands here, or nothing."""
        match = _word(self.text, self.at)
        return match[0] if match else ""

    def expect_word(self, word: str, expected: str = "") -> None:
        """Goes on behind ``word``, which has to stand here."""
        if self.word() != word:
            raise Unexpected(self.at, expected or f"'{word}'")
        self.skip(self.at + len(word))

    def new_name(self, expected: str = NAME) -> str:
        """Goes on behind a name, which has to stand here and may not be reserved; ``end`` is its end."""
        word = self.word()
        if not word:
            raise Unexpected(self.at, expected)
        if word in RESERVED:
            raise Unexpected(self.at, NAME)
        self.end = self.at + len(word)
        self.skip(self.end)
        return word

    def name(self, match: re.Match[str], group: int = 1) -> str:
        """The name in a group, which may be no reserved word and not quoted."""
        name = match[group]
        if name in RESERVED or name[0] in QUOTES:
            raise Unexpected(match.start(group), NAME)
        return name

    def string(self, token: str, start: int) -> str:
        """What a quoted string says that starts at ``start``."""
        if len(token) > self.limits.string:
            raise Misread(
                start,
                start + len(token),
                f"a string of {len(token):,} characters, more than {self.limits.string:,}",
                code="limit",
                help=raised_by("string"),
            )
        if "\\" not in token and token[:3] != '"""':
            return token[1:-1]
        try:
            return read_string(token)
        except BadLiteral as bad:
            raise _misread(bad, start, start + len(token)) from None

    def constant(self, start: int, end: int, token: str) -> syntax.Constant:
        return syntax.Constant(start, end, self.string(token, start))


def number(start: int, end: int, token: str) -> syntax.Number:
    if len(token) < 19 and token.isdigit() and (token[0] != "0" or token == "0"):
        return syntax.Number(start, end, int(token))
    return syntax.Number(start, end, *_read(_read_number, token, start))


def negative_number(start: int, end: int, token: str) -> syntax.Number:
    """The number whose sign stands at ``start``."""
    return syntax.Number(start, end, *_read(read_negative, token, end - len(token)))


def _read(reader: _Read, token: str, start: int) -> tuple[int | float, str]:
    try:
        return reader(token)
    except BadLiteral as bad:
        raise _misread(bad, start, start + len(token)) from None


def _misread(bad: BadLiteral, start: int, end: int) -> Misread:
    return Misread(start + bad.offset, end, bad.message, code=bad.code, help=bad.help)
