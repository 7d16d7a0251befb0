"""Texts that are being typed: how to read one that is not finished around the cursor, and where things were before."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.mentions import Mention

MARKER = "zz__cursor"
"""A name that nobody gives anything, for what is being typed."""

_WORD_BEFORE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_WORD_BEHIND = re.compile(r"[A-Za-z0-9_]*")
_PIECE = re.compile(
    r'//[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z)|"""(?:\\.|.)*?(?:"""|\Z)|"(?:\\.|[^"\\\n])*"?|\'(?:\\.|[^\'\\\n])*\'?|[()\[\]{}]',
    re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}

Parse = Callable[[Source], syntax.File]


class Typed(NamedTuple):
    """A text made whole, and the name at its cursor. ``prefix`` is what has been typed of it."""

    file: Index
    mention: Mention
    prefix: str


def typed_at(source: Source, offset: int, parse: Parse) -> Typed | None:
    """What is being typed at an offset; nothing where no name can stand, or no guess makes sense of the text."""
    before = source.text[:offset]
    match = _WORD_BEFORE.search(before)
    prefix = match[0] if match else ""
    start = offset - len(prefix)
    behind = _WORD_BEHIND.match(source.text, offset)
    end = behind.end() if behind else offset
    for text in _guesses(source, start, end):
        guess = Source(source.name, text)
        try:
            index = Index(guess, parse(guess))
        except BclError:
            continue
        mention = index.mention_at(start)
        if mention is not None and mention.name == MARKER:
            return Typed(index, mention, prefix)
    return None


def is_quoted(text: str, offset: int) -> bool:
    """Whether an offset lies within a comment or a string, and not in what an f-string interpolates."""
    for match in _PIECE.finditer(text):
        start, end = match.span()
        if start >= offset:
            break
        if len(match[0]) == 1 and match[0] not in "\"'":
            continue
        if offset < end or (offset == end and not _is_closed(match[0])):
            is_fstring = text[start] in "\"'" and text[start - 1 : start] == "f"
            inside = text[start:offset].replace("{{", "")
            return not (is_fstring and inside.rfind("{") > inside.rfind("}"))
    return False


def _guesses(source: Source, start: int, end: int) -> Iterator[str]:
    """Texts that may have been meant: a field, or a value; with what follows in the line, or without."""
    text = source.text
    head, line_end = text[:start], source.line_end(end)
    after_dot = head.rstrip().endswith(".") and not head.rstrip().endswith("..")
    fillings = [MARKER] if after_dot else [f"{MARKER} = 0", MARKER]
    for tail in (text[end:], text[line_end:]):
        for filling in fillings:
            yield f"{head}{filling}{tail}"
    unclosed = "".join(reversed(list(_unclosed(head))))
    for filling in fillings:
        yield f"{head}{filling}{unclosed}"


def _unclosed(text: str) -> list[str]:
    """What would close the brackets that are open at the end of a text, the outermost first."""
    found: list[str] = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece in _CLOSING:
            found.append(_CLOSING[piece])
        elif found and piece == found[-1]:
            found.pop()
    return found


def _is_closed(piece: str) -> bool:
    if piece.startswith('"""'):
        return len(piece) >= 6 and piece.endswith('"""')
    if piece.startswith("/*"):
        return len(piece) >= 4 and piece.endswith("*/")
    return len(piece) > 1 and piece[-1] == piece[0] and piece[0] in "\"'"


def moved(offset: int, old: str, new: str) -> int | None:
    """Where an offset of the old text is in the new one; nothing if it lies in what has changed."""
    first, last = unchanged(old, new)
    if offset <= first:
        return offset
    if offset >= len(old) - last:
        return offset + len(new) - len(old)
    return None


def unchanged(old: str, new: str) -> tuple[int, int]:
    """How many characters two texts have in common at their beginning, and how many of the rest at their end."""
    first = _common(old, new)
    return first, _common(old[first:][::-1], new[first:][::-1])


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
