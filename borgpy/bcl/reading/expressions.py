"""Reading expressions: one loop for the operators, one function for each construct that has an expression in it.

Nesting is counted, and no level of it takes more than three of Python's frames: ``expression``, what it found (a list, a
call), and at most one more.
"""

import re
from collections.abc import Callable, Container

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.limits import Limits
from borgpy.bcl.reading import lexer
from borgpy.bcl.reading.cursor import FOLLOWING, QUOTES, Cursor, negative_number, number
from borgpy.bcl.reading.fstrings import read_fstring
from borgpy.bcl.reading.misread import NAME, VALUE, Misread, Unexpected
from borgpy.bcl.reading.precedence import Operator, Pending, finished, negates, waits
from borgpy.bcl.syntax import RESERVED, Expression

_ATOM = (
    rf"(?!f[\"'])(?:{lexer.NAME})|{lexer.NUMBER}|{lexer.STRING}"
    rf"|{lexer.PATH}(?![/#])|{lexer.PLACEHOLDER}"
)
_operand = re.compile(
    rf"{lexer.SKIPPED}(?:({_ATOM}){FOLLOWING}|([-(\[{{]|f(?:{lexer.STRING})))"
).match
"""A value and the operator behind it, or the beginning of something longer, which is the third group."""

_LONGER = 3

_attribute = re.compile(rf"{lexer.SKIPPED}({lexer.NAME}|{lexer.STRING}){FOLLOWING}").match
_argument = re.compile(rf"({lexer.NAME}){lexer.SKIPPED}=(?!=)").match
_loop_brace = re.compile(rf"\{{{lexer.SKIPPED}for{lexer.END}").match
_quoted = re.compile(lexer.STRING).match

_CONSTANTS = {"true": True, "false": False, "null": None}


