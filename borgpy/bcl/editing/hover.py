"""What is said about the thing under the cursor: its value, where that comes from, and what the schema knows."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from borgpy.bcl.diagnostics import Source, Spot
from borgpy.bcl.editing.fields import field_at
from borgpy.bcl.editing.inheritance import Inheritance
from borgpy.bcl.editing.mentions import Kind, Mention
from borgpy.bcl.editing.outline import extent_end, kind_of
from borgpy.bcl.editing.places import Places
from borgpy.bcl.evaluate import Evaluated
from borgpy.bcl.explain import explain
from borgpy.bcl.functions import BUILTINS
from borgpy.bcl.reading.literals import UNITS
from borgpy.bcl.schema.reference import FieldReference
from borgpy.errors import InvalidConfig
from borgpy.model.resources import bytes_text

MOST_PATHS = 3
"""So many of the declarations that a template's field has a value in are shown."""

_LONGEST = 200
_NUMBER = re.compile(r"(?<![\w.])([0-9][0-9_]*(?:\.[0-9]+)?)([A-Za-z]+)(?!\w)")

KEYWORDS = {
    "self": "the innermost record, with everything that it inherits",
    "super": "what the innermost record inherits",
    "up": "the record around the innermost one; `up.up` is around that",
}


class Hover:
    """Texts about names, in Markdown. ``evaluated`` is what the file comes to, if it comes to anything just now."""

    def __init__(
        self, inheritance: Inheritance, places: Places, evaluated: Evaluated | None
    ) -> None:
        self._inheritance = inheritance
        self._places = places
        self._evaluated = evaluated

    def text(self, mention: Mention) -> str:
        """What to show for a name; nothing if there is nothing to say."""
        if mention.kind is Kind.KEYWORD:
            return f"`{mention.name}`: {KEYWORDS[mention.name]}"
        if mention.kind is Kind.IMPORT:
            return f"`{mention.name}`, seen from this file's folder"
        found = self._inheritance.definitions(mention)
        if not found:
            return _builtin(mention)
        parts = [_code(_definition(found[0])), *self._schema(found)]
        values = list(islice(self._values(mention, found), MOST_PATHS))
        parts += values or _origins(found)
        return "\n\n".join(part for part in parts if part)

    def _schema(self, found: Sequence[Mention]) -> Iterator[str]:
        """What the schema says, once, whichever of the layers it is about."""
        for mention in found:
            for place in self._places.of_field(mention):
                field = field_at(place)
                if field is not None:
                    yield _field_text(".".join(place.path), field)
                    return

    def _values(self, mention: Mention, found: Sequence[Mention]) -> Iterator[str]:
        """The value with its layers, as `borgcfg explain` shows it, for each path that the name has."""
        if self._evaluated is None:
            return
        for path in self._places.paths(mention, found[0]):
            try:
                explanation = explain(self._evaluated, path)
            except InvalidConfig:
                continue
            yield f"`{path}`\n\n{_code(explanation.render(), 'text')}"


def number_text(source: Source, offset: int) -> str:
    """What the number at an offset comes to, if its unit makes one wonder."""
    start, end = source.line_start(offset), source.line_end(offset)
    for match in _NUMBER.finditer(source.text, start, end):
        if match.start() <= offset <= match.end() and match[2] in UNITS:
            kind, numerator, denominator = UNITS[match[2]]
            amount = float(match[1].replace("_", "")) * numerator / denominator
            if kind == "duration":
                return f"{amount:,g} s" if amount != float(match[1]) else ""
            size = f" = {bytes_text(round(amount))}" if amount >= 1024 else ""
            return f"{amount:,.15g}{' B' if kind == 'bytes' else ''}{size}"
    return ""


def _builtin(mention: Mention) -> str:
    builtin = BUILTINS.get(mention.name)
    if mention.kind is not Kind.NAME or builtin is None:
        return ""
    example = _code(f"{builtin.example}  // {builtin.result}")
    return f"{_code(builtin.signature)}\n\n{builtin.doc}\n\n{example}"


def _definition(mention: Mention) -> str:
    """The line that defines something, whole if it is short."""
    text = mention.source.text[mention.start : extent_end(mention)]
    first, *rest = text.split("\n", 1)
    shown = f"{first.rstrip()} .." if rest else first
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}.."
    kind = kind_of(mention)
    visible = getattr(getattr(mention.node, "visibility", None), "value", "")
    prefix = kind if kind not in ("field", "record", "function") else visible
    return shown if prefix in ("", "exported") else f"{prefix} {shown}"


def _origins(found: Sequence[Mention]) -> list[str]:
    """Where something is set, as far as the text tells."""
    lines = [f"- {Spot(m.source, m.start, m.end)}" for m in found[:10]]
    return ["\n".join(lines)]


def _field_text(path: str, field: FieldReference) -> str:
    default = f", {field.default} if left out" if field.default not in ("", "none", "{}") else ""
    required = ", required" if field.required else ""
    return f"**{path}**: {field.type}{required}{default}\n\n{field.description}"


def _code(text: str, language: str = "bcl") -> str:
    return f"```{language}\n{text}\n```"
