"""Values that are given from outside for the parameters that a file declares."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import BclError, Details, Fault, Findings, Source, Spot, suggestion
from borgpy.bcl.evaluating.layers import Layer, Member
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.loading.program import Module
from borgpy.bcl.operations.faces import Meter
from borgpy.bcl.operations.types import type_checker
from borgpy.bcl.values import (
    DURATION,
    MAX_INTEGER,
    MIN_INTEGER,
    Quantity,
    Value,
    Wrong,
)

_TEXTUAL = ("string", "any")
_LONGEST_SHOWN = 40


class Maker(Meter, Protocol):
    """The evaluator, as far as the value of a parameter needs it."""

    def record(self, fields: Mapping[str, Value], /) -> Value:
        """A new record of these fields."""


class Text(msgspec.Struct, frozen=True):
    """A value as a command line has it: text, to be read as what the parameter is declared to be."""

    text: str


def declared(file: syntax.File) -> dict[str, syntax.Field]:
    """The parameters of a file."""
    return {
        item.name: item
        for item in file.items
        if isinstance(item, syntax.Field) and item.visibility is syntax.Visibility.PARAM
    }


def undeclared(file: syntax.File, names: Iterable[str]) -> list[str]:
    """The names that are no parameters of a file."""
    known = declared(file)
    return [name for name in names if name not in known]


def with_params(
    record: Record,
    module: Module,
    params: Mapping[str, object],
    maker: Maker,
    findings: Findings,
) -> Record:
    """The main file's ``record`` with the given ``params`` upon it; `BclError` if one is unknown, missing or unfit."""
    assert isinstance(module.content, syntax.File)
    values = parameters(module.content, module.source, params, maker, findings)
    if not values:
        return record
    known = declared(module.content)
    members = []
    for name, value in values.items():
        member = Member(name, module.source, _Given(known[name].start, known[name].end))
        member.hidden = True
        member.constant = value
        members.append(member)
    layer = Layer(record.shape.layers[-1].owner, members)
    given = Record(record.shape.extend_once(layer), (*record.envs, None), record.meter)
    for name, fault in record.spoiled().items():
        given.spoil(name, fault)
    return given


class _Given:
    """Stands for the syntax of a value that is not written in any file."""

    __slots__ = ("end", "start")
    value = None

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


def parameters(
    file: syntax.File,
    source: Source,
    params: Mapping[str, object],
    maker: Maker,
    findings: Findings,
) -> dict[str, Value]:
    """The given ``params`` as values of the types that the file declares.

    Raises `BclError` with every one that is unknown, missing, or does not fit: all else depends on them.

    A value is plain data, or text where something else is wanted: ``"30s"`` for a duration, ``"[1, 2]"`` for a list.
    A plain number given for a duration counts seconds, as in every result; a `Text` needs its unit.
    """
    known = declared(file)
    values: dict[str, Value] = {}
    for name, given in params.items():
        field = known.get(name)
        if field is None:
            findings.add(_unknown(name, known, source))
            continue
        try:
            values[name] = _Reader(source, maker).value(given, field.type)
        except (Wrong, ValueError) as error:
            findings.add(_does_not_fit(field, source, given, error))
    for name, field in known.items():
        if field.value is None and name not in params:
            findings.add(_missing(field, source))
    findings.raise_if_any()
    return values


class _Reader:
    """Reads one parameter's value."""

    def __init__(self, source: Source, maker: Maker) -> None:
        self._source = source
        self._maker = maker

    def value(self, given: object, wanted: syntax.Type | None) -> Value:
        wanted = wanted or syntax.NamedType(0, 0, "any")
        value = (
            self._text(given.text, wanted) if isinstance(given, Text) else self._data(given, wanted)
        )
        return self._checked(value, wanted)

    def _checked(self, value: Value, wanted: syntax.Type) -> Value:
        return type_checker(wanted, self._source).check(value, self._maker)

    def _data(self, given: object, wanted: syntax.Type) -> Value:
        """Plain data as a value; text in it may stand for what is wanted there."""
        if given is None or isinstance(given, bool):
            return given
        if isinstance(given, int | float):
            amount = _number(given)
            return Quantity(amount, DURATION) if _is_duration(wanted) else amount
        if isinstance(given, str):
            return self._text(given, wanted)
        options = _options(wanted)
        if isinstance(given, list | tuple):
            items = [option.item for option in options if isinstance(option, syntax.ListType)]
            return [self._data(item, items[0] if items else _ANY) for item in given]
        if isinstance(given, Mapping):
            fields = [option.value for option in options if isinstance(option, syntax.RecordType)]
            inner = fields[0] if fields else _ANY
            return self._maker.record({str(k): self._data(v, inner) for k, v in given.items()})
        raise ValueError(f"is no plain data but a {type(given).__name__}")

    def _text(self, text: str, wanted: syntax.Type) -> Value:
        """Text as what is wanted: itself if text may stand there and nothing else fits."""
        options = _options(wanted)
        others = [option for option in options if not _takes_text(option)]
        if len(others) == len(options):
            return self._literal(_literal_in(text))
        for option in others:
            try:
                return self._checked(self._literal(_literal_in(text)), option)
            except (Wrong, ValueError):
                continue
        return text

    def _literal(self, node: syntax.Expression) -> Value:
        match node:
            case syntax.Constant(value=value):
                return value
            case syntax.Number(value=amount, unit=unit):
                return Quantity(amount, unit) if unit else amount
            case syntax.Path(text=text) | syntax.Name(word=text):
                return text  # what is typed in a shell has lost its quotes already
            case syntax.List(items=items):
                return [self._literal(item) for item in items]
            case syntax.Record(members=members):
                return self._record(members)
        raise ValueError("is an expression; a parameter takes a plain value")

    def _record(self, members: tuple[syntax.Member, ...]) -> Value:
        fields: dict[str, Value] = {}
        for member in members:
            if not isinstance(member, syntax.Field) or member.name in fields:
                raise ValueError("is more than a plain record")
            # Every form but `name = value` has something else in one of these.
            is_plain = (
                member.how is syntax.How.SET
                and member.visibility is syntax.Visibility.EXPORTED
                and member.type is None
            )
            if not is_plain or member.value is None:
                raise ValueError("is more than a plain record")
            fields[member.name] = self._literal(member.value)
        return self._maker.record(fields)


