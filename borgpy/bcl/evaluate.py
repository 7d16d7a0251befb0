"""From syntax to values: names are looked up where they are written, each field is evaluated once."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Findings, Source
from borgpy.bcl.export import Exporter, Json
from borgpy.bcl.parse import parse
from borgpy.bcl.schema import CheckedJob, check_job
from borgpy.bcl.values import (
    Bareword,
    Field,
    ListValue,
    PlaceholderText,
    Poison,
    RecordValue,
    Value,
)

MAX_DEPTH = 400
"""Names and records within each other: what Python's own stack bears."""

_NONE: Mapping[str, object] = MappingProxyType({})
_BROKEN = Poison()

_Item = syntax.Member | syntax.Declaration


class Evaluated(msgspec.Struct, frozen=True):
    """What a file comes to: its exported fields, and its jobs, checked against the schema."""

    fields: dict[str, Json]
    jobs: dict[str, CheckedJob]


def evaluate_text(
    source: str,
    files: Mapping[str, object] = _NONE,
    params: Mapping[str, object] = _NONE,
    filename: str = "main.borg",
) -> dict[str, Json]:
    """The plain value of BCL held in memory: fields under their names, jobs under ``job``; `BclError` otherwise.

    ``files`` is the tree that imports read, ``params`` the values of declared parameters. This release has neither
    imports nor parameters: the first is ignored, anything in the second is an error.
    """
    evaluated = evaluate(Source(filename, source), params)
    result = dict(evaluated.fields)
    if evaluated.jobs:
        result["job"] = {name: job.value for name, job in evaluated.jobs.items()}
    return result


def evaluate(source: Source, params: Mapping[str, object] = _NONE) -> Evaluated:
    """What ``source`` comes to; `BclError` with everything that is wrong with it."""
    file = parse(source)
    findings = Findings(source)
    for name in params:
        findings.add("param", (0, 0), f"unknown parameter '{name}': the file declares none")
    evaluated = Evaluated({}, {})
    try:
        evaluated = _Evaluation(findings).file(file)
    except RecursionError:  # the caller's own stack was deep already
        findings.add("limit", (0, 0), "records and names are nested too deeply")
    findings.raise_if_any()
    return evaluated


class _Scope:
    """The names that a record, or the file, gives to the expressions within it."""

    def __init__(self, items: tuple[_Item, ...], parent: "_Scope | None") -> None:
        self.items: dict[str, _Item] = {}
        for item in items:
            self.items.setdefault(item.name, item)
        self.parent = parent
        self.values: dict[str, Value] = {}

    def owner(self, name: str) -> "_Scope | None":
        """The innermost scope that has ``name``."""
        scope: _Scope | None = self
        while scope is not None and name not in scope.items:
            scope = scope.parent
        return scope

    def visible(self) -> tuple[str, ...]:
        names = tuple(self.items)
        return names if self.parent is None else names + self.parent.visible()


class _Evaluation:
    """One evaluation of one file. What is broken is reported once, and poisons what depends on it."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._under_way: list[tuple[_Scope, str]] = []

    def file(self, file: syntax.File) -> Evaluated:
        scope = self._scope(file.items, None)
        exporter = Exporter(self._findings)
        evaluated = Evaluated({}, {})
        for name, item in scope.items.items():
            if isinstance(item, syntax.Declaration):
                self._job(item, self._named(scope, name), evaluated)
            elif item.visibility is syntax.Visibility.EXPORTED:
                value = self._named(scope, name)
                evaluated.fields[name] = exporter.export(value, item.value.where)
        if evaluated.jobs and "job" in scope.items:
            message = "a field 'job' would hide the jobs of this file"
            self._findings.add("duplicate", scope.items["job"].where, message)
        return evaluated

    def _job(self, item: syntax.Declaration, value: Value, evaluated: Evaluated) -> None:
        checked = check_job(item, value, self._findings)
        if checked is not None:
            evaluated.jobs[item.name] = checked

    def _scope(self, items: tuple[_Item, ...], parent: _Scope | None) -> _Scope:
        scope = _Scope(items, parent)
        if len(scope.items) < len(items):
            self._report_duplicates(items)
        return scope

    def _report_duplicates(self, items: tuple[_Item, ...]) -> None:
        first: dict[str, _Item] = {}
        for item in items:
            if item.name in first:
                line, column = self._findings.source.position(first[item.name].start)
                message = f"'{item.name}' stands here twice"
                note = f"first at {line}:{column}"
                self._findings.add("duplicate", item.where, message, notes=(note,))
            first.setdefault(item.name, item)

    def _named(self, scope: _Scope, name: str) -> Value:
        """The value of ``name`` in the scope that has it, evaluated when it is first asked for."""
        if name in scope.values:
            return scope.values[name]
        if len(self._under_way) >= MAX_DEPTH:
            message = f"more than {MAX_DEPTH} names and records depend on each other here"
            self._findings.add("limit", scope.items[name].where, message)
            return _BROKEN
        self._under_way.append((scope, name))
        value = self._value(scope.items[name].value, scope)
        self._under_way.pop()
        # A cycle through this name has marked it as broken meanwhile.
        return scope.values.setdefault(name, value)

    def _value(self, node: syntax.Expression, scope: _Scope) -> Value:
        match node:
            case syntax.Constant(value=value):
                return value
            case syntax.Number(value=quantity):
                return quantity
            case syntax.Path(text=text):
                return text
            case syntax.Placeholder(text=text):
                return PlaceholderText(text)
            case syntax.Name(word=word):
                owner = self._owner(node, scope)
                return Bareword(node, scope.visible) if owner is None else self._named(owner, word)
            case syntax.List(items=items):
                values = []
                for item in items:  # no comprehension: it would cost a frame of the stack
                    values.append(self._value(item, scope))  # noqa: PERF401
                return ListValue(items, tuple(values))
            case syntax.Record(members=members):
                inner = self._scope(members, scope)
                fields = []
                for member in members:
                    if member.visibility is syntax.Visibility.EXPORTED:
                        named = self._named(inner, member.name)
                        fields.append(Field(member.name, member.where, member.value, named))
                return RecordValue(tuple(fields))

    def _owner(self, node: syntax.Name, scope: _Scope) -> _Scope | None:
        """The scope whose name ``node`` refers to; closing a cycle breaks that name."""
        owner = scope.owner(node.word)
        if owner is None or node.word in owner.values:
            return owner
        if (owner, node.word) in self._under_way:
            self._report_cycle(node, owner)
            owner.values[node.word] = _BROKEN
        return owner

    def _report_cycle(self, node: syntax.Name, owner: _Scope) -> None:
        path = self._under_way[self._under_way.index((owner, node.word)) :]
        steps = []
        for scope, name in path:
            line, column = self._findings.source.position(scope.items[name].start)
            steps.append(f"{name} ({self._findings.source.name}:{line}:{column})")
        self._findings.add(
            "cycle",
            node.where,
            f"'{node.word}' depends on itself",
            notes=(" -> ".join([*steps, node.word]),),
            help=f"if text is meant, quote it: '{node.word}'",
        )
