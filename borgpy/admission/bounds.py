"""The complaint that a number is out of its bounds."""

from collections.abc import Iterator

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
