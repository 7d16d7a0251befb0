"""The kinds of all declared fields, made from the structs of `borgpy.model.declared`: there is no second list of fields."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from borgpy.bcl.schema.containers import EitherKind, ListKind, NamedKind
from borgpy.bcl.schema.groups import Group
from borgpy.bcl.schema.kind import Kind
from borgpy.bcl.schema.numbers import (
    AmountKind,
    BytesKind,
    CoresKind,
    DevicesKind,
    SecondsKind,
    WholeKind,
)
from borgpy.bcl.schema.rules import Rule, constraint_rule, package_rule
from borgpy.bcl.schema.texts import ChoiceKind, ScalarKind, scalar_texts, text_kind
from borgpy.model.declared import DECLARED
from borgpy.model.declared.constraint import DeclaredConstraint
from borgpy.model.declared.package import DeclaredPackage, DeclaredPackageUse
from borgpy.model.priority import BAND_RANGES

_BOUNDLESS = 1 << 63

_RULES: Mapping[type, Rule] = {
    DeclaredConstraint: constraint_rule,
    DeclaredPackage: package_rule,
    DeclaredPackageUse: package_rule,
}

_NUMBERS = {
    "bytes": BytesKind,
    "cores": CoresKind,
    "seconds": SecondsKind,
    "amount": AmountKind,
    "devices": DevicesKind,
}


@cache
def group_of(kind: str) -> Group:
    """The schema of a kind of declaration."""
    return _group(_struct(DECLARED[kind]), {})


def unwrapped(type_: inspect.Type) -> tuple[inspect.Type, dict[str, Any], dict[str, Any]]:
    """A type without its annotations; what these say to the checker, and what to readers."""
    extra: dict[str, Any] = {}
    said: dict[str, Any] = {}
    while isinstance(type_, inspect.Metadata):
        extra = (type_.extra or {}) | extra
        said = (type_.extra_json_schema or {}) | said
        type_ = type_.type
    return type_, extra, said


def _struct(cls: type[msgspec.Struct]) -> inspect.StructType:
    type_ = inspect.type_info(cls)
    assert isinstance(type_, inspect.StructType)
    return type_


def _group(struct: inspect.StructType, extra: dict[str, Any]) -> Group:
    required = {}
    for field in struct.fields:
        if field.required:
            examples = unwrapped(field.type)[2].get("examples") or ("",)
            required[field.name] = str(examples[0])
    return Group(
        {field.name: _kind(field.type) for field in struct.fields},
        required,
        any_case=extra.get("any_case", False),
        unknown=extra.get("unknown", ""),
        rule=_RULES.get(struct.cls),
    )


def _kind(annotated: inspect.Type) -> Kind:
    type_, extra, _ = unwrapped(annotated)
    match type_:
        case inspect.StructType():
            return _group(type_, extra)
        case inspect.StrType(pattern=pattern):
            begins = pattern.removeprefix("^") if pattern else ""
            return text_kind(extra.get("kind", ""), extra.get("rule", ""), begins)
        case inspect.IntType() | inspect.FloatType():
            return _number(type_, extra)
        case inspect.EnumType(cls=cls):
            return ChoiceKind(tuple(member.value for member in cls))
        case inspect.LiteralType(values=values):
            return ChoiceKind(tuple(map(str, values)))
        case inspect.DictType(key_type=key, value_type=value, max_length=most):
            return NamedKind(_kind(key), _kind(value), most or _BOUNDLESS)
        case inspect.VarTupleType(item_type=item, max_length=most):
            return ListKind(_kind(item), most or _BOUNDLESS)
        case inspect.UnionType(types=types):
            return _union(types, extra)
    raise TypeError(f"the schema has no kind for {type_}")


def _number(type_: inspect.IntType | inspect.FloatType, extra: dict[str, Any]) -> Kind:
    lowest = -_BOUNDLESS if type_.ge is None else type_.ge
    highest = _BOUNDLESS if type_.le is None else type_.le
    kind = _NUMBERS.get(extra.get("unit", ""), WholeKind)
    return kind(lowest, highest, extra.get("hint", ""))


_SCALARS = {inspect.StrType, inspect.BoolType, inspect.IntType, inspect.FloatType}


def scalar_apart(
    types: Iterable[inspect.Type],
) -> tuple[inspect.Type | None, list[inspect.Type]]:
    """The text among ``types`` if any scalar will do, and the types that are left, but for null."""
    rest = [type_ for type_ in types if not isinstance(type_, inspect.NoneType)]
    of = {type(unwrapped(type_)[0]): type_ for type_ in rest}
    if not of.keys() >= _SCALARS:
        return None, rest
    return of[inspect.StrType], [t for t in rest if type(unwrapped(t)[0]) not in _SCALARS]


def _union(types: tuple[inspect.Type, ...], extra: dict[str, Any]) -> Kind:
    optional = any(isinstance(type_, inspect.NoneType) for type_ in types)
    text, rest = scalar_apart(types)
    kinds: list[Kind] = [] if text is None else [ScalarKind(scalar_texts(unwrapped(text)[1]))]
    kinds.extend(map(_kind, rest))
    if extra.get("bands"):
        bands = (f"{band.value} {low}-{high}" for band, (low, high) in BAND_RANGES.items())
        for kind in kinds:
            if isinstance(kind, WholeKind):
                kind.hint = ", ".join(bands)
    return kinds[0] if len(kinds) == 1 and not optional else EitherKind(kinds, optional=optional)
