"""Reading what stands in braces or in a file: fields, asserts, declarations, and the types of fields."""

import re
from typing import cast

from borgpy.bcl import lexer, syntax
from borgpy.bcl.expressions import QUOTES, ExpressionReader, behind
from borgpy.bcl.misread import Unexpected
from borgpy.bcl.syntax import RESERVED, How, Item, Visibility

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

_MODIFIED = {
    (): (Visibility.EXPORTED, False),
    ("hidden",): (Visibility.HIDDEN, False),
    ("final",): (Visibility.EXPORTED, True),
    ("final", "hidden"): (Visibility.HIDDEN, True),
    ("local",): (Visibility.LOCAL, False),
    ("param",): (Visibility.PARAM, False),
}
_HOW = {"=": How.SET, "+=": How.APPEND, "{": How.EXTEND, "": How.SET}
_FILE = -1


class Reader(ExpressionReader):
    """Reads a file, or from any place in it."""

    def file(self) -> syntax.File:
        """All of the text."""
        return syntax.File(self.record(_FILE).members)

    def record(self, start: int) -> syntax.Record:
        """The record whose brace opens at ``start``, up to and with the closing one, but not what follows."""
        text = self.text
        items: list[Item] = []
        if start != _FILE:
            self.open(start)
            self.at = start + 1
        while True:
            match = _field(text, self.at)
            if match is None:
                if self._ends(start):
                    # Only a file, whose items they are, has declarations among its members.
                    return syntax.Record(start, self.end, cast(tuple[syntax.Member, ...], tuple(items)))
                items.append(self._other(start))
                continue
            modifiers, name, how = match.groups()
            at, end = match.span(2)
            if name[0] in QUOTES:
                name = self.string(name, at)
            elif name in RESERVED:
                raise Unexpected(at, "a name")
            self.at = match.end()
            if how == "=" and not modifiers:
                items.append(syntax.Field(at, end, name, self.expression()))
                continue
            visibility, final = self._modified(match, start) if modifiers else _MODIFIED[()]
            type = None
            if how == ":":
                type = self._type()
                how = "=" if self.passes("=") else ""
            if how == "{":
                value = self.reader_of_brace(self.at - 1)(self.at - 1)
            else:
                value = self.expression() if how else None
            items.append(syntax.Field(at, end, name, value, _HOW[how], visibility, type, final))

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
        match = _assert(self.text, self.at)
        if match is not None:
            return self._assertion(match)
        match = _declaration(self.text, self.at)
        if match is None or start != _FILE:
            raise Unexpected(self.at, "a field")
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

    def _modified(self, match: re.Match[str], start: int) -> tuple[Visibility, bool]:
        """What the modifiers of a field mean together."""
        words = tuple(sorted(set(re.findall(rf"(?:{lexer.COMMENT})|([a-z]+)", match[1])) - {""}))
        modified = _MODIFIED.get(words)
        if modified is None:
            raise Unexpected(match.start(1), "one modifier")
        if words == ("param",) and (start != _FILE or match[3] != ":"):
            raise Unexpected(match.start(1), "a param")
        if words == ("local",) and match[3] != "=":
            raise Unexpected(match.start(3), "'='")
        if words in (("param",), ("local",)):
            self.name(match, 2)
        return modified

    def _type(self) -> syntax.Type:
        """The type from here on, and what follows it skipped."""
        start = behind(self.text, self.at)
        options = [self._type_option()]
        while self.text[self.at : self.at + 1] == "|" != self.text[self.at + 1 : self.at + 2]:
            self.at += 1
            options.append(self._type_option())
        return options[0] if len(options) == 1 else syntax.UnionType(start, self.end, tuple(options))

    def _type_option(self) -> syntax.Type:
        match = _type(self.text, self.at)
        if match is None:
            raise Unexpected(behind(self.text, self.at), "a type")
        name, optional, literal, bracket = match.groups()
        start = match.start(match.lastindex if literal or bracket else 1)
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
