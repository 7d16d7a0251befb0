"""What the schema says about the fields of a part of a declaration."""

from collections.abc import Sequence
from functools import cache

from borgpy.bcl.editing.places import ITEM, Place
from borgpy.bcl.schema import reference
from borgpy.bcl.schema.reference import FieldReference
from borgpy.errors import InvalidConfig


def fields_of(place: Place) -> Sequence[FieldReference]:
    """The fields that a part of a declaration may have; none where there is no such part, or any name may stand."""
    return _fields(_path(place))


def field_at(place: Place) -> FieldReference | None:
    """The field that a place is the value of."""
    if not place.path:
        return None
    parent = Place(place.kind, place.path[:-1])
    name = place.path[-1].lower()
    return next((field for field in fields_of(parent) if field.name == name), None)


def is_record(field: FieldReference) -> bool:
    """Whether a field's value is written in braces."""
    return field.type.startswith("record")


@cache
def _fields(path: str) -> Sequence[FieldReference]:
    try:
        return reference.fields_of(path)
    except InvalidConfig:
        return ()


def _path(place: Place) -> str:
    """The dotted path of a place; items of a list are found with the list, and names in capitals in small letters."""
    return ".".join([place.kind, *(step.lower() for step in place.path if step != ITEM)])
