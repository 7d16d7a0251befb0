"""Reading a part of a value: ``.name`` and ``[key]``."""

from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.values import Bareword, PlaceholderText, Value, Wrong, type_name, unknown_name


def attribute_of(value: Value, name: str) -> Value:
    """``value.name``; `Wrong` if there is no such field, or no fields at all."""
    if isinstance(value, Record):
        return value.get(name)
    if isinstance(value, Bareword):
        raise unknown_name(value)
    raise Wrong("type", f"only a record has fields: this is {_a(value)}")


def item_of(value: Value, key: Value) -> Value:
    """``value[key]``: an item of a list by its number from 0, a field of a record by its name."""
    for part in (value, key):
        if isinstance(part, Bareword):
            raise unknown_name(part)
    if isinstance(value, list):
        return _list_item(value, key)
    if isinstance(value, Record):
        if not isinstance(key, str):
            raise Wrong("type", f"a field of a record is named by a string, not by {_a(key)}")
        return value.get(key)
    raise Wrong("type", f"only lists and records have parts: this is {_a(value)}")


def _list_item(items: list[Value], index: Value) -> Value:
    if type(index) is not int:
        raise Wrong("type", f"an item of a list is named by a whole number, not by {_a(index)}")
    if 0 <= index < len(items):
        return items[index]
    if index < 0:
        message = f"index {index} is below 0"
        raise Wrong("index", message, help=f"the last item of a list l is l[len(l) - {-index}]")
    have = f"has {len(items)} items, 0 to {len(items) - 1}" if items else "is empty"
    raise Wrong("index", f"index {index} is out of range: the list {have}")


def _a(value: Value) -> str:
    name = type_name(value)
    if name == "null" or isinstance(value, PlaceholderText):
        return name
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
