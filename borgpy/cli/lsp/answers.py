"""The answers to an editor's questions about one place of one file, in the words of the protocol."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from lsprotocol import types

from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.editing.completion import Completion, Offer
from borgpy.bcl.editing.fields import field_at
from borgpy.bcl.editing.hover import Hover, number_text
from borgpy.bcl.editing.inheritance import Inheritance
from borgpy.bcl.editing.mending import moved, unchanged
from borgpy.bcl.editing.mentions import Kind, Mention
from borgpy.bcl.editing.outline import Symbol, outline
from borgpy.bcl.editing.places import Places
from borgpy.bcl.editing.rename import Renaming
from borgpy.bcl.evaluate import Evaluated
from borgpy.bcl.reading.parse import parse
from borgpy.cli.lsp.positions import Positions
from borgpy.cli.lsp.projects import Project

_COMPLETION_KINDS = {
    "field": types.CompletionItemKind.Property,
    "record": types.CompletionItemKind.Property,
    "declaration": types.CompletionItemKind.Class,
    "function": types.CompletionItemKind.Function,
    "builtin": types.CompletionItemKind.Function,
    "keyword": types.CompletionItemKind.Keyword,
    "unit": types.CompletionItemKind.Unit,
    "type": types.CompletionItemKind.TypeParameter,
    "value": types.CompletionItemKind.EnumMember,
    "file": types.CompletionItemKind.File,
    "placeholder": types.CompletionItemKind.Constant,
}
_SYMBOL_KINDS = {
    "field": types.SymbolKind.Property,
    "record": types.SymbolKind.Object,
    "function": types.SymbolKind.Function,
    "local": types.SymbolKind.Variable,
    "param": types.SymbolKind.Variable,
    "template": types.SymbolKind.Interface,
}
_PREFIXES = {
    "unit": re.compile(r"[A-Za-z]*\Z"),
    "file": re.compile(r"[^\"']*\Z"),
}
_WORD = re.compile(r"[A-Za-z0-9_]*\Z")
_PLACES_TO_GO = re.compile(r"\$(?:0|1|\{[^}]*\})")


class Answers:
    """About one open file of a project. ``evaluated`` is what it comes to, if it does just now."""

    def __init__(
        self, project: Project, name: str, encoding: str, evaluated: Evaluated | None
    ) -> None:
        self._project = project
        self._name = name
        self._document = project.open[name]
        self._encoding = encoding
        self._evaluated = evaluated
        self._inheritance = Inheritance(project.imported)
        self._known_positions: dict[Source, Positions] = {}

    @property
    def source(self) -> Source:
        return self._document.source

    def hover(self, at: types.Position) -> types.Hover | None:
        offset = self._offset(at)
        mention = self._mention(at)
        text = number_text(self.source, offset)
        if mention is not None and not text:
            places = Places(self._project.indexes(), self._inheritance)
            text = Hover(self._inheritance, places, self._evaluated).text(mention)
        if not text:
            return None
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))

    def definitions(self, at: types.Position) -> list[types.Location]:
        """Every layer's definition, the one that wins first; an import leads to its file."""
        mention = self._mention(at)
        if mention is None:
            return []
        if mention.kind is Kind.IMPORT:
            file = self._project.imported(mention.scope.index, mention.name)
            start = types.Range(types.Position(0, 0), types.Position(0, 0))
            return [types.Location(self.uri(file.source.name), start)] if file else []
        found = self._inheritance.definitions(mention)
        if mention.kind is Kind.FIELD and len(found) > 1:
            found = found[1:]  # to what it overrides: where it stands itself is known
        return [self._location(each) for each in found]

    def references(self, at: types.Position) -> list[types.Location]:
        mention = self._mention(at)
        if mention is None or not self._inheritance.definitions(mention):
            return []
        return [self._location(each) for each in self._renaming().family(mention)]

    def completion(self, at: types.Position, *, snippets: bool) -> types.CompletionList:
        offset = self._offset(at)
        completion = Completion(
            parse,
            self._project.imported,
            self._project.indexes(),
            lambda written: self._project.names_beside(self._name, written),
        )
        offers = completion.offers(self.source, offset)
        items = [self._item(offer, offset, number, snippets) for number, offer in enumerate(offers)]
        return types.CompletionList(is_incomplete=False, items=items)

    def symbols(self) -> list[types.DocumentSymbol]:
        index = self._document.index
        if index is None or not self._document.is_current:
            return []
        positions = Positions(index.source, self._encoding)
        return [_symbol(symbol, positions) for symbol in outline(index)]

    def formatting(self) -> list[types.TextEdit]:
        """What makes the text stand in its one layout; nothing if it cannot be read just now."""
        from borgpy.bcl.reading.format import format_text  # an editor may never ask

        old = self.source.text
        try:
            new = format_text(self.source)
        except BclError:
            return []
        if new == old:
            return []
        first, last = unchanged(old, new)
        place = self._positions(self.source).range(first, len(old) - last)
        return [types.TextEdit(place, new[first : len(new) - last])]

    def rename_range(self, at: types.Position) -> types.Range | None:
        """The name that could be renamed; `RenameRefused` if it cannot."""
        mention = self._current_mention(at)
        if mention is None:
            return None
        self._renaming().check(mention)
        return self._positions(mention.source).range(mention.start, mention.end)

    def rename(self, at: types.Position, new: str) -> types.WorkspaceEdit | None:
        mention = self._current_mention(at)
        if mention is None:
            return None
        changes: dict[str, list[types.TextEdit]] = {}
        for edit in self._renaming().replacements(mention, new):
            place = self._positions(edit.file.source).range(edit.start, edit.end)
            uri = self.uri(edit.file.source.name)
            changes.setdefault(uri, []).append(types.TextEdit(place, edit.text))
        return types.WorkspaceEdit(changes=changes)

    def uri(self, name: str) -> str:
        """The URI of a file of the project."""
        return (self._project.root / name).as_uri()

    def _offset(self, at: types.Position) -> int:
        return self._positions(self.source).offset(at)

    def _positions(self, source: Source) -> Positions:
        known = self._known_positions.get(source)
        if known is None:
            known = self._known_positions[source] = Positions(source, self._encoding)
        return known

    def _mention(self, at: types.Position) -> Mention | None:
        """The name at a place; in a file that cannot be read just now, the name that stood there when it could."""
        document = self._document
        if document.index is None:
            return None
        offset: int | None = self._offset(at)
        if not document.is_current and offset is not None:
            offset = moved(offset, document.source.text, document.index.source.text)
        return None if offset is None else document.index.mention_at(offset)

    def _current_mention(self, at: types.Position) -> Mention | None:
        return self._mention(at) if self._document.is_current else None

    def _renaming(self) -> Renaming:
        files = self._project.indexes()
        places = Places(files, self._inheritance)

        def is_fixed(mention: Mention) -> bool:
            return any(field_at(place) for place in places.of_field(mention))

        return Renaming(files, self._project.imported, parse, is_fixed)

    def _location(self, mention: Mention) -> types.Location:
        """Where a name stands in the text that the editor has."""
        name = mention.source.name
        source = self._project.source(name)
        start: int | None = mention.start
        if source.text != mention.source.text and start is not None:
            start = moved(start, mention.source.text, source.text)
        start = 0 if start is None else start
        end = start + mention.end - mention.start
        return types.Location(self.uri(name), self._positions(source).range(start, end))

    def _item(self, offer: Offer, offset: int, number: int, snippets: bool) -> types.CompletionItem:
        before = self.source.text[:offset]
        prefix = _PREFIXES.get(offer.kind, _WORD).search(before)
        start = prefix.start() if prefix else offset
        text = offer.insert or offer.label
        is_snippet = snippets and bool(_PLACES_TO_GO.search(text))
        if not is_snippet:
            text = _PLACES_TO_GO.sub("", text)
        is_text = types.InsertTextFormat.Snippet if is_snippet else types.InsertTextFormat.PlainText
        return types.CompletionItem(
            label=offer.label,
            kind=_COMPLETION_KINDS.get(offer.kind, types.CompletionItemKind.Variable),
            detail=offer.detail or None,
            documentation=types.MarkupContent(types.MarkupKind.Markdown, offer.doc)
            if offer.doc
            else None,
            sort_text=f"{number:04}",
            insert_text_format=is_text,
            text_edit=types.TextEdit(self._positions(self.source).range(start, offset), text),
        )


