"""What the parser could not read: from where it stopped to a diagnostic that says what to do."""

from typing import TYPE_CHECKING

from borgpy.bcl.diagnostics import Code, Details, Edit, Fault, Fix, Source, Spot
from borgpy.bcl.reading.lexer import Kind, Token, tokens

if TYPE_CHECKING:
    from borgpy.bcl.advice.situation import Advice, Situation

VALUE = "a value"
FIELD = "a field"
NAME = "a name"
TYPE = "a type"

_LOOK_BACK = 4000
"""Characters of the misread member that advice takes into account."""

_LOOK_AHEAD = 4
"""Tokens behind the misreading that advice takes into account."""


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
    # Only who has made a mistake pays for the advice.
    from borgpy.bcl.advice import advice_on
    from borgpy.bcl.advice.quoting import glued_number
    from borgpy.bcl.advice.situation import Advice

    if isinstance(misread, Unexpected):
        advice = advice_on(_situation(source, misread, begin, opened))
    else:
        help = misread.help
        if misread.code == "syntax":
            help = glued_number(source.text, misread.start) or help
        advice = Advice(misread.message, misread.start, misread.end, misread.label, help)
    details = Details(
        label=advice.label, notes=advice.notes, help=advice.help, fixes=_fixes(source, advice)
    )
    return Fault(misread.code, Spot(source, advice.start, advice.end), advice.message, details)


def _situation(source: Source, misread: Unexpected, begin: int, opened: list[int]) -> "Situation":
    from borgpy.bcl.advice.situation import Situation

    text, at = source.text, misread.start
    begin = min(begin, at)
    if at - begin > _LOOK_BACK:
        begin = text.find("\n", at - _LOOK_BACK, at) + 1 or at - _LOOK_BACK
    before = [token for token in tokens(text, begin, at) if token.kind is not Kind.COMMENT]
    after: list[Token] = []
    for token in tokens(text, at):
        if token.kind is not Kind.COMMENT:
            after.append(token)
        if len(after) == _LOOK_AHEAD:
            break
    return Situation(source, at, misread.expected, opened, before, after)


def _fixes(source: Source, advice: "Advice") -> tuple[Fix, ...]:
    if not advice.fix:
        return ()
    edits = tuple(Edit(source.span(start, end), text) for start, end, text in advice.edits)
    return (Fix(advice.fix, edits),)
