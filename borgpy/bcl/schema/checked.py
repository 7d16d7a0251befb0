"""A declaration that fits its schema, and where each of its fields is written."""

from collections.abc import Iterator, Mapping

import msgspec

from borgpy.bcl.diagnostics import Span, Spot
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.loading.jsondata import Json
from borgpy.bcl.values import Value


class Checked(msgspec.Struct, frozen=True):
    """A declaration that fits its schema: its plain value, with ``name`` first; ``spot`` is where its name stands."""

    kind: str
    name: str
    spot: Spot
    value: dict[str, Json]
    record: Record

    @property
    def where(self) -> "Where":
        return Where(self.record)


class Where(Mapping[str, Span]):
    """Where the value of each field is written, by its dotted name: ``requirements.ram``, ``constraints.0.value``.

    Nothing is looked for before somebody asks. What is not written itself, an item of a computed list for one, is where
    the field that holds it is.
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    def spot(self, path: str) -> Spot | None:
        """The place of a field's value; None if no part of the path is a field.

        What a cell counts in milliseconds (``notice_ms``) is found under its name here.
        """
        found, whole = self._walk(path)
        if not whole and path.endswith("_ms"):
            return self._walk(path.removesuffix("_ms"))[0]
        return found

    def _walk(self, path: str) -> tuple[Spot | None, bool]:
        """The place of the longest part of a path that leads somewhere, and whether that is all of it."""
        value: Value = self._record
        found: Spot | None = None
        while path:
            step, _, path = _step(value, path)
            if isinstance(value, Record):
                slot = value.slot(step)
                if slot is None:
                    return found, False
                found, value = slot.value_spot, value.get(step)
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                return found, False
        return found, True

    def __getitem__(self, path: str) -> Span:
        spot = self.spot(path)
        if spot is None:
            raise KeyError(path)
        return spot.span

    def __iter__(self) -> Iterator[str]:
        return _paths(self._record, "")

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _step(value: Value, path: str) -> tuple[str, str, str]:
    """The name that ``path`` begins with, and the rest; a name may itself hold a dot."""
    if isinstance(value, Record):
        for name in (path, *(path[:at] for at in _dots(path))):
            for known in value.names():
                if name in (known, known.lower()):
                    return known, ".", path[len(name) + 1 :]
    return path.partition(".")


def _dots(path: str) -> Iterator[int]:
    return (at for at in range(len(path) - 1, 0, -1) if path[at] == ".")


def _paths(record: Record, within: str) -> Iterator[str]:
    for name in record.names():
        yield f"{within}{name.lower() if within == 'requirements.' else name}"
        value = record.get(name)
        if isinstance(value, Record):
            yield from _paths(value, f"{within}{name}.")
