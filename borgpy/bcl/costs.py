"""What work costs in steps; it is paid before it is done, so that a hostile file cannot have it done for nothing."""

from borgpy.bcl.faces import Meter
from borgpy.bcl.limits import raised_by
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
