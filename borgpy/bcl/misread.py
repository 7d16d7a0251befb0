"""What the parser could not read: from where it stopped to a diagnostic that says what to do."""

import re

from borgpy.bcl.advice import advice_on
from borgpy.bcl.advice.situation import Advice, Situation
from borgpy.bcl.diagnostics import Code, Details, Edit, Fault, Fix, Source, Spot
from borgpy.bcl.lexer import Kind, Token, tokens

_LOOK_BACK = 4000
"""Characters of the misread member that advice takes into account."""

_LONGEST_SHOWN = 40


class Misread(Exception):
    """Something that has the right shape and says something impossible, between two offsets."""

    def __init__(
        self,
        start: int,
        end: int,
        message: str,
        *,
        code: Code = "syntax",
        label: str = "",
        help: str = "",
    ) -> None:
        super().__init__(message)
        self.start = start
        self.end = end
        self.message = message
        self.code: Code = code
        self.label = label
        self.help = help


class Unexpected(Misread):
    """At ``start`` stands something else than what is ``expected``."""

    def __init__(self, start: int, expected: str) -> None:
        super().__init__(start, start + 1, f"expected {expected}")
        self.expected = expected


def describe(source: Source, misread: Misread, begin: int, opened: list[int]) -> Fault:
    """What the misreading means, for people.

    It happened in what begins at ``begin``, within what ``opened`` at these offsets.
    """
    if isinstance(misread, Unexpected):
        situation = _situation(source, misread, begin, opened)
        advice = advice_on(situation) or _plain(situation)
    else:
        advice = Advice(misread.message, misread.start, misread.end, misread.label, misread.help)
    spot = Spot(source, advice.start, advice.end)

    def details() -> Details:
        return Details(
            label=advice.label, notes=advice.notes, help=advice.help, fixes=_fixes(source, advice)
        )

    return Fault(misread.code, spot, advice.message, details)


def _situation(source: Source, misread: Unexpected, begin: int, opened: list[int]) -> Situation:
    text, at = source.text, misread.start
    begin = min(begin, at)
    if at - begin > _LOOK_BACK:
        begin = text.find("\n", at - _LOOK_BACK, at) + 1 or at - _LOOK_BACK
    before = [token for token in tokens(text, begin, at) if token.kind is not Kind.COMMENT]
    after: list[Token] = []
    for token in tokens(text, at):
        if token.kind is not Kind.COMMENT:
            after.append(token)
        if len(after) == 4:
            break
    return Situation(source, at, misread.expected, opened, before, after)


def _fixes(source: Source, advice: Advice) -> tuple[Fix, ...]:
    if not advice.fix:
        return ()
    edits = tuple(Edit(source.span(start, end), text) for start, end, text in advice.edits)
    return (Fix(advice.fix, edits),)


def _plain(situation: Situation) -> Advice:
    """What is there, and what should be: all there is to say when no mistake is recognised."""
    here = situation.here
    if here is None:
        return Advice(
            f"unexpected end of file, expected {situation.expected}", situation.at, situation.at
        )
    shown = here.text if len(here.text) <= _LONGEST_SHOWN else f"{here.text[:_LONGEST_SHOWN]}..."
    shown = re.sub(r"\s+", " ", shown)
    return Advice(
        f"unexpected {situation.quoted(shown)}, expected {situation.expected}", here.start, here.end
    )
