"""Values as JSON text, within an evaluation."""

from collections.abc import Iterator

import msgspec

from borgpy.bcl.operations.costs import pay_text
from borgpy.bcl.operations.faces import Fields, Meter, is_record
from borgpy.bcl.operations.interpolation import text_of
from borgpy.bcl.values import (
    Bareword,
    PlaceholderText,
    Quantity,
    Value,
    Wrong,
    type_name,
    unknown_name,
)


def json_text(value: Value, meter: Meter) -> str | PlaceholderText:
    """Compact JSON of plain data, the fields of records in their order; with placeholders in it, it waits for them.

    Walks without recursion, and pays for each value each time it is met: what is shared is written as often as it occurs.
    """
    written = _Text(meter)
    waiting: list[Iterator[tuple[str, Value]]] = [iter([("", value)])]
    closing = [""]
    while waiting:
        for before, inner in waiting[-1]:
            written.add(before)
            if type(inner) is list:
                meter.spend(1)
                waiting.append(_items(inner))
                closing.append("]")
                written.add("[")
                break
            if is_record(inner):
                meter.spend(1)
                waiting.append(_fields(inner))
                closing.append("}")
                written.add("{")
                break
            written.add_leaf(inner)
        else:
            waiting.pop()
            written.add(closing.pop())
    return written.whole()


def _items(items: list[Value]) -> Iterator[tuple[str, Value]]:
    between = ""
    for item in items:
        yield between, item
        between = ","


def _fields(record: Fields) -> Iterator[tuple[str, Value]]:
    between = ""
    for name in record.names():
        yield f"{between}{_quoted(name)}:", record.get(name)
        between = ","


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


class _Text:
    """The text so far, paid for while it grows."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._pieces: list[str] = []
        self._length = 0
        self._waits = False

    def add(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length > self._meter.limits.string:
            pay_text(self._meter, self._length)

    def add_leaf(self, value: Value) -> None:
        self._meter.spend(1)
        if type(value) is str:
            self.add(_quoted(value))
        elif value is None:
            self.add("null")
        elif type(value) is PlaceholderText:
            self._waits = True
            self.add(_quoted(value.text))
        elif type(value) is Bareword:
            raise unknown_name(value)
        elif isinstance(value, int | float | Quantity):
            self.add(text_of(value))
        else:
            raise Wrong("type", f"json takes plain data, which a {type_name(value)} is not")

    def whole(self) -> str | PlaceholderText:
        pay_text(self._meter, self._length)
        text = "".join(self._pieces)
        return PlaceholderText(text) if self._waits else text
