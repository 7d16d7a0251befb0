"""Giving a name another name, everywhere it stands; or a refusal, where that would change what a file means."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Source, Spot
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.inheritance import Imported, Inheritance, Layers
from borgpy.bcl.editing.mentions import Kind, Mention

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class RenameRefused(Exception):
    """Why this cannot be renamed, or not so."""


class Replacement(NamedTuple):
    """What to write in place of what stands there."""

    file: Index
    start: int
    end: int
    text: str


Parse = Callable[[Source], syntax.File]

IsFixed = Callable[[Mention], bool]
"""Whether a field's name is not the file's to choose: a job's ``replicas``."""


class Renaming:
    """Renames within some files: all that import one another, as far as they are known."""

    def __init__(
        self, files: Sequence[Index], imported: Imported, parse: Parse, is_fixed: IsFixed
    ) -> None:
        self._files = files
        self._imported = imported
        self._inheritance = Inheritance(imported)
        self._parse = parse
        self._is_fixed = is_fixed

    def family(self, mention: Mention) -> list[Mention]:
        """Every place where the thing stands that ``mention`` names, itself included."""
        same = self._named(mention.name)
        linked: dict[tuple[str, int], set[tuple[str, int]]] = {}
        for other in same:
            for found in self._inheritance.definitions(other):
                linked.setdefault(other.key, set()).add(found.key)
                linked.setdefault(found.key, set()).add(other.key)
        reached, pending = {mention.key}, [mention.key]
        while pending:
            fresh = linked.get(pending.pop(), set()) - reached
            reached |= fresh
            pending += fresh
        return [other for other in same if other.key in reached]

    def replacements(self, mention: Mention, new: str) -> list[Replacement]:
        """The edits that rename what ``mention`` names; `RenameRefused` says why not."""
        family = self.check(mention)
        _check_name(new, family)
        if new == mention.name:
            return []
        edits = [Replacement(m.scope.index, m.start, m.end, _written(m, new)) for m in family]
        self._check_meaning(family, new, edits)
        return edits

    def check(self, mention: Mention) -> list[Mention]:
        """The family of what can be renamed; `RenameRefused` if this cannot, whatever the new name."""
        if not self._inheritance.definitions(mention):
            raise RenameRefused(f"'{mention.written}' is nothing that these files define")
        family = self.family(mention)
        fixed = next((m for m in family if m.kind is Kind.FIELD and self._is_fixed(m)), None)
        if fixed is not None:
            raise RenameRefused(f"'{mention.name}' is what borgpy calls this field")
        reached = {m.key for m in family}
        if any(m.kind is Kind.FIELD and not _is_local(m) for m in family):
            self._check_field(mention.name, family, reached)
        if any(isinstance(m.node, syntax.Parameter) for m in family):
            self._refuse_unknown(mention.name, Kind.ARGUMENT, reached)
        return family

    def _check_field(
        self, name: str, family: Iterable[Mention], reached: set[tuple[str, int]]
    ) -> None:
        """Refuses if a field may be read in a way that the text does not tell."""
        self._refuse_unknown(name, Kind.ATTRIBUTE, reached)
        records = {id(m.scope) for m in family if m.kind is Kind.FIELD}
        for computed in self._named("", Kind.COMPUTED):
            assert computed.chain is not None
            layers = self._inheritance.before(computed.chain, computed.step, computed.scope)
            if any(id(layer) in records for layer in layers):
                raise RenameRefused(f"a computed key may name '{name}' at {_place(computed)}")
        for file in self._files:
            for node, scope in file.spelled:
                layers = self._inheritance.of_value(node, scope)
                if any(id(layer) in records for layer in layers):
                    where = Spot(file.source, *node.where)
                    raise RenameRefused(
                        f"'{name}' is data at {where}, where fields are gone through"
                    )
        places = {(m.source.name, at) for m in family for at in (m.start, m.start + 1)}
        text = re.compile(f"([\"']){re.escape(name)}\\1")
        for file in self._files:
            for match in text.finditer(file.source.text):
                if (file.source.name, match.start()) not in places:
                    where = Spot(file.source, *match.span())
                    raise RenameRefused(f"'{name}' is written as text at {where}")

    def _refuse_unknown(self, name: str, kind: Kind, reached: set[tuple[str, int]]) -> None:
        for other in self._named(name, kind):
            if other.key not in reached and not self._inheritance.definitions(other):
                raise RenameRefused(f"whether '{name}' is meant at {_place(other)} cannot be told")

    def _named(self, name: str, *kinds: Kind) -> list[Mention]:
        return [
            mention
            for file in self._files
            for mention in file.mentions
            if mention.name == name and (not kinds or mention.kind in kinds)
        ]

    def _check_meaning(self, family: list[Mention], new: str, edits: list[Replacement]) -> None:
        """Every name must mean afterwards what it means now."""
        old = family[0].name
        for mention in family:
            taken = self._taken(mention, new)
            if taken is not None:
                raise RenameRefused(f"there is a '{new}' already, at {_place(taken)}")
        renamed = {file.source.name: file for file in self._renamed(edits)}

        def imported(importer: Index, path: str) -> Index | None:
            now = next(f for f in self._files if f.source.name == importer.source.name)
            found = self._imported(now, path)
            return renamed.get(found.source.name, found) if found else None

        before = _meaning(self._files, self._inheritance, {old, new})
        after = _meaning(renamed.values(), Inheritance(imported), {old, new})
        for place, meant in before.items():
            if after.get(place) != meant:
                mention = next(f for f in self._files if f.source.name == place[0]).mentions[
                    place[1]
                ]
                raise RenameRefused(f"as '{new}' it would be mistaken at {_place(mention)}")

    def _taken(self, mention: Mention, new: str) -> Mention | None:
        """A definition that stands where the renamed one would."""
        if mention.kind not in (Kind.FIELD, Kind.VARIABLE):
            return None
        layers: Layers = (mention.scope,)
        if mention.scope.is_record:
            layers = self._inheritance.of_record(mention.scope)
        return next((layer.names[new] for layer in layers if new in layer.names), None)

    def _renamed(self, edits: list[Replacement]) -> list[Index]:
        """The files as they are afterwards."""
        found = []
        for file in self._files:
            own = sorted((edit for edit in edits if edit.file is file), key=lambda edit: edit.start)
            if not own:
                found.append(file)
                continue
            pieces, at = [], 0
            for edit in own:
                pieces += [file.source.text[at : edit.start], edit.text]
                at = edit.end
            source = Source(file.source.name, "".join([*pieces, file.source.text[at:]]))
            found.append(Index(source, self._parse(source)))
        return found


