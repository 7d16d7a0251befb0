"""How values are shown within text: ``f"{name}-{shard:03d}"``."""

import re
from collections.abc import Sequence

from borgpy.bcl.operations.costs import CHARACTERS_PER_STEP, pay_text
from borgpy.bcl.operations.faces import Meter
from borgpy.bcl.operations.refusals import no_value_yet
from borgpy.bcl.syntax import Interpolation
from borgpy.bcl.values import (
    Bareword,
    PlaceholderText,
    Quantity,
    Value,
    Wrong,
    type_name,
    unknown_name,
)

_FORMAT = re.compile(
    r"(?P<zeros>0?)(?P<width>[1-9][0-9]?)?(?:\.(?P<digits>[0-9]{1,2}))?(?P<kind>[dfxXs]?)\Z"
)
_FORMATS = "a format is [0][width][.digits] and one of d f x X s, as in 03d and .2f; the width is below 100"

_USUAL_DIGITS = 6

_INSTEAD = {
    "null": "say what to show for it: if value == null then .. else ..",
    "list": 'join(items, ", ") makes text of a list of strings, json(list) of any',
    "record": "show one of its fields, or json(record)",
    "function": "call it",
}


class NotShown(Wrong):
    """A value that cannot be shown; ``index`` tells which of the values."""

    def __init__(self, wrong: Wrong, index: int) -> None:
        super().__init__(wrong.code, wrong.message, label=lambda: wrong.label, help=wrong.help)
        self.index = index


def interpolated(
    parts: Sequence[str | Interpolation], values: Sequence[Value], meter: Meter
) -> str | PlaceholderText:
    """The text of an f-string: what is written, and between it ``values``, one for each interpolation.

    With a placeholder among them the whole is only known when a task starts. Raises `NotShown`.
    """
    texts = []
    waits = False
    index = 0
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        value = values[index]
        if type(value) is str and not part.format:
            texts.append(value)
        else:
            waits = waits or type(value) is PlaceholderText
            try:
                texts.append(formatted(value, part.format))
            except Wrong as wrong:
                raise NotShown(wrong, index) from None
        index += 1
    length = sum(map(len, texts))
    if length >= CHARACTERS_PER_STEP:
        pay_text(meter, length)
    return PlaceholderText("".join(texts)) if waits else "".join(texts)


def text_of(value: Value) -> str:
    """What an f-string shows for a value: numbers in full, quantities as their amount of bytes or seconds."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value)
        case Quantity(amount=amount):
            return repr(amount)
        case Bareword():
            raise unknown_name(value)
        case PlaceholderText(text=text):
            return text
    kind = type_name(value)
    raise Wrong("type", f"{kind} cannot be shown in text", help=_INSTEAD.get(kind, ""))


def formatted(value: Value, spec: str) -> str:
    """A value as a format shows it: numbers to the right, text to the left of the width.

    Without a letter, text is shown as by ``s``, numbers as by ``f`` if digits are asked for, else in full.
    """
    if not spec:
        return str(value) if type(value) is int else text_of(value)
    found = _read(spec)
    width, digits, kind = int(found["width"] or 0), found["digits"], found["kind"]
    if type(value) is PlaceholderText:
        raise no_value_yet("a format", value)
    if type(value) is Bareword:
        raise unknown_name(value)
    amount = value.amount if type(value) is Quantity else value
    number = type(amount) is int or type(amount) is float
    if kind in ("d", "x", "X"):
        text = _whole(amount, kind, value)
    elif kind == "f" or (kind == "" and digits is not None and number):
        text = _fixed(amount, int(digits or _USUAL_DIGITS), value)
    elif kind == "" and number:
        text = text_of(value)
    else:
        if found["zeros"]:
            raise Wrong("type", f"zeros fill up numbers, not {type_name(value)}")
        return text_of(value)[: int(digits) if digits else None].ljust(width)
    return text.zfill(width) if found["zeros"] else text.rjust(width)


def check_format(spec: str) -> None:
    """Raises `Wrong` of class ``syntax`` unless `formatted` knows the format."""
    _read(spec)


def _read(spec: str) -> re.Match[str]:
    found = _FORMAT.match(spec)
    if found is None:
        raise Wrong("syntax", f"unknown format '{spec[:40]}'", help=_FORMATS)
    if found["digits"] is not None and found["kind"] in ("d", "x", "X"):
        message = f"'{found['kind']}' shows whole numbers, which have no digits behind a point"
        raise Wrong("syntax", message, help=_FORMATS)
    if found["zeros"] and found["kind"] == "s":
        raise Wrong("syntax", "zeros fill up numbers, not text", help=_FORMATS)
    return found


def _whole(amount: Value, kind: str, value: Value) -> str:
    if type(amount) is not int:
        help = "round it, or show it as in .2f" if type(amount) is float else ""
        raise Wrong("type", f"'{kind}' shows whole numbers, not {type_name(value)}", help=help)
    return format(amount, kind)


def _fixed(amount: Value, digits: int, value: Value) -> str:
    if type(amount) is float:
        return f"{amount:.{digits}f}"
    if type(amount) is int:
        # Not by way of a double, which would not hold all of it.
        return f"{amount}.{'0' * digits}" if digits else str(amount)
    raise Wrong("type", f"'f' shows numbers, not {type_name(value)}")
