"""Syntax as text that shows its structure, and syntax without its offsets: what tests of the parser compare."""

import json
from enum import Enum
from typing import Any

import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.reading.parse import parse

_OFFSETS = ("start", "end", "spot")


def parsed(text: str) -> syntax.File:
    """What the text says."""
    return parse(Source("main.borg", text))


def meaning(node: Any) -> Any:
    """A node as plain data without its offsets: what two texts have in common that mean the same."""
    if isinstance(node, msgspec.Struct):
        fields = {name: getattr(node, name) for name in node.__struct_fields__}
        return (
            type(node).__name__,
            {name: meaning(value) for name, value in fields.items() if name not in _OFFSETS},
        )
    if isinstance(node, tuple):
        return [meaning(item) for item in node]
    return node.name if isinstance(node, Enum) else (type(node).__name__, node)


def value_text(source: str) -> str:
    """The structure of one expression, every operator in parentheses."""
    (field,) = parsed(f"x = {source}").items
    assert isinstance(field, syntax.Field)
    assert field.value is not None
    return text_of(field.value)


def text_of(node: Any) -> str:  # noqa: C901  # one case for each kind of node
    """A node as text: lists and records as BCL writes them, everything else in parentheses."""
    match node:
        case syntax.Constant(value=value):
            return json.dumps(value)
        case syntax.Number(value=value, unit=unit):
            return f"{value}{unit and ' ' + unit}"
        case syntax.Path(text=text) | syntax.Placeholder(text=text):
            return text
        case syntax.Name(word=word):
            return word
        case syntax.FString(parts=parts):
            return f"(f {' '.join(_part(part) for part in parts)})"
        case syntax.List(items=items):
            return f"[{', '.join(map(text_of, items))}]"
        case syntax.Record(members=members):
            return f"{{{'; '.join(map(text_of, members))}}}"
        case syntax.ListLoop(item=item, clauses=clauses):
            return f"[{text_of(item)} {' '.join(map(text_of, clauses))}]"
        case syntax.RecordLoop(key=key, value=value, clauses=clauses):
            return f"{{{' '.join(map(text_of, clauses))}: {text_of(key)} = {text_of(value)}}}"
        case syntax.Clause(names=names, source=source, condition=condition):
            when = f" if {text_of(condition)}" if condition else ""
            return f"for {', '.join(names)} in {text_of(source)}{when}"
        case syntax.Self():
            return "self"
        case syntax.Super():
            return "super"
        case syntax.Up(levels=levels):
            return f"up^{levels}"
        case syntax.Import(path=path, digest=digest):
            return f"(import {path}{digest and ' ' + digest})"
        case syntax.Chain(first=first, steps=steps):
            rest = " ".join(f"{step.operator} {text_of(step.operand)}" for step in steps)
            return f"({text_of(first)} {rest})"
        case syntax.Compare(operator=operator, left=left, right=right):
            return f"({text_of(left)} {operator} {text_of(right)})"
        case syntax.Logic(operator=operator, terms=terms):
            return f"({f' {operator} '.join(map(text_of, terms))})"
        case syntax.Not(value=value, count=count):
            return f"({'not ' * count}{text_of(value)})"
        case syntax.Negate(value=value, count=count):
            return f"({'-' * count} {text_of(value)})"
        case syntax.If(branches=branches, otherwise=otherwise):
            chosen = " else ".join(
                f"if {text_of(branch.condition)} then {text_of(branch.value)}"
                for branch in branches
            )
            return f"({chosen} else {text_of(otherwise)})"
        case syntax.Postfix(value=value, steps=steps):
            return text_of(value) + "".join(map(text_of, steps))
        case syntax.Attribute(name=name):
            return f".{name}"
        case syntax.Index(key=key):
            return f"[{text_of(key)}]"
        case syntax.Call(arguments=arguments):
            return f"({', '.join(map(text_of, arguments))})"
        case syntax.Argument(name=name, value=value) | syntax.Parameter(name=name, default=value):
            if isinstance(node, syntax.Argument):
                return f"{name and name + ' = '}{text_of(value)}"
            return f"{name}{' = ' + text_of(value) if value else ''}"
        case syntax.Extend(record=record):
            return f" {text_of(record)}"
        case syntax.Lambda(parameters=parameters, body=body):
            return f"(lambda {', '.join(map(text_of, parameters))}: {text_of(body)})"
        case syntax.Field():
            return _field(node)
        case syntax.Assert(condition=condition, message=message):
            return f"assert {text_of(condition)}{' : ' + text_of(message) if message else ''}"
        case syntax.Declaration(kind=kind, name=name, value=value, computed=computed):
            named = f"[{text_of(computed)}]" if computed else name
            loops = "".join(f" {text_of(clause)}" for clause in node.clauses)
            return f"{kind} {named} = {text_of(value)}{loops}"
        case syntax.NamedType(name=name, optional=optional):
            return name + "?" * optional
        case syntax.LiteralType(text=text):
            return json.dumps(text)
        case syntax.ListType(item=item):
            return f"[{text_of(item)}]"
        case syntax.RecordType(value=value):
            return f"{{{text_of(value)}}}"
        case syntax.UnionType(options=options):
            return f"({' | '.join(map(text_of, options))})"
        case syntax.File(items=items):
            return "\n".join(map(text_of, items))
    raise AssertionError(node)


def _part(part: str | syntax.Interpolation) -> str:
    if isinstance(part, str):
        return json.dumps(part)
    return f"{{{text_of(part.value)}{part.format and ':' + part.format}}}"


def _field(field: syntax.Field) -> str:
    words = [] if field.visibility is syntax.Visibility.EXPORTED else [field.visibility.value]
    words += ["final"] if field.final else []
    type = f": {text_of(field.type)}" if field.type else ""
    value = ""
    if field.value is not None:
        mark = "" if field.how is syntax.How.EXTEND else f"{field.how.value} "
        value = f" {mark}{text_of(field.value)}"
    return f"{' '.join([*words, field.name])}{type}{value}"