class ExpressionReader(Cursor):
    """Reads expressions, from ``at`` on."""

    def __init__(self, source: Source, limits: Limits) -> None:
        super().__init__(source, limits)
        self.text_start: int | None = None  # of the outermost f-string that is being read
        self._readers: dict[str, Callable[[int, int, str], Expression]] = {
            **dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", syntax.Name),
            **dict.fromkeys("0123456789", number),
            **dict.fromkeys("./", syntax.Path),
            **dict.fromkeys("\"'", self.constant),
            "%": syntax.Placeholder,
        }

    def expression(self) -> Expression:
        """The expression from here on; behind it, ``next`` is empty."""
        text, readers = self.text, self._readers
        pending: list[Pending] = []
        signs: list[int] = []
        while True:
            match = _operand(text, self.at)
            if match is None:
                self.skip(self.at)
                raise Unexpected(self.at, VALUE)
            if match.lastindex == _LONGER:
                start, self.at = match.span(_LONGER)
                if text[start] == "-":
                    signs.append(start)
                    continue
                value = _LONGER_READERS[text[start]](self, start)
            else:
                token = match[1]
                start, self.end = match.span(1)
                self.at = match.end()
                self.next = match[2] or ""
                if token in RESERVED:
                    if token == "not":
                        self._negation(pending, signs, start)
                        continue
                    value = self._reserved(token, start, bool(pending or signs))
                elif signs and "0" <= token[0] <= "9":
                    start = signs.pop()
                    value = negative_number(start, self.end, token)
                else:
                    value = readers[token[0]](start, self.end, token)
            if self.next in _STEPS:
                steps = []
                while (step := _STEPS.get(self.next)) is not None:
                    steps.append(step(self, self.at - 1))
                value = syntax.Postfix(start, self.end, value, tuple(steps))
            if signs:
                start = signs[0]
                value = syntax.Negate(start, self.end, value, len(signs))
                signs.clear()
            if self.next:
                self._operator(pending, value, start)
                continue
            return finished(pending, value, self.end) if pending else value

    def _operator(self, pending: list[Pending], value: Expression, start: int) -> None:
        """Takes up the operator in ``next`` with what is on its left."""
        operator, end = self.next, self.at
        at = end - len(operator)
        if operator == "not":
            self.skip(end)
            operator, end = "not in", self.at + len("in")
            self.expect_word("in", "'in' behind 'not'")
        if not waits(pending, Operator(at, end, operator), value, start, self.end):
            raise Misread(at, end, "comparisons do not chain", help="join two with 'and'")

    def _negation(self, pending: list[Pending], signs: list[int], start: int) -> None:
        """Takes up the word ``not``."""
        if signs or not negates(pending, Operator(start, self.end, "not")):
            raise Unexpected(start, VALUE)
        self.at = self.end

    def disjunction(self) -> Expression:
        """An expression that is no conditional and no function, unless in parentheses."""
        if self.word() in ("if", "lambda"):
            raise Unexpected(self.at, VALUE)
        return self.expression()

    def _reserved(self, word: str, start: int, is_operand: bool) -> Expression:
        """What a reserved word stands for or begins."""
        if word in _CONSTANTS:
            return syntax.Constant(start, self.end, _CONSTANTS[word])
        reader = _WORD_READERS.get(word)
        if reader is None or (is_operand and word in ("if", "lambda")):
            raise Unexpected(start, VALUE)
        return reader(self, start)

    def _self(self, start: int) -> Expression:
        return syntax.Self(start, self.end)

    def _super(self, start: int) -> Expression:
        return syntax.Super(start, self.end)

    def _up(self, start: int) -> Expression:
        levels = 1
        while self.next == ".":
            match = _attribute(self.text, self.at)
            if match is None or match[1] != "up":
                break
            levels += 1
            self.passed(match)
        return syntax.Up(start, self.end, levels)

    def _import(self, start: int) -> Expression:
        self.skip(self.end)
        path = _quoted(self.text, self.at)
        if path is None:
            raise Unexpected(self.at, "a quoted path")
        said, digest = self.string(path[0], path.start()), ""
        end = path.end()
        self.skip(end)
        if self.word() == "sha256":
            self.skip(self.at + len("sha256"))
            pin = _quoted(self.text, self.at)
            if pin is not None:  # otherwise it is the name of the next field
                digest, end = self.string(pin[0], pin.start()), pin.end()
        self.follow(end)
        return syntax.Import(start, self.end, said, digest)

    def _conditional(self, start: int) -> Expression:
        self.open(start)
        branches: list[syntax.Branch] = []
        self.at = begin = start
        while not branches or self.word() == "if":
            begin = self.at
            self.at += len("if")
            condition = self.expression()
            self.expect_word("then")
            value = self.expression()
            branches.append(syntax.Branch(begin, self.end, condition, value))
            self.expect_word("else")
        otherwise = self.expression()
        self.opened.pop()
        return syntax.If(start, self.end, tuple(branches), otherwise)

    def _lambda(self, start: int) -> Expression:
        self.open(start)
        self.skip(self.end)
        parameters: list[syntax.Parameter] = []
        names: set[str] = set()
        while self.passes(",") if parameters else self.text[self.at : self.at + 1] != ":":
            at = self.at
            name, end, default = self._another_name(names), self.end, None
            if self.passes("="):
                default = self.expression()
            names.add(name)
            parameters.append(syntax.Parameter(at, end, name, default))
        self.expect(":")
        body = self.expression()
        self.opened.pop()
        return syntax.Lambda(start, self.end, tuple(parameters), body)

    def _parenthesis(self, start: int) -> Expression:
        self.open(start)
        value = self.expression()
        self.close(")")
        return value

    def _list(self, start: int) -> Expression:
        self.open(start)
        self.skip(self.at)
        items: list[Expression] = []
        while self.text[self.at : self.at + 1] != "]":
            items.append(self.expression())
            if not self.passes(","):
                break
        if len(items) == 1 and self.word() == "for":
            clauses = self.clauses()
            self.close("]")
            return syntax.ListLoop(start, self.end, items[0], clauses)
        self.close("]", "',' or ']'")
        return syntax.List(start, self.end, tuple(items))

    def clauses(self) -> tuple[syntax.Clause, ...]:
        """``for .. in .. if ..``, once or more."""
        found: list[syntax.Clause] = []
        self.open(self.at)
        while not found or self.word() == "for":
            start = self.at
            self.expect_word("for")
            names = self._loop_names()
            source, condition = self.disjunction(), None
            if self.word() == "if":
                self.skip(self.at + len("if"))
                condition = self.disjunction()
            found.append(syntax.Clause(start, self.end, names, source, condition))
        self.opened.pop()
        return tuple(found)

    def _loop_names(self) -> tuple[str, ...]:
        """``a, b in``."""
        names: dict[str, None] = {}
        while not names or self.passes(","):
            names[self._another_name(names)] = None
        self.expect_word("in")
        return tuple(names)

    def _another_name(self, names: Container[str]) -> str:
        at, name = self.at, self.new_name()
        if name in names:
            raise Misread(at, self.end, f"'{name}' is there twice", code="duplicate")
        return name

    def _braces(self, start: int) -> Expression:
        record = self.reader_of_brace(start)(start)
        self.follow(self.end)
        return record

    def reader_of_brace(self, at: int) -> "Callable[[int], syntax.Record | syntax.RecordLoop]":
        """What reads the braces that open at ``at``, up to and with the closing one, but not what follows."""
        return self.record_loop if _loop_brace(self.text, at) else self.record

    def record(self, start: int) -> syntax.Record:
        raise NotImplementedError

    def record_loop(self, start: int) -> syntax.RecordLoop:
        """``{for ..: [key] = value}``."""
        self.open(start)
        self.skip(start + 1)
        clauses = self.clauses()
        self.expect(":")
        bracket = self.at
        self.expect("[")
        self.open(bracket)
        key = self.expression()
        self.expect("]")
        self.opened.pop()
        self.expect("=")
        value = self.expression()
        self.end = self.at + 1
        self.expect("}")
        self.opened.pop()
        return syntax.RecordLoop(start, self.end, key, value, clauses)

    def _attribute_step(self, _at: int) -> syntax.Attribute:
        match = _attribute(self.text, self.at)
        if match is None:
            self.skip(self.at)
            raise Unexpected(self.at, NAME)
        word = match[1]
        name = self.string(word, match.start(1)) if word[0] in QUOTES else self.name(match)
        self.passed(match)
        return syntax.Attribute(*match.span(1), name)

    def _index_step(self, at: int) -> syntax.Index:
        self.open(at)
        key = self.expression()
        self.close("]")
        return syntax.Index(at, self.end, key)

    def _call_step(self, at: int) -> syntax.Call:
        self.open(at)
        self.skip(self.at)
        arguments: list[syntax.Argument] = []
        while self.text[self.at : self.at + 1] != ")":
            start, name = self.at, ""
            match = _argument(self.text, start)
            if match is not None:
                name = self.name(match)
                self.at = match.end()
            value = self.expression()
            arguments.append(syntax.Argument(start, self.end, value, name))
            if not self.passes(","):
                break
        self.close(")", "',' or ')'")
        return syntax.Call(at, self.end, tuple(arguments))

    def _extend_step(self, at: int) -> syntax.Extend:
        record = self.reader_of_brace(at)(at)
        self.follow(self.end)
        return syntax.Extend(at, self.end, record)

    def _fstring(self, start: int) -> Expression:
        end = self.at
        outer = self.text_start
        self.text_start = start if outer is None else outer
        value = read_fstring(self, start, end)
        self.text_start = outer
        self.follow(end)
        return value


_LONGER_READERS: dict[str, Callable[[ExpressionReader, int], Expression]] = {
    "(": ExpressionReader._parenthesis,
    "[": ExpressionReader._list,
    "{": ExpressionReader._braces,
    "f": ExpressionReader._fstring,
}
_WORD_READERS: dict[str, Callable[[ExpressionReader, int], Expression]] = {
    "self": ExpressionReader._self,
    "super": ExpressionReader._super,
    "up": ExpressionReader._up,
    "import": ExpressionReader._import,
    "if": ExpressionReader._conditional,
    "lambda": ExpressionReader._lambda,
}
_STEPS: dict[
    str,
    Callable[
        [ExpressionReader, int],
        syntax.Attribute | syntax.Index | syntax.Call | syntax.Extend,
    ],
] = {
    ".": ExpressionReader._attribute_step,
    "[": ExpressionReader._index_step,
    "(": ExpressionReader._call_step,
    "{": ExpressionReader._extend_step,
}
