"""What is wrong with a configuration: diagnostics with a position, an excerpt with a caret, and a way out."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from heapq import nlargest
from itertools import islice
from typing import Literal, NamedTuple

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
_SHORT_WORD = 3
"""A part of such a word resembles anything: only letters that were mixed up or left out count as a slip."""

_MOST_CANDIDATES = 2000
_MOST_COMPARED = 50
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


class Spot(NamedTuple):
    """A stretch of a source, by offsets: cheap to make, turned into a `Span` when somebody asks."""

    source: Source
    start: int
    end: int

    @property
    def span(self) -> Span:
        return self.source.span(self.start, self.end)

    @property
    def text(self) -> str:
        """What is written there."""
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"


class Variable(msgspec.Struct, frozen=True):
    """A name that took part in a mistake: ``shown`` is its value, ``origin`` tells where that was set."""

    name: str
    shown: str
    origin: str = ""


class Step(msgspec.Struct, frozen=True):
    """One step of how the mistake was reached: ``job web``, ``extends base``, and where each is written."""

    what: str
    where: str


class Edit(msgspec.Struct, frozen=True):
    """Replace what stands at ``span`` by ``text``."""

    span: Span
    text: str


class Fix(msgspec.Struct, frozen=True):
    """A way out that an editor can take by itself."""

    title: str
    edits: tuple[Edit, ...]


class Details(msgspec.Struct, frozen=True):
    """All that is said about a mistake beyond its first line. ``label`` stands beside the caret."""

    label: str = ""
    notes: tuple[str, ...] = ()
    help: str = ""
    variables: tuple[Variable, ...] = ()
    via: tuple[Step, ...] = ()
    fixes: tuple[Fix, ...] = ()


class Diagnostic(msgspec.Struct, frozen=True, omit_defaults=True):
    """One mistake. ``excerpt`` is the line it is in, ``caret`` the underline beneath, ``label`` what to say beside that."""

    code: Code
    span: Span
    message: str
    label: str = ""
    excerpt: str = ""
    caret: str = ""
    variables: tuple[Variable, ...] = ()
    via: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    fixes: tuple[Fix, ...] = ()

    def render(self) -> str:
        """The text for people. Its first line, ``FILE:LINE:COL: error[CLASS]: text``, is stable."""
        lines = [f"{self.span}: error[{self.code}]: {self.message}"]
        if self.excerpt:
            lines.append(f"{self.span.line:>5} | {self.excerpt}".rstrip())
            lines.append(f"      | {self.caret} {self.label}".rstrip())
        elif self.label:
            lines.append(f"  note: {self.label}")
        lines += _table("where", [(f"{v.name} = {v.shown}", v.origin) for v in self.variables])
        lines += _table("via", [(step.what, step.where) for step in self.via])
        lines += [f"  note: {note}" for note in self.notes]
        if self.help:
            lines.append(f"  help: {self.help}")
        return "\n".join(lines)


_NO_DETAILS = Details()


class Fault(Exception):
    """A mistake at a spot, on its way to whoever reports it. The details are made only if it is shown."""

    def __init__(
        self,
        code: Code,
        spot: Spot,
        message: str,
        details: "Details | Callable[[], Details]" = _NO_DETAILS,
    ) -> None:
        if len(message) > _LONGEST_TEXT:  # thousands of mistakes may tell the same long text
            message = message[: _LONGEST_TEXT + 1]
        super().__init__(message)
        self.code: Code = code
        self.spot = spot
        self.message = message
        self._details = details

    def details(self) -> Details:
        return self._details() if callable(self._details) else self._details

    def diagnostic(self) -> Diagnostic:
        """What to show of it: with the excerpt and every detail."""
        details = self.details()
        excerpt, caret = _excerpt(*self.spot)
        return Diagnostic(
            self.code,
            self.spot.span,
            _clipped(self.message),
            _clipped(details.label),
            excerpt,
            caret,
            tuple(Variable(v.name, _clipped(v.shown), v.origin) for v in details.variables),
            details.via,
            tuple(_clipped(note) for note in details.notes),
            _clipped(details.help),
            details.fixes,
        )


class BclError(InvalidConfig):
    """A configuration that cannot be used: everything found wrong with it, in the order of the text."""

    def __init__(self, diagnostics: Iterable[Diagnostic], more: int = 0) -> None:
        every = in_order(diagnostics)
        self.diagnostics = every[:MAX_DIAGNOSTICS]
        self.code: Code = every[0].code
        texts = [diagnostic.render() for diagnostic in self.diagnostics]
        if more := more + max(0, len(every) - MAX_DIAGNOSTICS):
            texts.append(f"and {more} more error{'s' if more > 1 else ''}")
        super().__init__("\n\n".join(texts))


class Findings:
    """The mistakes of one evaluation, each once, gathered while it is looked through."""

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self._seen: set[tuple[Code, str, int, str]] = set()

    def add(self, fault: Fault) -> None:
        """Takes a mistake up, unless it is known: what is broken breaks everything that reads it."""
        key = (fault.code, fault.spot.source.name, fault.spot.start, fault.message)
        if key not in self._seen:
            self._seen.add(key)
            # Neither the way out here nor what it was before is told, and both keep much alive.
            fault.__context__ = fault.__traceback__ = None
            self.found.append(fault)

    def report(
        self,
        code: Code,
        spot: Spot,
        message: str,
        details: "Details | Callable[[], Details]" = _NO_DETAILS,
    ) -> None:
        self.add(Fault(code, spot, message, details))

    def raise_if_any(self) -> None:
        if self.found:
            raise self.error()

    def error(self) -> BclError:
        """Everything found. Details are worked out for as many mistakes as are shown, in the order of the text."""
        ordered = sorted(self.found, key=lambda f: (f.spot.source.name, f.spot.start, f.code))
        shown = [fault.diagnostic() for fault in ordered[:MAX_DIAGNOSTICS]]
        return BclError(shown, len(ordered) - len(shown))


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each diagnostic once, first things first."""
    once = {(d.span, d.code, d.message): d for d in diagnostics}
    return tuple(
        sorted(once.values(), key=lambda d: (d.span.file, d.span.line, d.span.column, d.code))
    )


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """What to say beside the caret about a ``word`` that is none of the ``candidates``; nothing if it is like none."""
    meant = suggestion(word, candidates)
    return f"did you mean '{meant}'?" if meant else ""


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """The candidate which ``word`` was probably meant to be, or nothing."""
    from difflib import get_close_matches  # only a mistake has to pay for this import

    if len(word) > _LONGEST_WORD:
        return ""
    known = (name for name in islice(candidates, _MOST_CANDIDATES) if len(name) <= _LONGEST_WORD)
    by_folded = {candidate.casefold(): candidate for candidate in known}
    folded = word.casefold()
    letters = Counter(folded)
    near = nlargest(_MOST_COMPARED, by_folded, key=lambda name: _likeness(letters, name))
    close = get_close_matches(folded, near, n=3, cutoff=0.6)
    if len(word) <= _SHORT_WORD:
        close = [name for name in close if len(name) in (len(word), len(word) + 1)]
    return by_folded[close[0]] if close else ""


def _likeness(letters: "Counter[str]", name: str) -> float:
    """How much two words have in common, whatever the order of their letters: quick, and never too small."""
    common = sum((letters & Counter(name)).values())
    return common / (letters.total() + len(name))


def _table(title: str, rows: list[tuple[str, str]]) -> list[str]:
    """Rows of two columns behind a title of their first line."""
    width = min(max((len(left) for left, _ in rows), default=0), 40)
    return [
        f"  {'' if number else title:<6}{left:<{width}}  {right}".rstrip()
        for number, (left, right) in enumerate(rows)
    ]


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
