"""What is wrong with a configuration: diagnostics with a position, an excerpt with a caret, and a way out."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import islice
from typing import Literal

import msgspec

from borgpy.errors import InvalidConfig

Code = Literal[
    "syntax",
    "name",
    "type",
    "unit",
    "field",
    "missing",
    "duplicate",
    "cycle",
    "import",
    "param",
    "assert",
    "limit",
    "range",
    "final",
    "placeholder",
    "call",
    "index",
    "arith",
]
"""The classes of error; they are stable, programs may rely on them."""

MAX_DIAGNOSTICS = 20
"""What a person can take in at once; the rest is only counted."""

_EXCERPT_WIDTH = 120
"""A longer line is shown around the caret only."""

_LONGEST_TEXT = 400
_LONGEST_WORD = 64
_MOST_CANDIDATES = 2000
"""Nobody reads or misspells more than this, and a hostile file must not make its own error message expensive."""


class Span(msgspec.Struct, frozen=True):
    """A stretch of a file. Lines and columns count from 1; the end is the first column behind it."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Source:
    """A file's text, which turns offsets into lines and columns when somebody asks."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """``(line, column)`` of an offset."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        return Span(self.name, *self.position(start), *self.position(end))

    def line_start(self, offset: int) -> int:
        """The offset at which the line of ``offset`` begins."""
        return self._line_starts[bisect_right(self._line_starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """The offset of the line break that ends the line of ``offset``."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end

    def diagnose(
        self,
        code: Code,
        where: tuple[int, int],
        message: str,
        *,
        label: str = "",
        notes: tuple[str, ...] = (),
        help: str = "",
    ) -> "Diagnostic":
        """A diagnostic for the text between the offsets ``where``, with its excerpt."""
        excerpt, caret = _excerpt(self, *where)
        return Diagnostic(
            code,
            self.span(*where),
            _clipped(message),
            _clipped(label),
            excerpt,
            caret,
            tuple(_clipped(note) for note in notes),
            _clipped(help),
        )


class Diagnostic(msgspec.Struct, frozen=True, omit_defaults=True):
    """One mistake. ``excerpt`` is the line it is in, ``caret`` the underline beneath, ``label`` what to say beside that."""

    code: Code
    span: Span
    message: str
    label: str = ""
    excerpt: str = ""
    caret: str = ""
    notes: tuple[str, ...] = ()
    help: str = ""

    def render(self) -> str:
        """The text for people. Its first line, ``FILE:LINE:COL: error[CLASS]: text``, is stable."""
        lines = [f"{self.span}: error[{self.code}]: {self.message}"]
        if self.excerpt:
            lines.append(f"{self.span.line:>5} | {self.excerpt}".rstrip())
            lines.append(f"      | {self.caret} {self.label}".rstrip())
        elif self.label:
            lines.append(f"  note: {self.label}")
        lines += [f"  note: {note}" for note in self.notes]
        if self.help:
            lines.append(f"  help: {self.help}")
        return "\n".join(lines)


class BclError(InvalidConfig):
    """A configuration that cannot be used: everything found wrong with it, in the order of the text."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        every = in_order(diagnostics)
        self.diagnostics = every[:MAX_DIAGNOSTICS]
        self.code: Code = every[0].code
        texts = [diagnostic.render() for diagnostic in self.diagnostics]
        if len(every) > MAX_DIAGNOSTICS:
            texts.append(f"and {len(every) - MAX_DIAGNOSTICS} more errors")
        super().__init__("\n\n".join(texts))


class Findings:
    """The diagnostics of one file, gathered while it is looked through."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Diagnostic] = []

    def add(
        self,
        code: Code,
        where: tuple[int, int],
        message: str,
        *,
        label: str = "",
        notes: tuple[str, ...] = (),
        help: str = "",
    ) -> None:
        self.found.append(
            self.source.diagnose(code, where, message, label=label, notes=notes, help=help)
        )

    def suggestion(self, word: str, candidates: Callable[[], Iterable[str]]) -> str:
        """As the function; only for as many mistakes as are shown, since comparing with every name takes long."""
        return suggestion(word, candidates()) if len(self.found) < MAX_DIAGNOSTICS else ""

    def raise_if_any(self) -> None:
        if self.found:
            raise BclError(self.found)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each diagnostic once, first things first."""
    once = {(d.span, d.code, d.message): d for d in diagnostics}
    return tuple(
        sorted(once.values(), key=lambda d: (d.span.file, d.span.line, d.span.column, d.code))
    )


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """The candidate which ``word`` was probably meant to be, or nothing."""
    from difflib import get_close_matches  # only a mistake has to pay for this import

    if len(word) > _LONGEST_WORD:
        return ""
    known = (name for name in islice(candidates, _MOST_CANDIDATES) if len(name) <= _LONGEST_WORD)
    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else ""


def _excerpt(source: Source, start: int, end: int) -> tuple[str, str]:
    line_start, line_end = source.line_start(start), source.line_end(start)
    first, last = line_start, line_end
    if line_end - line_start > _EXCERPT_WIDTH:
        first = max(line_start, min(start - _EXCERPT_WIDTH // 2, line_end - _EXCERPT_WIDTH))
        last = min(line_end, first + _EXCERPT_WIDTH)
    before = "..." if first > line_start else ""
    after = "..." if last < line_end else ""
    shown = _printable(source.text[first:last])
    width = max(1, min(end, last) - start)
    return f"{before}{shown}{after}", " " * (len(before) + start - first) + "^" * width


def _printable(text: str) -> str:
    """Tabs and control characters become blanks: the caret stays in place, and a terminal obeys nobody's file."""
    return "".join(c if c.isprintable() else " " for c in text)


def _clipped(text: str) -> str:
    return _printable(text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "...")
