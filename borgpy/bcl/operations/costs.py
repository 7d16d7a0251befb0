"""What work costs in steps; it is paid before it is done, so that a hostile file cannot have it done for nothing."""

from borgpy.bcl.limits import raised_by
from borgpy.bcl.operations.faces import Meter
from borgpy.bcl.values import Wrong

CHARACTERS_PER_STEP = 32
"""Text is copied and compared about so many times faster than anything else is done."""


def pay_items(meter: Meter, count: int) -> None:
    """One step for each item of a list that is made."""
    if count > meter.limits.items:
        raise Wrong(
            "limit",
            f"a list of {count:,} items is too long: at most {meter.limits.items:,}",
            help=raised_by("list"),
        )
    meter.spend(count)


def pay_text(meter: Meter, characters: int) -> None:
    """One step for every 32 characters of a string that is made."""
    if characters > meter.limits.string:
        raise Wrong(
            "limit",
            f"a string of {characters:,} characters is too long: at most {meter.limits.string:,}",
            help=raised_by("string"),
        )
    meter.spend(characters // CHARACTERS_PER_STEP)


def pay_reading(meter: Meter, characters: int) -> None:
    """One step for every 32 characters that are looked at, where none are made."""
    meter.spend(characters // CHARACTERS_PER_STEP)


def pay_search(meter: Meter, text: str, wanted: str) -> None:
    """One step for every 32 characters that are searched, and more where the search may have to begin anew at each.

    Python looks for short texts in short texts in the simple way, which takes time in proportion to the product of their
    lengths; for all others it has a linear one.
    """
    length = len(text)
    restarts = min(len(wanted), 2500 if length < 2500 else 100) if length < 30_000 else 0
    meter.spend(length // CHARACTERS_PER_STEP + length * restarts // 1024)
