"""The complaint that a number is out of its bounds, or a text no text."""

from collections.abc import Iterator

from borgpy.model.names import LINE_RULE, is_line
from borgpy.model.refusal import Problem


def between(field: str, value: int, lowest: int, highest: int, hint: str = "") -> Iterator[Problem]:
    """The problem with ``value``, if there is one."""
    if not lowest <= value <= highest:
        yield Problem(
            field,
            f"{field} is {value:,}, which is {'too small' if value < lowest else 'too large'}",
            hint=hint,
            got=str(value),
            allowed=f"{lowest:,} to {highest:,}",
        )


def in_a_line(field: str, text: str, what: str, lowest: int = 1) -> Iterator[Problem]:
    """The problem with ``text``, if it is no short line that can be shown."""
    if len(text) < lowest or not is_line(text):
        yield Problem(field, f"{text[:64]!r} is no {what}", got=text[:64], allowed=LINE_RULE)
