"""What is different between two evaluated configurations, field by field."""

import re
from collections.abc import Iterator
from enum import Enum

import msgspec

from borgpy.bcl.loading.jsondata import Json

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_LONGEST = 60


class Mark(Enum):
    """What became of a value, in the sign that a plan shows for it."""

    ADDED = "+"
    REMOVED = "-"
    CHANGED = "~"


class Change(msgspec.Struct, frozen=True):
    """One difference. ``path`` leads to it as one would write it in BCL: ``job.web.args["x-y"][2]``."""

    mark: Mark
    path: str
    before: Json = None
    after: Json = None


def changes(before: Json, after: Json) -> list[Change]:
    """Every difference, in the order of the older names, then of the newer ones."""
    return list(_changes("", before, after))


def _changes(path: str, before: Json, after: Json) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in before.items():
            inner = path_to(path, name)
            if name in after:
                yield from _changes(inner, value, after[name])
            else:
                yield Change(Mark.REMOVED, inner, before=value)
        for name, value in after.items():
            if name not in before:
                yield Change(Mark.ADDED, path_to(path, name), after=value)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _item_changes(path, before, after)
    elif not _same(before, after):
        yield Change(Mark.CHANGED, path, before, after)


def _item_changes(path: str, before: list[Json], after: list[Json]) -> Iterator[Change]:
    """Items are matched from both ends, so that one more in front does not make all others look changed."""
    shorter = min(len(before), len(after))
    first = 0
    while first < shorter and _same(before[first], after[first]):
        first += 1
    last = 0
    while last < shorter - first and _same(before[-1 - last], after[-1 - last]):
        last += 1
    older, newer = before[first : len(before) - last], after[first : len(after) - last]
    for number in range(max(len(older), len(newer))):
        inner = f"{path}[{first + number}]"
        if number >= len(newer):
            yield Change(Mark.REMOVED, inner, before=older[number])
        elif number >= len(older):
            yield Change(Mark.ADDED, inner, after=newer[number])
        else:
            yield from _changes(inner, older[number], newer[number])


def _same(before: Json, after: Json) -> bool:
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(_same(before[n], after[n]) for n in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return before == after and isinstance(before, bool) == isinstance(after, bool)


def path_to(path: str, name: str) -> str:
    """The path of a field below ``path``."""
    if not _NAME.fullmatch(name):
        return f"{path}[{_quoted(name)}]"
    return f"{path}.{name}" if path else name


def described(change: Change) -> list[str]:
    """A change in lines for people: ``~ job.web.replicas  3 -> 5``; what a new or lost record holds is below it."""
    head = f"{change.mark.value} {change.path}"
    if change.mark is Mark.CHANGED:
        return [f"{head}  {shown(change.before)} -> {shown(change.after)}"]
    value = change.after if change.mark is Mark.ADDED else change.before
    if isinstance(value, dict) and value:
        return [head, *(f"    {path}  {shown(leaf)}" for path, leaf in _leaves("", value))]
    return [f"{head}  {shown(value)}"]


def _leaves(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(path_to(path, name), inner)
    else:
        yield path, value


def shown(value: Json) -> str:
    """A value on one line: what is long is only counted."""
    if isinstance(value, dict):
        return f"{{{len(value):,} fields}}" if value else "{}"
    text = msgspec.json.encode(value).decode()
    if isinstance(value, list) and len(text) > _LONGEST:
        return f"[{len(value):,} items]"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _quoted(name: str) -> str:
    return msgspec.json.encode(name).decode()
