"""The rules there are, and what they find in a file."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType

import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Details, Source, suggestion
from borgpy.bcl.editing.index import Index
from borgpy.bcl.linting import names, shapes
from borgpy.bcl.linting.remarks import Remark, Silence, in_order, remark

MOST_REMARKS = 1_000
"""Nobody reads more about one file."""


DEEPEST = 500
"""Scopes within each other, beyond which names are not looked up: it would take the square of the depth."""


class Rule(msgspec.Struct, frozen=True):
    """What a rule is about, and how it looks for that."""

    about: str
    find: Callable[[Index], Iterator[Remark]]
    resolves: bool = False
    """Whether it looks names up."""


def _elsewhere(_index: Index) -> Iterator[Remark]:
    """For a rule that one file alone cannot break."""
    return iter(())


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "bare-word": Rule("text without quotes", names.bare_words, resolves=True),
        "unknown-name": Rule(
            "a name that nothing has, where text cannot stand", names.unknown, resolves=True
        ),
        "own-name": Rule("a field whose value is its own name", names.own_names, resolves=True),
        "unused-local": Rule("a local that nothing reads", names.unused_locals, resolves=True),
        "unused-import": Rule(
            "an imported file that nothing reads", names.unused_imports, resolves=True
        ),
        "unused-param": Rule("a parameter that nothing reads", names.unused_params, resolves=True),
        "shadowed-builtin": Rule(
            "a name that hides a built-in function", names.shadowed, resolves=True
        ),
        "comment-as-division": Rule("a comment that looks like a divisor", shapes.divisions),
        "extension-on-new-line": Rule("an extension that looks like a member", shapes.extensions),
        "modulo-as-placeholder": Rule("a %name% that is two modulos", shapes.modulos),
        "constant-condition": Rule(
            "a condition that is written as true or false", shapes.constants
        ),
        "duplicate-job": Rule("a job that another file declares, too", _elsewhere),
        "unknown-rule": Rule("a rule to ignore that there is not", _elsewhere),
    }
)
"""Every rule by its name."""


def lint(source: Source, file: syntax.File) -> list[Remark]:
    """What is probably not meant in a file, in the order of its text, without what the file silences."""
    index = Index(source, file)
    silence = Silence(source)
    found = list(islice(_unknown_rules(silence), MOST_REMARKS))
    is_deep = _is_deep(index)
    for rule in RULES.values():
        if is_deep and rule.resolves:
            continue
        for each in rule.find(index):
            if not silence.covers(each):
                found.append(each)
            if len(found) >= MOST_REMARKS:
                return in_order(found)
    return in_order(found)


def bare_words_in(source: Source, file: syntax.File) -> set[int]:
    """The offsets of the words that are text without quotes."""
    index = Index(source, file)
    return set() if _is_deep(index) else {spot.start for spot in names.bare_word_spots(index)}


def _is_deep(index: Index) -> bool:
    """Whether more scopes lie within each other than anybody writes; the clauses of a loop are some, too."""
    depths = {id(None): 0}
    for scope in index.scopes:  # each behind the one it stands in
        depth = depths[id(scope.parent)] + 1
        depths[id(scope)] = depth
        if depth > DEEPEST:
            return True
    return False


def _unknown_rules(silence: Silence) -> Iterator[Remark]:
    for name, spot in silence.named:
        if name not in RULES:
            meant = suggestion(name, RULES)
            label = f"did you mean '{meant}'?" if meant else ""
            yield remark("unknown-rule", spot, f"there is no rule '{name}'", Details(label=label))
