"""Advice on brackets that are not closed, or by the wrong one."""

import re

from borgpy.bcl.advice.situation import CLOSING, Advice, Situation, where
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.reading.lexer import Kind, tokens
from borgpy.bcl.reading.misread import FIELD
from borgpy.bcl.syntax import KINDS

_LONGEST_LOOKED_THROUGH = 200_000
"""Characters of a file in which indentation is compared: a hint is not worth more."""

_setting = re.compile(
    r"(?:(?:hidden|final|local|param|job|service|alloc|alloc_set|package|template)[ \t]+)*"
    r"(?:[A-Za-z_]\w*|\"[^\"\n]*\"|'[^'\n]*')[ \t]*(?:=(?![=>])|\+=|[{:])",
    re.ASCII,
).match


def unfinished(situation: Situation) -> Advice | None:
    """The file ends within brackets."""
    if situation.here is not None or not situation.bracket:
        return None
    end = len(situation.text.rstrip())
    opener = situation.brackets[-1]
    return Advice(
        f"unexpected end of file, unclosed {_opened_at(situation, opener)}",
        end,
        end,
        notes=_hiding_comment(situation.source, opener) + _suspect(situation),
    )


def unclosed_above(situation: Situation) -> Advice | None:
    """What stands here begins a new member, but an earlier line has left a bracket open."""
    here = situation.here
    if here is None or not situation.bracket:
        return None
    opener = situation.brackets[-1]
    is_declaration = situation.expected == FIELD and _declares(situation)
    begins_line = situation.begins_line(here.start)
    begins_member = (
        situation.bracket != "{"
        and begins_line
        and _setting(situation.text, here.start) is not None
        and "\n" in situation.text[opener : here.start]
    )
    if not is_declaration and not begins_member:
        return None
    message = (
        "a declaration stands at the top of a file, not within a record"
        if is_declaration
        else situation.unexpected(here.text)
    )
    notes: tuple[str, ...] = ()
    if begins_line:
        notes = (f"{_opened_at(situation, opener)} is not closed above this line",)
        notes += _suspect(situation)
    return Advice(message, *where(here), notes=notes)


def mismatched(situation: Situation) -> Advice | None:
    """A closing bracket that closes nothing, or something else."""
    here = situation.here
    if here is None or here.text not in CLOSING.values():
        return None
    if not situation.bracket:
        if situation.expected != FIELD:
            return None
        return Advice(f"unexpected '{here.text}': nothing is open here", *where(here))
    needed = CLOSING[situation.bracket]
    if here.text == needed:
        return None
    opened = _opened_at(situation, situation.brackets[-1])
    return Advice(
        f"unexpected '{here.text}', expected '{needed}'",
        *where(here),
        notes=(f"{opened} is not closed", *_suspect(situation)),
    )


def _opened_at(situation: Situation, offset: int) -> str:
    return f"'{situation.text[offset]}' opened at {situation.place(offset)}"


def _declares(situation: Situation) -> bool:
    """Whether ``job web`` or the like stands here."""
    here, following = situation.here, situation.next
    if here is None or here.text not in KINDS or following is None:
        return False
    return following.kind in (Kind.WORD, Kind.STRING) or following.text == "["


def _hiding_comment(source: Source, opener: int) -> tuple[str, ...]:
    """A listing whose line breaks were lost: the first comment swallows what follows it."""
    for token in tokens(source.text, opener):
        is_line = token.kind is Kind.COMMENT and not token.text.startswith("/*")
        if is_line and re.search("[])=}]", token.text):
            line, column = source.position(token.start)
            return (f"the comment starting at {line}:{column} hides the rest of line {line}",)
    return ()


def _suspect(situation: Situation) -> tuple[str, ...]:
    """A closing bracket that begins a line which is indented otherwise than that of its opening one."""
    source = situation.source
    if len(source.text) > _LONGEST_LOOKED_THROUGH:
        return ()
    stack: list[int] = []
    for token in tokens(source.text, 0, situation.at):
        if token.kind is not Kind.MARK:
            continue
        if token.text in CLOSING:
            stack.append(token.start)
        elif token.text in CLOSING.values() and stack:
            opener = stack.pop()
            if situation.begins_line(token.start) and _is_out_of_line(source, opener, token.start):
                return (
                    f"'{source.text[opener]}' opened at {situation.place(opener)} meets the '{token.text}' at"
                    f" {situation.place(token.start)}, which is indented otherwise",
                )
    return ()


def _is_out_of_line(source: Source, opener: int, closing: int) -> bool:
    return _indentation(source, opener) != _indentation(source, closing)


def _indentation(source: Source, offset: int) -> int:
    line = source.text[source.line_start(offset) : source.line_end(offset)]
    return len(line) - len(line.lstrip())
