"""Reading what stands in braces or in a file: fields, asserts, declarations, and the types of fields."""

import re
from typing import cast

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import MAX_DIAGNOSTICS, Fault, Source
from borgpy.bcl.limits import Limits
from borgpy.bcl.reading import lexer
from borgpy.bcl.reading.cursor import QUOTES
from borgpy.bcl.reading.expressions import ExpressionReader
from borgpy.bcl.reading.lexer import Kind, tokens
from borgpy.bcl.reading.misread import FIELD, NAME, TYPE, Misread, Unexpected, describe
from borgpy.bcl.syntax import RESERVED, Expression, How, Item, Visibility

_NAMED = rf"({lexer.NAME}|{lexer.STRING}){lexer.SKIPPED}"

_field = re.compile(
    rf"{lexer.SEPARATED}((?:(?:hidden|final|local|param){lexer.END}{lexer.SKIPPED})*)"
    rf"{_NAMED}(=(?!=)|\{{|\+=|:)"
).match
"""The modifiers of a field, its name, and what says how it goes on."""

_declaration = re.compile(
    rf"({'|'.join(syntax.KINDS)}){lexer.END}{lexer.SKIPPED}(?:{_NAMED}(=(?!=))|(\[))"
).match
_separated = re.compile(lexer.SEPARATED).match
_type_word = re.compile(rf"{lexer.NAME}|{lexer.STRING}").match

_ALONE = {
    "local": "a local is a name for the expressions beside it: local x = 1",
    "param": "a param is hidden, and may be overridden: param n: int = 3",
    "hidden": "",
    "final": "",
}
_Said = tuple[How, Visibility, syntax.Type | None, bool]
"""What a field says beside its name and its value, as `syntax.Field` wants it."""

_PLAIN: dict[str, _Said] = {how.value: (how, Visibility.EXPORTED, None, False) for how in How}

_CLOSING = ("}", "]", ")")
_FILE = -1


class _Lost(Exception):
    """Nobody sees where the record goes on that was misread at ``at``."""

    def __init__(self, at: int, *, is_final: bool = False) -> None:
        super().__init__(at)
        self.at = at
        self.is_final = is_final


