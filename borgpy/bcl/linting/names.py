"""Rules about names: what they refer to, and whether anything refers to them."""

from collections.abc import Iterator

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Details, Edit, Fix, Spot, suggestion
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.mentions import Kind, Mention
from borgpy.bcl.functions import BUILTINS
from borgpy.bcl.linting.nodes import nodes_of
from borgpy.bcl.linting.remarks import Remark, remark
from borgpy.bcl.syntax import Visibility

_SWITCHES = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_SWITCHES |= {"True": "true", "False": "false", "None": "null", "nil": "null"}


def bare_words(index: Index) -> Iterator[Remark]:
    for spot in bare_word_spots(index):
        word = spot.text
        meant = _SWITCHES.get(word, "")
        details = Details(
            label=f"did you mean {meant}?" if meant else "",
            help=f'write "{word}"',
            fixes=(Fix("quote it", (Edit(spot.span, f'"{word}"'),)),),
        )
        yield remark("bare-word", spot, f"'{word}' is text without quotes", details)


def bare_word_spots(index: Index) -> Iterator[Spot]:
    """Where words stand that name nothing, and can only be text."""
    lone = _lone_words(index.file)
    for mention in _unresolved(index):
        if id(mention.node) in lone:
            yield _spot(mention)


def unknown(index: Index) -> Iterator[Remark]:
    lone = _lone_words(index.file)
    for mention in _unresolved(index):
        if id(mention.node) in lone:
            continue
        visible = [name for scope in mention.scope.around() for name in scope.names]
        meant = suggestion(mention.name, [*visible, *BUILTINS])
        label = f"did you mean '{meant}'?" if meant else ""
        help = "a field that is inherited is read as self.NAME" if not meant else ""
        details = Details(label=label, help=help)
        message = f"nothing is called '{mention.name}' here"
        yield remark("unknown-name", _spot(mention), message, details)


def own_names(index: Index) -> Iterator[Remark]:
    for mention in index.mentions:
        value = getattr(mention.node, "value", None)
        if mention.kind is Kind.FIELD and isinstance(value, syntax.Name):
            name = mention.name
            if value.word == name and mention.scope.names.get(name) is mention:
                details = Details(
                    help=f"up.{name} is the enclosing one, super.{name} the inherited one"
                )
                spot = Spot(index.source, *value.where)
                yield remark("own-name", spot, f"'{name}' is its own value", details)


def unused_locals(index: Index) -> Iterator[Remark]:
    for mention in _unused(index, Visibility.LOCAL):
        if not isinstance(mention.node.value, syntax.Import):
            message = f"nothing reads the local '{mention.name}'"
            yield remark("unused-local", _spot(mention), message)


def unused_imports(index: Index) -> Iterator[Remark]:
    for mention in _unused(index, Visibility.LOCAL):
        if isinstance(mention.node.value, syntax.Import):
            message = f"nothing reads '{mention.name}'; its file is read all the same"
            yield remark("unused-import", _spot(mention), message)


def unused_params(index: Index) -> Iterator[Remark]:
    # Whoever reads it through self, up or a variable is given the benefit of the doubt.
    read = {m.name for m in index.mentions if m.kind is Kind.ATTRIBUTE}
    for mention in _unused(index, Visibility.PARAM):
        if mention.name not in read:
            message = f"nothing reads the parameter '{mention.name}'"
            yield remark("unused-param", _spot(mention), message)


def shadowed(index: Index) -> Iterator[Remark]:
    called = _called_names(index)
    for mention in index.mentions:
        if mention.name not in BUILTINS or mention.kind not in (Kind.FIELD, Kind.VARIABLE):
            continue
        visibility = getattr(mention.node, "visibility", Visibility.LOCAL)
        is_function = isinstance(getattr(mention.node, "value", None), syntax.Lambda)
        hides_a_call = mention in called and not is_function
        # A field may well be called `max`: it is a mistake only where the function was wanted.
        if hides_a_call or visibility in (Visibility.LOCAL, Visibility.PARAM):
            message = f"'{mention.name}' hides the built-in function of that name"
            details = Details(help=f"the built-in is {BUILTINS[mention.name].signature}")
            yield remark("shadowed-builtin", _spot(mention), message, details)


def _called_names(index: Index) -> set[Mention]:
    """The definitions that a call ``name(..)`` leads to."""
    found = set()
    for node in nodes_of(index.file):
        if not isinstance(node, syntax.Postfix) or not isinstance(node.steps[0], syntax.Call):
            continue
        mention = index.mention_at(node.value.start)
        if isinstance(node.value, syntax.Name) and mention is not None:
            definition = mention.scope.resolve(mention.name)
            found |= {definition} if definition is not None else set()
    return found


def _unused(index: Index, visibility: Visibility) -> Iterator[Mention]:
    used = {
        id(mention.scope.resolve(mention.name))
        for mention in index.mentions
        if mention.kind is Kind.NAME
    }
    for mention in index.mentions:
        if mention.kind is not Kind.FIELD or mention.name.startswith("_"):
            continue
        if getattr(mention.node, "visibility", None) is visibility and id(mention) not in used:
            yield mention


def _unresolved(index: Index) -> Iterator[Mention]:
    for mention in index.mentions:
        if mention.kind is not Kind.NAME or mention.name in BUILTINS:
            continue
        if mention.scope.resolve(mention.name) is None:
            yield mention


def _lone_words(file: syntax.File) -> set[int]:
    """The words that stand where text may: whole values, items, arguments. By identity of their nodes."""
    found: set[int] = set()
    for node in nodes_of(file):
        match node:
            case syntax.Field(value=value) | syntax.Declaration(value=value):
                found.add(id(value))
            case syntax.Argument(value=value) | syntax.RecordLoop(value=value):
                found.add(id(value))
            case syntax.Branch(value=value) | syntax.If(otherwise=value):
                found.add(id(value))
            case syntax.ListLoop(item=value) | syntax.Lambda(body=value):
                found.add(id(value))
            case syntax.List(items=items):
                found.update(map(id, items))
            case syntax.Parameter(default=value):
                found.add(id(value))
    return found


def _spot(mention: Mention) -> Spot:
    return Spot(mention.source, mention.start, mention.end)
