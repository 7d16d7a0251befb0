"""Advice on brackets that are not closed, or by the wrong one."""

import re

from borgpy.bcl.advice.situation import CLOSING, FIELD, Advice, Situation
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.lexer import Kind, tokens
from borgpy.bcl.syntax import KINDS

_LONGEST_LOOKED_THROUGH = 200_000
"""Characters of a file in which indentation is compared: a hint is not worth more."""

_member = re.compile(
    r"(?:(?:hidden|final|local|param|job|service|alloc|alloc_set|package|template)[ \t]+)*"
    r"(?:[A-Za-z_]\w*|\"[^\"\n]*\"|'[^'\n]*')[ \t]*(?:=(?![=>])|\+=|[{:])"
).match


def unfinished(situation: Situation) -> Advice | None:
    """The file ends within brackets."""
    if situation.here is not None or not situation.bracket:
        return None
    end = len(situation.text.rstrip())
    opener = situation.opened[-1]
    return Advice(
        f"unexpected end of file, unclosed {opened_at(situation, opener)}",
        end,
        end,
        notes=_hiding_comment(situation.source, opener) + _suspect(situation),
    )


def unclosed_above(situation: Situation) -> Advice | None:
    """What stands here begins a new item, but an earlier line has left a bracket open."""
    here = situation.here
    if here is None or not situation.bracket:
        return None
    opener = situation.opened[-1]
    is_declaration = situation.expected == FIELD and _declares(situation)
    begins_member = (
        situation.bracket != "{"
        and situation.begins_line(here.start)
        and _member(situation.text, here.start) is not None
        and "\n" in situation.text[opener : here.start]
    )
    if not is_declaration and not begins_member:
        return None
    message = (
        "a declaration stands at the top of a file, not within a record"
        if is_declaration
        else f"unexpected '{here.text}', expected {situation.expected}"
    )
    notes: tuple[str, ...] = ()
    if situation.begins_line(here.start):
        notes = (f"{opened_at(situation, opener)} is not closed above this line",)
        notes += _suspect(situation)
    return Advice(message, here.start, here.end, notes=notes)


def mismatched(situation: Situation) -> Advice | None:
    """A closing bracket that closes nothing, or something else."""
    here = situation.here
    if here is None or here.text not in CLOSING.values():
        return None
    if not situation.bracket:
        if situation.expected != FIELD:
            return None
        return Advice(f"unexpected '{here.text}': nothing is open here", here.start, here.end)
    needed = CLOSING[situation.bracket]
    if here.text == needed:
        return None
    opener = opened_at(situation, situation.opened[-1])
    return Advice(
        f"unexpected '{here.text}', expected '{needed}'",
        here.start,
        here.end,
        notes=(f"{opener} is not closed", *_suspect(situation)),
    )


def opened_at(situation: Situation, offset: int) -> str:
    return f"'{situation.text[offset]}' opened at {situation.place(offset)}"


def _declares(situation: Situation) -> bool:
    """Whether ``job web`` or the like stands here."""
    first, *others = situation.after
    if first.text not in KINDS or not others:
        return False
    return others[0].kind in (Kind.WORD, Kind.STRING) or others[0].text == "["


def _hiding_comment(source: Source, opener: int) -> tuple[str, ...]:
    """A listing whose line breaks were lost: the first comment swallows what follows it."""
    for token in tokens(source.text, opener):
        if token.kind is Kind.COMMENT and re.search("[])=}]", token.text):
            if token.text.startswith("/*"):
                continue
            line, column = source.position(token.start)
            return (f"the comment starting at {line}:{column} hides the rest of line {line}",)
    return ()


def _suspect(situation: Situation) -> tuple[str, ...]:
    """An opening bracket whose closing one begins a line that is indented otherwise: probably the one at fault."""
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
            if situation.begins_line(token.start) and _indent(source, opener) != _indent(
                source, token.start
            ):
                at, end = situation.place(opener), situation.place(token.start)
                mark = source.text[opener]
                return (
                    f"the '{token.text}' at {end} is indented otherwise than the line of '{mark}' at {at}",
                )
    return ()


def _indent(source: Source, offset: int) -> int:
    line = source.text[source.line_start(offset) : source.line_end(offset)]
    return len(line) - len(line.lstrip())