class Reader(ExpressionReader):
    """Reads a file, and on behind what it cannot read."""

    def __init__(self, source: Source, limits: Limits) -> None:
        super().__init__(source, limits)
        self.faults: list[Fault] = []
        self._was_lost = False

    def file(self) -> syntax.File:
        """All of the text. What was wrong with it is in ``faults`` then."""
        while True:
            try:
                return syntax.File(self.record(_FILE).members)
            except _Lost as lost:
                from borgpy.bcl.reading.recovery import next_item

                at = next_item(self.source, self.begin, lost.at)
                if at is None or lost.is_final:
                    return syntax.File(())
                self._was_lost = True
                self.opened.clear()
                self.at = at

    def record(self, start: int) -> syntax.Record:
        """The record whose brace opens at ``start``, up to and with the closing one, but not what follows."""
        text, depth = self.text, len(self.opened)
        items: list[Item] = []
        if start != _FILE:
            self.open(start)
            depth += 1
            self.at = start + 1
        while True:
            try:
                match = _field(text, self.at)
                if match is None:
                    if self._ends(start):
                        # Only a file, whose items they are, has declarations among its members.
                        members = cast(tuple[syntax.Member, ...], tuple(items))
                        return syntax.Record(start, self.end, members)
                    items.append(self._other(start))
                    continue
                modifiers, name, how = match.groups()
                at, end = match.span(2)
                self.begin = at
                if name[0] in QUOTES:
                    name = self.string(name, at)
                elif name in RESERVED:
                    raise Unexpected(at, NAME)
                self.at = match.end()
                if how == "=" and not modifiers:
                    items.append(syntax.Field(at, end, name, self.expression()))
                    continue
                said = self._said(match, start) if modifiers or how == ":" else _PLAIN[how]
                value: Expression | None = None
                if how == "{":
                    value = self.reader_of_brace(self.at - 1)(self.at - 1)
                elif how != ":" or self.passes("="):
                    value = self.expression()
                items.append(syntax.Field(at, end, name, value, *said))
            except Misread as misread:
                self._recover(misread, start, depth)

    def _recover(self, misread: Misread, start: int, depth: int) -> None:
        """Notes a mistake within the record from ``start``, and goes on with its next member, if that is to be seen."""
        from borgpy.bcl.reading.recovery import declares, next_member

        if self.text_start is not None and self.text_start < start:
            raise misread  # what stands within an f-string ends with it
        at = misread.start
        if self._was_lost and not self.opened and self.text[at : at + 1] in _CLOSING:
            self.at = at + 1  # of what was lost
            return
        self.faults.append(describe(self.source, misread, self.begin, self.opened))
        if misread.code == "limit" or len(self.faults) > MAX_DIAGNOSTICS:
            raise _Lost(at, is_final=True)
        resume = None
        if start == _FILE or not declares(self.source, at):
            resume = next_member(self.source, max(self.begin, start + 1), at)
        if resume is None:
            raise _Lost(at)
        if start == _FILE and self.text[resume] == "}":
            resume += 1
        del self.opened[depth:]
        self.text_start = None
        self.at = resume

    def _ends(self, start: int) -> bool:
        """Whether what opened at ``start`` ends here, behind any separators; if so, goes on behind it."""
        match = _separated(self.text, self.at)
        assert match is not None
        self.at = match.end()
        if start == _FILE:
            return self.at == len(self.text)
        if self.text[self.at : self.at + 1] != "}":
            return False
        self.opened.pop()
        self.at += 1
        self.end = self.at
        return True

    def _other(self, start: int) -> Item:
        """What is no field: an assert or a declaration."""
        if self.word() == "assert":
            return self._assertion()
        match = _declaration(self.text, self.at)
        if match is None or start != _FILE:
            raise Unexpected(self.at, FIELD)
        self.begin = self.at
        return self._declared(match)

    def _assertion(self) -> syntax.Assert:
        self.begin = self.at
        self.open(self.at)
        self.skip(self.at + len("assert"))
        start = self.at
        condition, message = self.expression(), None
        end = self.end
        if self.passes(":"):
            message = self.expression()
        self.opened.pop()
        return syntax.Assert(start, end, condition, message)

    def _declared(self, match: re.Match[str]) -> syntax.Declaration:
        kind, name, equals, _ = match.groups()
        self.at = match.end()
        computed = None
        if equals:
            where = match.span(2)
            name = self.string(name, where[0]) if name[0] in QUOTES else self.name(match, 2)
        else:
            name, start = "", self.at - 1
            self.open(start)
            computed = self.expression()
            where = start, self.at + 1
            self.expect("]")
            self.opened.pop()
            self.expect("=")
        value = self.expression()
        clauses = self.clauses() if self.word() == "for" else ()
        return syntax.Declaration(*where, kind, name, value, computed, clauses)

    def _said(self, match: re.Match[str], start: int) -> _Said:
        """What a field with modifiers or a type says beside its name and its value."""
        modifiers, _, mark = match.groups()
        visibility, final = Visibility.EXPORTED, False
        if modifiers:
            words = {token.text for token in tokens(modifiers) if token.kind is Kind.WORD}
            visibility, final = self._modified(match, words, start)
        if mark == ":":
            return How.SET, visibility, self._type(), final
        return How(mark), visibility, None, final

    def _modified(
        self, match: re.Match[str], words: set[str], start: int
    ) -> tuple[Visibility, bool]:
        """What the modifiers of a field mean together, if they are possible here."""
        where = match.span(1)[0], match.end(2)
        mark = match[3]
        if len(words) > 1 and not words <= {"hidden", "final"}:
            first, second = sorted(words, key=list(_ALONE).index)[:2]
            raise Misread(
                *where, f"'{first}' and '{second}' do not go together", help=_ALONE[first]
            )
        if "local" in words and mark != "=":
            self.name(match, 2)
            raise Misread(
                match.start(3),
                match.end(3),
                f"unexpected '{mark}', expected '='",
                help=_ALONE["local"],
            )
        if "param" in words and start != _FILE:
            raise Misread(
                *where,
                "a param stands at the top of a file",
                help="here 'hidden' makes a field that others override",
            )
        if "param" in words and mark != ":":
            self.name(match, 2)
            raise Misread(*where, "a param needs a type", help=f"as in param {match[2]}: int = 3")
        if words & {"local", "param"}:
            self.name(match, 2)
        if "param" in words:
            return Visibility.PARAM, False
        if "local" in words:
            return Visibility.LOCAL, False
        return Visibility.HIDDEN if "hidden" in words else Visibility.EXPORTED, "final" in words

    def _type(self) -> syntax.Type:
        """The type from here on; goes on behind it."""
        self.skip(self.at)
        start = self.at
        options = [self._type_option()]
        while self.text[self.at : self.at + 1] == "|" != self.text[self.at + 1 : self.at + 2]:
            self.skip(self.at + 1)
            options.append(self._type_option())
        if len(options) == 1:
            return options[0]
        return syntax.UnionType(start, self.end, tuple(options))

    def _type_option(self) -> syntax.Type:
        start, mark = self.at, self.text[self.at : self.at + 1]
        if mark in ("[", "{"):
            return self._container(start, mark)
        match = _type_word(self.text, start)
        if match is None:
            raise Unexpected(start, TYPE)
        if mark in QUOTES:
            self.end = match.end()
            self.skip(self.end)
            return syntax.LiteralType(start, self.end, self.string(match[0], start))
        name, optional = self.new_name(TYPE), False
        if self.text[self.at : self.at + 1] == "?":
            self.end, optional = self.at + 1, True
            self.skip(self.end)
        return syntax.NamedType(start, self.end, name, optional)

    def _container(self, start: int, bracket: str) -> syntax.ListType | syntax.RecordType:
        self.open(start)
        self.at += 1
        inner = self._type()
        self.end = self.at + 1
        self.expect("]" if bracket == "[" else "}")
        self.opened.pop()
        if bracket == "[":
            return syntax.ListType(start, self.end, inner)
        return syntax.RecordType(start, self.end, inner)
