"""Values as messages show them: short, on one line, with their type where it is not plain."""

import json

from borgpy.bcl.values import BYTES, Bareword, PlaceholderText, Quantity, Value
from borgpy.model.resources import bytes_text

_LONGEST = 60
_MOST_ITEMS = 5


def shown(value: Value, depth: int = 0) -> str:
    """``3``, ``"1G" (string)``, ``1,073,741,824 B (1 GiB)``, ``[1, 2, .. 7 items] (list)``."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return quoted(value) if depth else f"{quoted(value)} (string)"
        case Quantity(amount=amount, unit=unit):
            return f"{amount:,} B ({bytes_text(int(amount))})" if unit == BYTES else f"{amount}s"
        case Bareword(word=word):
            return word
        case PlaceholderText(text=text):
            return text
        case list():
            return _list(value, depth)
    if not hasattr(value, "shape"):
        return "a function"
    return _record(value, depth)


def quoted(text: str) -> str:
    """A string in quotes, shortened."""
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + ".."
    return json.dumps(cut, ensure_ascii=False)


def _list(items: list[Value], depth: int) -> str:
    if depth > 1:
        return "[..]"
    texts = [shown(item, depth + 1) for item in items[:_MOST_ITEMS]]
    if len(items) > _MOST_ITEMS:
        texts.append(f".. {len(items)} items")
    return f"[{', '.join(texts)}]" + ("" if depth else " (list)")


def _record(record: Value, depth: int) -> str:
    names = record.names()  # type: ignore[union-attr]
    if not names:
        return "{}"
    more = ", .." if len(names) > _MOST_ITEMS else ""
    return "{" + ", ".join(names[:_MOST_ITEMS]) + more + "}" + ("" if depth else " (record)")
