"""What there is to say of each field that declarations have: for editors, ``borgcfg explain --schema`` and docs/BCL.md."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

import msgspec
from msgspec import inspect

from borgpy.bcl.diagnostics import suggestion
from borgpy.bcl.schema.build import scalar_apart, unwrapped
from borgpy.errors import InvalidConfig
from borgpy.model.declared import DECLARED
from borgpy.model.resources import bytes_text

_HINT = "a field is named like job.update.batch"


class FieldReference(msgspec.Struct, frozen=True):
    """One field. ``path`` is its dotted name; ``default`` is empty if it must be given, ``example`` if there is none.

    ``choices`` are the words that it may be, if there are only so many.
    """

    path: str
    name: str
    type: str
    default: str
    description: str
    example: str
    required: bool
    choices: tuple[str, ...] = ()

    def line(self) -> str:
        """The field in one line: ``requirements.ram: bytes, up to 1 PiB``."""
        return f"{self.path.partition('.')[2]}: {self.type}"


def kinds() -> tuple[str, ...]:
    """The kinds of declarations that have a schema."""
    return tuple(DECLARED)


def fields_of(path: str) -> tuple[FieldReference, ...]:
    """The fields of a record: of a declaration (``job``), within one (``job.health``), or of a list's items.

    Nothing for what has no fields, or any; `InvalidConfig` for a path that leads nowhere.
    """
    struct = _record_of(_walk(path)[0])
    return () if struct is None else tuple(_field(path, field) for field in _sorted(struct))


def field_at(path: str) -> FieldReference | None:
    """What is known of one field; None where names are free, as in ``job.args.port``."""
    field = _walk(path)[1]
    return None if field is None else _field(path.rpartition(".")[0], field)


def about(path: str) -> str:
    """What a record is for, in markdown: the text of its struct."""
    struct = _record_of(_walk(path)[0])
    text = (struct.cls.__doc__ or "") if struct else ""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def describe(path: str) -> str:
    """Everything about a field, as ``borgcfg explain --schema`` prints it; `InvalidConfig` if there is no such field."""
    type_, field = _walk(path)
    declaration = "." not in path
    lines = [path if declaration else f"{path}: {type_text(type_)}"]
    if field is not None:
        lines += _said(_field(path.rpartition(".")[0], field))
    elif about(path):
        lines.append(f"  {about(path).splitlines()[0]}")
    struct = _record_of(type_)
    if struct is not None:
        rows = [_field(path, inner) for inner in _sorted(struct)]
        width = max(len(row.name) for row in rows)
        lines.append("  fields")
        lines += [f"    {row.name:<{width}}  {row.type}{_note(row)}" for row in rows]
    return "\n".join(lines)


def type_text(annotated: inspect.Type) -> str:
    """A type in words: ``bytes, up to 1 PiB``, ``list of records``."""
    type_, extra, _ = unwrapped(annotated)
    match type_:
        case inspect.StructType():
            return "record"
        case inspect.StrType(pattern=pattern):
            begins = f" that begins with '{pattern.removeprefix('^')}'" if pattern else ""
            return _TEXTS.get(extra.get("kind", ""), "text") + begins
        case inspect.IntType() | inspect.FloatType():
            return _number_text(type_, extra)
        case inspect.EnumType(cls=cls):
            return _choice([str(member.value) for member in cls])
        case inspect.LiteralType(values=values):
            return _choice([str(value) for value in values])
        case inspect.DictType(value_type=value):
            return f"record of {_plural(type_text(value))}"
        case inspect.VarTupleType(item_type=item):
            return f"list of {_plural(type_text(item))}"
        case inspect.UnionType(types=types):
            return _union_text(types)
    raise TypeError(f"the reference has no word for {type_}")


_TEXTS = {
    "name": "name",
    "job": "name of another",
    "path": "path",
    "indexes": "indexes as text",
    "digest": "SHA-256 in hex",
}

_UNITS = {"cores": "cores", "devices": "devices", "amount": "whole number or bytes"}


def _number_text(type_: inspect.IntType | inspect.FloatType, extra: dict[str, Any]) -> str:
    unit = extra.get("unit", "")
    if unit == "bytes":
        return f"bytes, up to {bytes_text(int(type_.le or 0))}"
    if unit == "seconds":
        return f"duration, {seconds_text(type_.ge or 0)} to {seconds_text(type_.le or 0)}"
    if unit == "amount":
        return _UNITS[unit]
    return f"{_UNITS.get(unit, 'whole number')}, {type_.ge or 0:,} to {type_.le or 0:,}"


def _union_text(types: tuple[inspect.Type, ...]) -> str:
    text, rest = scalar_apart(types)
    words = [] if text is None else ["text, number or bool"]
    words.extend(map(type_text, rest))
    return (", or " if any(", " in word for word in words) else " or ").join(words)


def _choice(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"one of {' '.join(words)}"


def _plural(words: str) -> str:
    if words == "text, number or bool":
        return "texts"
    return " or ".join(_PLURALS.get(word, word) for word in words.split(" or "))


_PLURALS = {"name": "names", "record": "records", "name of another": "names"}


def _field(within: str, field: inspect.Field) -> FieldReference:
    said = unwrapped(field.type)[2]
    examples = said.get("examples") or [""]
    return FieldReference(
        path=f"{within}.{field.name}",
        name=field.name,
        type=type_text(field.type),
        default="" if field.required else _default_text(field),
        description=said.get("description", ""),
        example=str(examples[0]),
        required=field.required,
        choices=_choices(field.type),
    )


def _choices(annotated: inspect.Type) -> tuple[str, ...]:
    type_ = unwrapped(annotated)[0]
    match type_:
        case inspect.EnumType(cls=cls):
            return tuple(str(member.value) for member in cls)
        case inspect.LiteralType(values=values):
            return tuple(map(str, values))
        case inspect.UnionType(types=types):
            return tuple(word for option in types for word in _choices(option))
    return ()


def _default_text(field: inspect.Field) -> str:
    value = field.default
    if value is msgspec.NODEFAULT or value is None or value == ():
        return "none"
    if isinstance(value, msgspec.Struct):
        return "{}"
    if isinstance(value, Enum):
        return str(value.value)
    unit = unwrapped(field.type)[1].get("unit")
    if unit == "bytes":
        return bytes_text(value).replace(" ", "")
    return seconds_text(value) if unit == "seconds" else str(value)


def seconds_text(seconds: float) -> str:
    """A duration as BCL has it."""
    if seconds and seconds % 3600 == 0:
        return f"{seconds / 3600:g}h"
    if seconds and seconds % 60 == 0:
        return f"{seconds / 60:g}min"
    return f"{seconds:g}s" if seconds >= 1 or not seconds else f"{seconds * 1000:g}ms"


def _said(field: FieldReference) -> Iterator[str]:
    if field.description:
        yield f"  {field.description}"
    yield "  required" if field.required else f"  default   {field.default}"
    if field.example:
        yield f"  example   {field.name} = {field.example}"


def _note(field: FieldReference) -> str:
    return " (required)" if field.required else ""


def _sorted(struct: inspect.StructType) -> list[inspect.Field]:
    """The fields that must be given first, the others as they are declared."""
    return sorted(struct.fields, key=lambda field: not field.required)


def _walk(path: str) -> tuple[inspect.Type, inspect.Field | None]:
    """The type at a path, and the field that has it; none for a declaration and for a name that is free."""
    kind, *steps = path.split(".")
    if kind not in DECLARED:
        meant = suggestion(kind, DECLARED)
        there = f"there are {', '.join(DECLARED)}"
        hint = f"did you mean '{meant}'?" if meant else f"{there}; {_HINT}"
        raise InvalidConfig(f"'{kind}' has no schema", hint=hint)
    type_: inspect.Type = inspect.type_info(DECLARED[kind])
    field: inspect.Field | None = None
    for number, step in enumerate(steps):
        before = ".".join((kind, *steps[:number]))
        struct = _record_of(type_)
        if struct is not None:
            field = _named(struct, step, before)
            type_ = field.type
        elif (value := _values_of(type_)) is not None:
            type_, field = value, None
        else:
            raise InvalidConfig(f"{before} has no fields", hint=f"it is {type_text(type_)}")
    return type_, field


def _named(struct: inspect.StructType, name: str, before: str) -> inspect.Field:
    fields = {field.name: field for field in struct.fields}
    if before.endswith(".requirements"):
        name = name.lower()
    if name not in fields:
        meant = suggestion(name, fields)
        hint = f"did you mean '{meant}'?" if meant else f"there are {', '.join(fields)}"
        raise InvalidConfig(f"{before} has no field '{name}'", hint=hint)
    return fields[name]


def _record_of(annotated: inspect.Type) -> inspect.StructType | None:
    """The record that a type is, that it may be, or that the items of its lists are."""
    type_ = unwrapped(annotated)[0]
    match type_:
        case inspect.StructType():
            return type_
        case inspect.VarTupleType(item_type=item):
            return _record_of(item)
        case inspect.UnionType(types=types):
            return next(filter(None, map(_record_of, types)), None)
    return None


def _values_of(annotated: inspect.Type) -> inspect.Type | None:
    """The type of the values in a record whose names are free."""
    type_ = unwrapped(annotated)[0]
    match type_:
        case inspect.DictType(value_type=value):
            return value
        case inspect.UnionType(types=types):
            return next(filter(None, map(_values_of, types)), None)
    return None
