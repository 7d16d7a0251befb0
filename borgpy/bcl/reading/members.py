"""Reading what stands in braces or in a file: fields, asserts, declarations, and the types of fields."""

import re
from typing import NamedTuple, cast

from borgpy.bcl import lexer, syntax
from borgpy.bcl.advice.situation import FIELD, NAME, TYPE
from borgpy.bcl.diagnostics import MAX_DIAGNOSTICS, Fault, Source
from borgpy.bcl.lexer import Kind, tokens
from borgpy.bcl.limits import Limits
from borgpy.bcl.misread import Misread, Unexpected, describe
from borgpy.bcl.reading.expressions import QUOTES, ExpressionReader, behind
from borgpy.bcl.reading.recovery import declares, next_item, next_member
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
_assert = re.compile(rf"assert{lexer.END}").match
_for = re.compile(rf"for{lexer.END}").match
_separated = re.compile(lexer.SEPARATED).match
_type = re.compile(
    rf"{lexer.SKIPPED}(?:({lexer.NAME})(?:{lexer.SKIPPED}(\?))?|({lexer.STRING})|([\[{{]))"
).match

_ALONE = {
    "local": "a local is a name for the expressions beside it: local x = 1",
    "param": "a param is hidden, and may be overridden: param n: int = 3",
    "hidden": "",
    "final": "",
}
_CLOSING = ("}", "]", ")")
_FILE = -1


class _Lost(Exception):
    """Nobody sees where the record goes on that was misread at ``at``."""

    def __init__(self, at: int, *, is_final: bool = False) -> None:
        super().__init__(at)
        self.at = at
        self.is_final = is_final


class _Qualified(NamedTuple):
    """What a field says beside its name and its value; ``how`` is `None` when it has no value."""

    how: How | None
    visibility: Visibility
    type: syntax.Type | None
    final: bool

    @property
    def said(self) -> tuple[How, Visibility, syntax.Type | None, bool]:
        """The fields of a `syntax.Field` in order."""
        return self.how or How.SET, self.visibility, self.type, self.final


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
                field = self._qualified(match, start)
                value: Expression | None = None
                if field.how is How.EXTEND:
                    value = self.reader_of_brace(self.at - 1)(self.at - 1)
                elif field.how is not None:
                    value = self.expression()
                items.append(syntax.Field(at, end, name, value, *field.said))
            except Misread as misread:
                self._recover(misread, start, depth)

    def _recover(self, misread: Misread, start: int, depth: int) -> None:
        """Notes a mistake within the record from ``start``, and goes on with its next member, if that is to be seen."""
        if self.text_start is not None and self.text_start < start:
            raise misread  # what stands within an f-string ends with it
        at = misread.start
        is_echo = self._was_lost and not self.opened and self.text[at : at + 1] in _CLOSING
        if not is_echo:
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
        begin, self.begin = self.begin, self.at
        match = _assert(self.text, self.at)
        if match is not None:
            return self._assertion(match)
        match = _declaration(self.text, self.at)
        if match is None or start != _FILE:
            self.begin = begin
            raise Unexpected(self.at, FIELD)
        return self._declared(match)

    def _assertion(self, match: re.Match[str]) -> syntax.Assert:
        self.open(self.at)
        self.at = match.end()
        begin = behind(self.text, self.at)
        condition, message = self.expression(), None
        end = self.end
        if self.passes(":"):
            message = self.expression()
        self.opened.pop()
        return syntax.Assert(begin, end, condition, message)

    def _declared(self, match: re.Match[str]) -> syntax.Declaration:
        kind, name, equals, _ = match.groups()
        self.at = match.end()
        computed = None
        if equals:
            where = match.span(2)
            name = self.string(name, where[0]) if name[0] in QUOTES else self.name(match, 2)
        else:
            name = ""
            self.open(self.at - 1)
            computed = self.expression()
            self.expect("]")
            self.opened.pop()
            where = match.start(4), self.at
            self.at = behind(self.text, self.at)
            self.expect("=")
        value = self.expression()
        clauses = self.clauses() if _for(self.text, self.at) else ()
        return syntax.Declaration(*where, kind, name, value, computed, clauses)

    def _qualified(self, match: re.Match[str], start: int) -> "_Qualified":
        """What a field says beside its name and its value."""
        modifiers, _, mark = match.groups()
        visibility, final = Visibility.EXPORTED, False
        if modifiers:
            words = {token.text for token in tokens(modifiers) if token.kind is Kind.WORD}
            visibility, final = self._modified(match, words, start)
        if mark != ":":
            return _Qualified(How(mark), visibility, None, final)
        type = self._type()
        return _Qualified(How.SET if self.passes("=") else None, visibility, type, final)

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
        """The type from here on, and what follows it skipped."""
        start = behind(self.text, self.at)
        options = [self._type_option()]
        while self.text[self.at : self.at + 1] == "|" != self.text[self.at + 1 : self.at + 2]:
            self.at += 1
            options.append(self._type_option())
        return (
            options[0] if len(options) == 1 else syntax.UnionType(start, self.end, tuple(options))
        )

    def _type_option(self) -> syntax.Type:
        match = _type(self.text, self.at)
        if match is None:
            raise Unexpected(behind(self.text, self.at), TYPE)
        name, optional, literal, bracket = match.groups()
        start = match.start(3 if literal else 4 if bracket else 1)
        self.at = self.end = match.end()
        type: syntax.Type
        if name:
            type = syntax.NamedType(start, self.end, self.name(match), bool(optional))
        elif literal:
            type = syntax.LiteralType(start, self.end, self.string(literal, start))
        else:
            type = self._container(start, bracket)
        self.at = behind(self.text, self.end)
        return type

    def _container(self, start: int, bracket: str) -> syntax.ListType | syntax.RecordType:
        self.open(start)
        inner = self._type()
        self.expect("]" if bracket == "[" else "}")
        self.opened.pop()
        self.end = self.at
        if bracket == "[":
            return syntax.ListType(start, self.end, inner)
        return syntax.RecordType(start, self.end, inner)