_ANY = syntax.NamedType(0, 0, "any")


def _options(wanted: syntax.Type) -> tuple[syntax.Type, ...]:
    return wanted.options if isinstance(wanted, syntax.UnionType) else (wanted,)


def _takes_text(option: syntax.Type) -> bool:
    if isinstance(option, syntax.NamedType):
        return option.name in _TEXTUAL
    return isinstance(option, syntax.LiteralType)


def _is_duration(wanted: syntax.Type) -> bool:
    names = [option.name for option in _options(wanted) if isinstance(option, syntax.NamedType)]
    return DURATION in names and not {"int", "number", "bytes", "any"} & set(names)


def _number(given: float) -> int | float:
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, int) and MIN_INTEGER <= given <= MAX_INTEGER:
        return given
    if isinstance(given, int) or given - given != 0:
        raise ValueError("is no number of 64 bits")
    return given


def _literal_in(text: str) -> syntax.Expression:
    """The one expression that ``text`` is."""
    from borgpy.bcl.reading.parse import parse

    try:
        items = parse(Source("", f"value = {text}\n")).items
    except BclError:
        items = ()
    if len(items) == 1 and isinstance(items[0], syntax.Field) and items[0].value is not None:
        return items[0].value
    raise ValueError("cannot be read")


def _unknown(name: str, known: Mapping[str, syntax.Field], source: Source) -> Fault:
    if not known:
        return Fault(
            "param", Spot(source, 0, 0), f"unknown parameter '{name}': the file declares none"
        )
    names = ", ".join(known)

    def details() -> Details:
        meant = suggestion(name, known)
        return Details(
            label=f"did you mean '{meant}'?" if meant else "",
            help=f"a parameter is declared with: param {name}: string",
        )

    message = f"unknown parameter '{name}': the file declares {names}"
    first = next(iter(known.values()))
    return Fault("param", Spot(source, first.start, first.end), message, details)


def _missing(field: syntax.Field, source: Source) -> Fault:
    help = f"give it one with --set {field.name}=..., or a default"
    message = f"parameter '{field.name}' has no value"
    return Fault("param", Spot(source, field.start, field.end), message, Details(help=help))


def _does_not_fit(
    field: syntax.Field, source: Source, given: object, error: Wrong | ValueError
) -> Fault:
    """What the parameter wants, said where it is declared."""
    wanted = type_checker(field.type, source).text if field.type else "any"
    shown = repr(given.text if isinstance(given, Text) else given)
    shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}..."
    said = error.message if isinstance(error, Wrong) else f"wants {wanted}; {shown} {error}"
    details = Details(
        label=error.label if isinstance(error, Wrong) else "",
        notes=(f"given from outside as {shown}",),
        help=(error.help if isinstance(error, Wrong) else "") or _example_of(field.type),
    )
    is_limit = isinstance(error, Wrong) and error.code == "limit"
    spot = Spot(source, field.start, field.end)
    message = f"parameter '{field.name}' {said}"
    return Fault("limit" if is_limit else "param", spot, message, details)


def _example_of(wanted: syntax.Type | None) -> str:
    examples = {
        "int": "3",
        "number": "0.5",
        "bool": "true",
        "bytes": "512MiB",
        "duration": "30s",
        "list": "[a, b]",
        "record": "{a = 1}",
    }
    option = _options(wanted)[0] if wanted is not None else _ANY
    name = {syntax.ListType: "list", syntax.RecordType: "record"}.get(type(option), "")
    if isinstance(option, syntax.NamedType):
        name = option.name
    return f"write it like {examples[name]}" if name in examples else ""
