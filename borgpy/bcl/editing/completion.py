"""What may stand at the cursor: fields of the schema, names in sight, members of a value, units, types, placeholders."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.editing.fields import field_at, fields_of, is_record
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.inheritance import Imported, Inheritance
from borgpy.bcl.editing.mending import MARKER, Parse, Typed, is_quoted, typed_at
from borgpy.bcl.editing.mentions import Kind, Mention, Scope
from borgpy.bcl.editing.outline import kind_of
from borgpy.bcl.editing.places import Places
from borgpy.bcl.functions import BUILTINS
from borgpy.bcl.reading.literals import UNITS
from borgpy.bcl.schema.reference import FieldReference
from borgpy.model.placeholders import PLAIN

TYPES = ("int", "number", "string", "bool", "bytes", "duration", "list", "record", "any")

VALUE_WORDS = (
    *("true", "false", "null", "self", "super", "up"),
    *("if", "not", "lambda", "import"),
)
MEMBER_WORDS = ("local", "hidden", "final", "assert")

_PLACEHOLDER = re.compile(r"(?P<before>.?)%(?P<name>[A-Za-z_]*(?::[A-Za-z0-9_]*)?)\Z", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])[0-9][0-9_]*(?:\.[0-9]+)?[A-Za-z]*\Z")
_TYPE = re.compile(
    r"(?:^|[{,;])\s*(?:(?:hidden|final|local|param)\s+)*\w+\s*:\s*(?:[\w\s?\"'|\[{]*[\s|\[{])?\w*\Z",
    re.MULTILINE,
)
_IMPORT = re.compile(r"\bimport\s+[\"'](?P<path>[^\"'\n]*)\Z")


class Offer(msgspec.Struct, frozen=True):
    """Something to go on with. ``insert`` is what to write, if not the label itself; ``$0`` is where the cursor goes."""

    label: str
    kind: str
    detail: str = ""
    doc: str = ""
    insert: str = ""


class Completion:
    """Offers for the files of a project, as far as they are open or imported."""

    def __init__(
        self,
        parse: Parse,
        imported: Imported,
        others: Sequence[Index] = (),
        names: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        self._parse = parse
        self._imported = imported
        self._others = others
        self._names = names

    def offers(self, source: Source, offset: int) -> list[Offer]:
        """What may be typed at an offset. Editors filter by what has been typed of it."""
        before = source.text[source.line_start(offset) : offset]
        quoted = is_quoted(source.text, offset)
        placeholder = _PLACEHOLDER.search(before)
        if placeholder and (quoted or placeholder["before"] in " \t([,=\"'"):
            return [_placeholder(name) for name in PLAIN]
        if quoted:
            path = _IMPORT.search(before)
            return [Offer(name, "file") for name in self._names(path["path"])] if path else []
        if _NUMBER.search(before):
            return [Offer(unit, "unit", f"{kind}") for unit, (kind, *_) in UNITS.items() if unit]
        if _TYPE.search(before) and "lambda" not in before:
            return [Offer(name, "type") for name in TYPES]
        typed = typed_at(source, offset, self._parse)
        return list(self._for(typed)) if typed else []

    def _for(self, typed: Typed) -> Iterator[Offer]:
        mention = typed.mention
        inheritance = Inheritance(self._imported)
        if mention.kind is Kind.ATTRIBUTE and mention.chain is not None:
            layers = inheritance.before(mention.chain, mention.step, mention.scope)
            yield from _fields(layers, set())
            if isinstance(mention.chain.value, syntax.Up):
                yield Offer("up", "keyword", "the record around that")
            return
        others = [file for file in self._others if file.source.name != typed.file.source.name]
        places = Places([typed.file, *others], inheritance)
        if mention.kind is Kind.FIELD:
            yield from self._members(mention, inheritance, places)
            return
        if mention.kind is Kind.ARGUMENT:
            yield from _parameters(mention, inheritance)
        yield from self._choices(mention, places)
        yield from _names(mention.scope)

    def _members(
        self, mention: Mention, inheritance: Inheritance, places: Places
    ) -> Iterator[Offer]:
        """What may be set here: fields of the schema first, then what can be overridden."""
        scope = mention.scope
        taken = {name.lower() for name in scope.names} - {MARKER}
        if scope.parent is None:
            yield from _declarations()
        known: set[str] = set()
        for place in places.of(scope):
            for field in fields_of(place):
                if field.name not in known and field.name not in taken:
                    known.add(field.name)
                    yield _schema_offer(field)
        yield from _fields(inheritance.below(scope), known | taken, insert=" = $0")
        words = MEMBER_WORDS if scope.parent else ("local", "hidden", "param", "assert")
        yield from (Offer(word, "keyword") for word in words)

    def _choices(self, mention: Mention, places: Places) -> Iterator[Offer]:
        """The words that the field may be whose value this is."""
        for other in mention.scope.names.values():
            if getattr(other.node, "value", None) is not mention.node:
                continue
            for field in filter(None, map(field_at, places.of_field(other))):
                yield from (Offer(word, "value", field.type) for word in field.choices)


def _names(scope: Scope) -> Iterator[Offer]:
    seen = {MARKER}
    for around in scope.around():
        for name, mention in around.names.items():
            if name not in seen and name.isidentifier():
                seen.add(name)
                yield Offer(name, kind_of(mention), _written(mention))
    for builtin in BUILTINS.values():
        if builtin.name not in seen:
            doc = f"{builtin.doc}\n\n```bcl\n{builtin.example}  // {builtin.result}\n```"
            yield Offer(builtin.name, "builtin", builtin.signature, doc, f"{builtin.name}($0)")
    yield from (Offer(word, "keyword") for word in VALUE_WORDS)


def _fields(layers: Sequence[Scope], taken: set[str], insert: str = "") -> Iterator[Offer]:
    """The fields of some layers, each once, as the uppermost has it."""
    seen = {MARKER} | taken
    for layer in layers:
        for name, mention in layer.names.items():
            is_local = getattr(mention.node, "visibility", None) is syntax.Visibility.LOCAL
            if name in seen or is_local:
                continue
            seen.add(name)
            shown = name if name.isidentifier() else f'"{name}"'
            yield Offer(shown, "field", _written(mention), "", f"{shown}{insert}" if insert else "")


def _parameters(mention: Mention, inheritance: Inheritance) -> Iterator[Offer]:
    function = inheritance.function_of(mention)
    for name in function.names if function else ():
        yield Offer(name, "parameter", "", "", f"{name} = $0")


def _declarations() -> Iterator[Offer]:
    for kind in syntax.KINDS:
        yield Offer(kind, "declaration", "", "", f"{kind} $1 = {{\n  $0\n}}")


def _schema_offer(field: FieldReference) -> Offer:
    required = ", required" if field.required else ""
    value = "{ $0 }" if is_record(field) else "$0"
    return Offer(
        field.name, "field", field.type + required, field.description, f"{field.name} = {value}"
    )


def _placeholder(name: str) -> Offer:
    insert = "port:$0%" if name == "port" else f"{name}%"
    return Offer(name, "placeholder", "filled in when a task starts", "", insert)


def _written(mention: Mention) -> str:
    """The line that defines something, as far as it fits."""
    source = mention.source
    line = source.text[mention.start : source.line_end(mention.start)].strip()
    return line if len(line) <= 60 else f"{line[:58]}.."
