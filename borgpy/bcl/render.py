"""Plain data as BCL: text without any reference that evaluates to the same."""

import re
from collections.abc import Iterable, Iterator, Mapping

from borgpy.bcl.loading.jsondata import Json
from borgpy.bcl.schema.reference import fields_of
from borgpy.bcl.syntax import RESERVED

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ESCAPES = {
    **{chr(code): f"\\u{code:04x}" for code in (*range(32), 127)},
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\\": "\\\\",
    '"': '\\"',
}
_ESCAPED = str.maketrans(_ESCAPES)
_WIDTH = 100
_INDENT = "  "


def bcl_text(fields: Mapping[str, Json], declarations: Mapping[str, Mapping[str, Json]]) -> str:
    """A file with these fields, and these declarations by kind and name."""
    lines = [line for name, value in fields.items() for line in _field(name, value, "")]
    for kind, named in declarations.items():
        for name, value in named.items():
            lines += [""] if lines else []
            lines += _declaration(kind, name, value)
    return "".join(f"{line}\n" for line in lines)


def _declaration(kind: str, name: str, value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        # The result tells the name, the text has it already; and it tells durations in seconds.
        value = {field: inner for field, inner in value.items() if (field, inner) != ("name", name)}
        value = _with_durations(value, kind)
    yield from _assigned(f"{kind} {name_text(name)} = ", value, "")


class _Duration(float):
    """A number of seconds that has to be written with its unit."""


def _with_durations(record: Mapping[str, Json], path: str) -> dict[str, Json]:
    """The record of a schema with its durations marked."""
    durations = {field.name for field in fields_of(path) if field.type.startswith("duration")}
    marked: dict[str, Json] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            marked[name] = _with_durations(value, f"{path}.{name}")
        elif name in durations and isinstance(value, int | float):
            marked[name] = _Duration(value)
        else:
            marked[name] = value
    return marked


def _field(name: str, value: Json, indent: str) -> Iterator[str]:
    yield from _assigned(f"{indent}{name_text(name)} = ", value, indent)


def _assigned(head: str, value: Json, indent: str) -> Iterator[str]:
    """The lines of a value behind what it is assigned to."""
    short = _on_one_line(value)
    if short is not None and len(head) + len(short) <= _WIDTH:
        yield head + short
    elif isinstance(value, dict):
        yield f"{head}{{"
        for name, inner in value.items():
            yield from _field(name, inner, indent + _INDENT)
        yield f"{indent}}}"
    elif isinstance(value, list):
        yield f"{head}["
        for item in value:
            yield from _with_comma(_assigned(indent + _INDENT, item, indent + _INDENT))
        yield f"{indent}]"
    else:
        yield head + _scalar(value)


def _with_comma(lines: Iterable[str]) -> list[str]:
    *rest, last = lines
    return [*rest, f"{last},"]


def _on_one_line(value: Json) -> str | None:
    """What fits on a line if anything does: no record with fields, no list of lists."""
    if isinstance(value, dict):
        return None if value else "{}"
    if not isinstance(value, list):
        return _scalar(value)
    if any(isinstance(item, dict | list) and item for item in value):
        return None
    if len(value) > _WIDTH:
        return None
    return f"[{', '.join(_on_one_line(item) or '' for item in value)}]"


def _scalar(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, _Duration):
        return f"{int(value)}s" if value.is_integer() else f"{float(value)!r}s"
    return repr(value)


def name_text(name: str) -> str:
    """A name as a field or a declaration may have it: quoted unless it is a plain word."""
    plain = _NAME.fullmatch(name) and name not in RESERVED
    return name if plain else text_literal(name)


def text_literal(text: str) -> str:
    """A string in double quotes."""
    return f'"{text.translate(_ESCAPED)}"'