def _meaning(
    files: Iterable[Index], inheritance: Inheritance, names: set[str]
) -> dict[tuple[str, int], list[tuple[str, int]]]:
    """What each mention of some names refers to. Places are numbers of mentions, which a new name does not change."""
    files = list(files)
    number = {m.key: (f.source.name, n) for f in files for n, m in enumerate(f.mentions)}
    return {
        number[mention.key]: [number[found.key] for found in inheritance.definitions(mention)]
        for file in files
        for mention in file.mentions
        if mention.name in names
    }


def _check_name(new: str, family: list[Mention]) -> None:
    if new in syntax.RESERVED:
        raise RenameRefused(f"'{new}' is a word of the language")
    if _NAME.match(new):
        return
    is_quoted = all(m.written[0] in "\"'" for m in family)
    if not is_quoted or not new or re.search(r"[\"'\\\n]", new):
        raise RenameRefused(f"'{new}' is no name: letters, digits and _, and no digit first")


def _written(mention: Mention, new: str) -> str:
    quote = mention.written[0]
    return f"{quote}{new}{quote}" if quote in "\"'" else new


def _is_local(mention: Mention) -> bool:
    return getattr(mention.node, "visibility", None) is syntax.Visibility.LOCAL


def _place(mention: Mention) -> str:
    return str(Spot(mention.source, mention.start, mention.end))
