"""The types of fields: ``port: int``, ``tier: "prod" | "test"``, ``args: {string}``."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Details, Edit, Fault, Fix, Source, Spot, suggestion
from borgpy.bcl.operations.faces import Fields, Meter, is_record
from borgpy.bcl.operations.refusals import is_number
from borgpy.bcl.values import (
    BYTES,
    DURATION,
    Bareword,
    PlaceholderText,
    Quantity,
    Value,
    Wrong,
    type_name,
    unknown_name,
)

_MOST_SHOWN = 40


class Checker(Protocol):
    """A type, which checks and never converts; only a bare word becomes the text that a literal type asks for."""

    @property
    def text(self) -> str:
        """The type as it is written."""

    @property
    def takes_words(self) -> bool:
        """Whether a bare word may fit, since text may."""

    def check(self, value: Value, meter: Meter) -> Value:
        """``value`` if it fits. Raises `Mismatch`, whose message continues the name of what was checked."""


class Mismatch(Wrong):
    """A value that does not fit its type: ``wants int, not string``; ``path`` leads to the part that does not."""

    def __init__(
        self,
        wanted: str,
        given: str,
        path: str = "",
        *,
        label: str | Callable[[], str] = "",
        help: str = "",
    ):
        message = (
            f"wants {wanted}, but {path} is {given}" if path else f"wants {wanted}, not {given}"
        )
        super().__init__("type", message, label=label, help=help)
        self.given = given
        self.path = path

    def within(self, wanted: str, step: str) -> "Mismatch":
        """The same, as the list or record sees it that holds the value."""
        return Mismatch(
            wanted, self.given, step + self.path, label=lambda: self.label, help=self.help
        )


def type_checker(node: syntax.Type, source: Source) -> Checker:
    """The checker for a type as it is written. Raises `Fault` if it is none."""
    match node:
        case syntax.NamedType(name=name, optional=optional):
            if name not in _FITS:
                raise _unknown_type(node, source)
            return _Named(name, optional=optional)
        case syntax.LiteralType(text=text):
            return _Union((_Literal(text),))
        case syntax.ListType(item=item):
            return _ListOf(type_checker(item, source))
        case syntax.RecordType(value=value):
            return _RecordOf(type_checker(value, source))
    return _Union(tuple(_option(option, source) for option in node.options))


class _Named:
    __slots__ = ("_fits", "_name", "_optional", "takes_words", "text")

    def __init__(self, name: str, *, optional: bool) -> None:
        self._fits = _FITS[name]
        self._name = name
        self._optional = optional
        self.text = f"{name}?" if optional else name
        self.takes_words = name in ("string", "any")

    def check(self, value: Value, meter: Meter) -> Value:
        if self._fits(value) or (value is None and self._optional):
            return value
        if type(value) is Bareword:
            raise unknown_name(value)
        raise Mismatch(self.text, _shown(value), help=_way_out(self._name, value))


class _Literal:
    __slots__ = ("literal", "takes_words", "text")

    def __init__(self, literal: str) -> None:
        self.literal = literal
        self.text = f'"{literal}"'
        self.takes_words = True

    def check(self, value: Value, meter: Meter) -> Value:
        word = value.word if type(value) is Bareword else value
        if type(word) is str and word == self.literal:
            return word
        raise Mismatch(self.text, _shown(value))


class _ListOf:
    __slots__ = ("_item", "takes_words", "text")

    def __init__(self, item: Checker) -> None:
        self._item = item
        self.text = f"[{item.text}]"
        self.takes_words = False

    def check(self, value: Value, meter: Meter) -> Value:
        if type(value) is Bareword:
            raise unknown_name(value)
        if type(value) is not list:
            raise Mismatch(self.text, _shown(value))
        meter.spend(len(value))
        items = []
        for item in value:
            try:
                items.append(self._item.check(item, meter))
            except Mismatch as mismatch:
                raise mismatch.within(self.text, f"[{len(items)}]") from None
        return items


class _RecordOf:
    __slots__ = ("_value", "takes_words", "text")

    def __init__(self, value: Checker) -> None:
        self._value = value
        self.text = f"{{{value.text}}}"
        self.takes_words = False

    def check(self, value: Value, meter: Meter) -> Value:
        if type(value) is Bareword:
            raise unknown_name(value)
        if not is_record(value):
            raise Mismatch(self.text, _shown(value))
        self._check_fields(value, meter)
        return value  # type: ignore[return-value]  # whatever has a shape is a Record

    def _check_fields(self, record: Fields, meter: Meter) -> None:
        names = record.names()
        meter.spend(len(names))
        for name in names:
            try:
                self._value.check(record.get(name), meter)
            except Mismatch as mismatch:
                raise mismatch.within(self.text, f".{name}") from None


class _Union:
    __slots__ = ("_for_words", "_known", "_literals", "_others", "takes_words", "text")

    def __init__(self, options: tuple[Checker, ...]) -> None:
        self._literals = [option.literal for option in options if isinstance(option, _Literal)]
        self._known = frozenset(self._literals)
        self._others = [option for option in options if not isinstance(option, _Literal)]
        self._for_words = [option for option in self._others if option.takes_words]
        self.text = " | ".join(option.text for option in options)
        self.takes_words = bool(self._literals or self._for_words)

    def check(self, value: Value, meter: Meter) -> Value:
        text = value.word if type(value) is Bareword else value
        # A literal first: it makes text of a bare word, which `string` leaves for a schema to decide.
        if type(text) is str and text in self._known:
            return text
        word = type(value) is Bareword and self.takes_words
        meter.spend(len(self._others) // 8)
        inner = None
        for option in self._for_words if word else self._others:
            try:
                return option.check(value, meter)
            except Mismatch as mismatch:
                inner = mismatch if mismatch.path else inner
        if inner is not None:
            raise inner.within(self.text, "")
        if type(text) is not str or not self._literals:
            raise Mismatch(self.text, _shown(value))

        def label() -> str:
            meant = suggestion(text, self._literals)
            return f'did you mean "{meant}"?' if meant else ""

        raise Mismatch(self.text, f'"{text[:_MOST_SHOWN]}"', label=label)


def _option(node: syntax.Type, source: Source) -> Checker:
    """An option of a union, whose literals are looked at together."""
    if isinstance(node, syntax.LiteralType):
        return _Literal(node.text)
    return type_checker(node, source)


def _is_size(value: Value) -> bool:
    return is_number(value) or (type(value) is Quantity and value.unit == BYTES)


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "int": lambda value: type(value) is int,
    "number": is_number,
    "string": lambda value: type(value) in (str, PlaceholderText, Bareword),
    "bool": lambda value: type(value) is bool,
    "bytes": _is_size,
    "duration": lambda value: type(value) is Quantity and value.unit == DURATION,
    "list": lambda value: type(value) is list,
    "record": is_record,
    "any": lambda value: True,
}
"""What each named type takes. A plain number may count bytes; a duration needs its unit."""

TYPE_NAMES = tuple(_FITS)

_ELSEWHERE = {
    "str": "string",
    "text": "string",
    "integer": "int",
    "float": "number",
    "double": "number",
    "boolean": "bool",
    "array": "list",
    "dict": "record",
    "map": "record",
    "object": "record",
    "size": "bytes",
    "time": "duration",
}
"""What other languages call these types."""


def _unknown_type(node: syntax.NamedType, source: Source) -> Fault:
    name = node.name
    spot = Spot(source, node.start, node.start + len(name))

    def details() -> Details:
        meant = _ELSEWHERE.get(name.lower()) or suggestion(name, TYPE_NAMES)
        return Details(
            label=f"did you mean '{meant}'?" if meant else "",
            help=f"the types are {', '.join(TYPE_NAMES)}, texts in quotes, [type] and {{type}}",
            fixes=(Fix(f"change to '{meant}'", (Edit(spot.span, meant),)),) if meant else (),
        )

    return Fault("type", spot, f"unknown type '{name}'", details)


def _shown(value: Value) -> str:
    """What was given: its type, and for a number itself."""
    return repr(value) if type(value) is float else type_name(value)


def _way_out(wanted: str, value: Value) -> str:
    if wanted == "duration" and is_number(value):
        return f"give it a unit: {value}s"
    if wanted in ("int", "number") and type(value) is Quantity:
        return f"a plain number has no unit: {value.amount}"
    if wanted == "int" and type(value) is float:
        return "whole numbers only; round(x), floor(x) and ceil(x) make some"
    if value is None:
        return f"null fits {wanted}?"
    return ""
