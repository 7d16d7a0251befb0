"""Where reading may go on behind a mistake, so that one run reports every independent one."""

import re

from borgpy.bcl.advice.situation import CLOSING
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.reading.lexer import END, NAME, SKIPPED, STRING, Kind, Token, tokens
from borgpy.bcl.syntax import KINDS

_KIND = rf"(?:{'|'.join(KINDS)}){END}{SKIPPED}"
_NAMED = rf"(?:(?:hidden|final|local|param){END}{SKIPPED}){{0,4}}(?:{_KIND})?(?:{NAME}|{STRING}){SKIPPED}"

_member = re.compile(rf"{_NAMED}(?:=(?![=>])|\+=|[{{:])|assert{END}").match
_setting = re.compile(rf"{_NAMED}=(?![=>])").match
_declaration = re.compile(rf"{_KIND}(?:{NAME}|{STRING}|\[)").match
_item = re.compile(
    r"^(?:(?:[A-Za-z_]\w*[ \t]+)*(?:[A-Za-z_]\w*|\"[^\"\n]*\"|'[^'\n]*')[ \t]*(?:=(?!=)|\+=|[{:])|assert\b)",
    re.MULTILINE | re.ASCII,
)

_DEEPEST = 300
"""Brackets within each other that were never closed; behind more of them nothing can be made out any more."""

_FARTHEST = 100_000
"""Characters of a member that are looked through for its end: each of many mistakes takes its time."""


def next_member(source: Source, begin: int, at: int) -> int | None:
    """Where the record goes on, or ends, whose member at ``begin`` was misread at ``at``; `None` if that is not seen.

    A member which stands in the first line of another, because that has no end, is read again.
    """
    text, line = source.text, source.line_start(at)
    stack: list[str] = []
    last: Token | None = None
    for token in tokens(text, begin, min(len(text), begin + _FARTHEST)):
        if token.kind is Kind.COMMENT:
            continue
        if token.start >= line and last is not None and _goes_on(text, token, last, at, stack):
            return token.start
        if token.kind is Kind.MARK and token.text in CLOSING:
            stack.append(token.text)
            if len(stack) > _DEEPEST:
                return None
        elif token.kind is Kind.MARK and token.text in CLOSING.values():
            ends = not _closes(stack, token.text) and token.text == "}"
            if ends and token.start >= at:
                return token.start
        last = token
    return None


def next_item(source: Source, begin: int, at: int) -> int | None:
    """Where a later item of the file seems to begin, judged by its line alone; brackets may be in disorder."""
    line = source.line_start(at)
    for match in _item.finditer(source.text, begin + 1):
        if match.start() >= line:
            return match.start()
    return None


def declares(source: Source, at: int) -> bool:
    """Whether a line begins with ``job web`` or the like here."""
    is_first = not source.text[source.line_start(at) : at].strip()
    return is_first and _declaration(source.text, at) is not None


def _goes_on(text: str, token: Token, last: Token, at: int, stack: list[str]) -> bool:
    """Whether the next member begins with ``token``, as far as one can see."""
    if "\n" in text[last.end : token.start]:
        if not stack:
            return _member(text, token.start) is not None
        # No list holds a member, and hardly ever does a call end a line: the bracket has no end.
        is_open = "{" not in stack and (stack[-1] == "[" or token.start == at)
        return is_open and _setting(text, token.start) is not None
    return (
        not stack
        and token.start > at
        and last.text in (",", ";")
        and _member(text, token.start) is not None
    )


def _closes(stack: list[str], mark: str) -> bool:
    """Whether a closing bracket ends something on the stack, which then ends with all that is in it."""
    for depth in range(len(stack) - 1, -1, -1):
        if CLOSING[stack[depth]] == mark:
            del stack[depth:]
            return True
        if stack[depth] == "{":
            return True  # a stray ']' or ')' within a record
    return False