def actions(
    wanted: Sequence[types.Diagnostic],
) -> list[types.CodeAction]:
    """The ways out of some diagnostics, as far as they carry any."""
    found = []
    for diagnostic in wanted:
        for fix in _fixes(diagnostic.data):
            changes: dict[str, list[types.TextEdit]] = {}
            for edit in fix["edits"]:
                place = types.Range(
                    types.Position(**edit["range"]["start"]), types.Position(**edit["range"]["end"])
                )
                changes.setdefault(edit["uri"], []).append(types.TextEdit(place, edit["text"]))
            found.append(
                types.CodeAction(
                    title=fix["title"],
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[diagnostic],
                    edit=types.WorkspaceEdit(changes=changes),
                    is_preferred=True,
                )
            )
    return found


def _fixes(data: Any) -> Iterable[Any]:
    """What travelled with a diagnostic; editors may send back what they like."""
    return data.get("fixes", ()) if isinstance(data, dict) else ()


def _symbol(symbol: Symbol, positions: Positions) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=symbol.name,
        kind=_SYMBOL_KINDS.get(symbol.kind, types.SymbolKind.Class),
        detail=symbol.kind,
        range=positions.range(symbol.start, symbol.end),
        selection_range=positions.range(symbol.name_start, symbol.name_end),
        children=[_symbol(child, positions) for child in symbol.children],
    )
