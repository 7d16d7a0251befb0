"""Remarks about a text, and the comments in it that silence them."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from borgpy.bcl.diagnostics import Details, Fault, Fix, Source, Span, Spot
from borgpy.bcl.reading import lexer

_PIECE = re.compile(rf"(?P<comment>{lexer.COMMENT})|{lexer.STRING}", re.DOTALL)
_INDENT = re.compile(r"^[ \t]*+", re.MULTILINE)
_SILENCED = re.compile(r"lint:\s*ignore\[([^\]\n]*)\]")


class Remark(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is probably not meant. ``rule`` is the name it is silenced by."""

    rule: str
    span: Span
    message: str
    label: str = ""
    excerpt: str = ""
    caret: str = ""
    notes: tuple[str, ...] = ()
    help: str = ""
    fixes: tuple[Fix, ...] = ()

    def render(self) -> str:
        """The text for people, in the layout of an error."""
        lines = [
            f"{self.span}: warning[{self.rule}]: {self.message}",
            f"{self.span.line:>5} | {self.excerpt}".rstrip(),
            f"      | {self.caret} {self.label}".rstrip(),
            *(f"  note: {note}" for note in self.notes),
        ]
        return "\n".join([*lines, f"  help: {self.help}"] if self.help else lines)


def remark(rule: str, spot: Spot, message: str, details: Details | None = None) -> Remark:
    """A remark at a place of a file."""
    shown = Fault("syntax", spot, message, details or Details()).diagnostic()
    return Remark(
        rule,
        shown.span,
        shown.message,
        shown.label,
        shown.excerpt,
        shown.caret,
        shown.notes,
        shown.help,
        shown.fixes,
    )


def line_beginnings(text: str) -> set[int]:
    """The offset in each line before which nothing but blanks stands."""
    return {match.end() for match in _INDENT.finditer(text)}


def comments(text: str) -> Iterator[tuple[int, int]]:
    """The offsets of every comment."""
    for match in _PIECE.finditer(text):
        if match["comment"] is not None:
            yield match.span()


_MOST_RULES = 50
"""More names in one place are not names of rules."""


class Silence:
    """The rules that a file's ``// lint: ignore[rule]`` silences, by line; alone on its line, it means the next one."""

    def __init__(self, source: Source) -> None:
        self.named: list[tuple[str, Spot]] = []
        """Every rule that is named, and where."""
        self._rules: dict[int, set[str]] = {}
        if "lint:" not in source.text:
            return
        self._beginnings = line_beginnings(source.text)
        for start, end in comments(source.text):
            found = _SILENCED.search(source.text, start, end)
            if found is not None:
                self._take(source, start, end, found)

    def covers(self, remark: Remark) -> bool:
        return remark.rule in self._rules.get(remark.span.line, ())

    def _take(self, source: Source, start: int, end: int, found: re.Match[str]) -> None:
        is_alone = start in self._beginnings
        line, _ = source.position(end)
        rules = self._rules.setdefault(line + 1 if is_alone else line, set())
        for name in islice(re.finditer(r"[^\s,]+", found[1]), _MOST_RULES - len(rules)):
            at = found.start(1) + name.start()
            self.named.append((name[0], Spot(source, at, at + len(name[0]))))
            rules.add(name[0])
        if is_alone:  # several such lines may follow each other
            rules |= set(islice(self._rules.get(line, ()), _MOST_RULES - len(rules)))


def in_order(remarks: Iterable[Remark]) -> list[Remark]:
    """First things first."""
    return sorted(remarks, key=lambda r: (r.span.file, r.span.line, r.span.column, r.rule))
