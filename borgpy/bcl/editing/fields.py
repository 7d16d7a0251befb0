"""What the schema says about the fields of a declaration, as editors show it."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from borgpy.bcl.editing.places import ITEM, Place
from borgpy.model.declared import DECLARED
from borgpy.model.priority import Band

_PLAIN: dict[type, str] = {
    inspect.IntType: "int",
    inspect.FloatType: "number",
    inspect.StrType: "string",
    inspect.BoolType: "bool",
}
_UNITS = {"bytes": "bytes", "seconds": "duration", "cores": "cores", "amount": "int or bytes"}


class SchemaField(msgspec.Struct, frozen=True):
    """A field that a schema knows: ``type`` is for people, ``choices`` are the words it may be, if it is one of a few."""

    name: str
    type: str
    doc: str
    required: bool
    default: str
    choices: tuple[str, ...]
    is_record: bool


def fields_of(place: Place) -> Sequence[SchemaField]:
    """The fields that a part of a declaration may have; none where there is no such part, or any name may stand."""
    struct = _struct_at(place)
    return [_field(field) for field in struct.fields] if struct else []


def field_at(place: Place) -> SchemaField | None:
    """The field that a place is the value of."""
    parent = Place(place.kind, place.path[:-1])
    name = place.path[-1].lower() if place.path else ""
    return next((field for field in fields_of(parent) if field.name == name), None)


def _struct_at(place: Place) -> inspect.StructType | None:
    if place.kind not in DECLARED:
        return None
    struct = _inspected(place.kind)
    for step in place.path:
        if step == ITEM:
            continue  # the items of a list are found with the list
        field = next((f for f in struct.fields if f.name == step.lower()), None)
        found = field and _struct_in(field.type)
        if not found:
            return None
        struct = found
    return struct


@cache
def _inspected(kind: str) -> inspect.StructType:
    found = inspect.type_info(DECLARED[kind])
    assert isinstance(found, inspect.StructType)
    return found


def _struct_in(kind: inspect.Type) -> inspect.StructType | None:
    """The struct that a type is, holds, or may be."""
    match kind:
        case inspect.StructType():
            return kind
        case inspect.Metadata(type=inner):
            return _struct_in(inner)
        case inspect.UnionType(types=types):
            return next((found for each in types if (found := _struct_in(each))), None)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return _struct_in(item)
    return None


def _field(field: inspect.Field) -> SchemaField:
    schema: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    _gather(field.type, schema, extra)
    default = "" if field.default is msgspec.NODEFAULT else _shown(field.default)
    return SchemaField(
        field.name,
        _type_text(field.type, extra),
        schema.get("description", ""),
        field.required,
        default,
        tuple(_choices(field.type)),
        _is_record(field.type),
    )


def _gather(kind: inspect.Type, schema: dict[str, Any], extra: dict[str, Any]) -> None:
    """What the annotations around a type say, the outer ones before the inner."""
    while isinstance(kind, inspect.Metadata):
        for name, value in (kind.extra_json_schema or {}).items():
            schema.setdefault(name, value)
        for name, value in (kind.extra or {}).items():
            extra.setdefault(name, value)
        kind = kind.type


def _type_text(kind: inspect.Type, extra: dict[str, Any]) -> str:
    if extra.get("unit") in _UNITS:
        return _UNITS[extra["unit"]]
    match kind:
        case inspect.Metadata(type=inner):
            own: dict[str, Any] = dict(kind.extra or {})
            return _type_text(inner, own)
        case inspect.StructType() | inspect.DictType():
            return "record"
        case inspect.VarTupleType(item_type=item):
            return f"[{_type_text(item, {})}]"
        case inspect.UnionType(types=types):
            texts = (_type_text(t, {}) for t in types if not isinstance(t, inspect.NoneType))
            return " | ".join(dict.fromkeys(texts))
        case inspect.EnumType() | inspect.LiteralType():
            return " | ".join(_choices(kind))
    return _PLAIN.get(type(kind), "any")


def _choices(kind: inspect.Type) -> list[str]:
    match kind:
        case inspect.Metadata(type=inner):
            return _choices(inner)
        case inspect.EnumType(cls=cls):
            return [str(member.value) for member in cls]
        case inspect.LiteralType(values=values):
            return [str(value) for value in values]
        case inspect.UnionType(types=types):
            return [choice for each in types for choice in _choices(each)]
    return []


def _is_record(kind: inspect.Type) -> bool:
    match kind:
        case inspect.Metadata(type=inner):
            return _is_record(inner)
        case inspect.UnionType(types=types):
            return any(_is_record(each) for each in types)
    return isinstance(kind, inspect.StructType | inspect.DictType)


def _shown(default: Any) -> str:
    """A default as it is written in BCL; nothing for what is only a record of defaults."""
    if default is None or isinstance(default, msgspec.Struct) or default in ((), {}):
        return ""
    if isinstance(default, Band) or hasattr(default, "value"):
        return str(default.value)
    return f"{default:g}" if isinstance(default, float) else f"{default}"
