"""Reading expressions: one loop for the operators, one function for each construct that has an expression in it.

Nesting is counted, and no level of it takes more than three of Python's frames: ``expression``, what it found (a list, a
call), and at most one more.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from borgpy.bcl import lexer, syntax
from borgpy.bcl.advice.situation import NAME, VALUE
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.limits import Limits, raised_by
from borgpy.bcl.literals import BadLiteral, read_negative, read_number, read_string
from borgpy.bcl.misread import Misread, Unexpected
from borgpy.bcl.reading.fstrings import read_fstring
from borgpy.bcl.syntax import RESERVED, Expression

_ATOM = (
    rf"(?!f[\"'])(?:{lexer.NAME})|{lexer.NUMBER}|{lexer.STRING}"
    rf"|{lexer.PATH}(?![/#])|{lexer.PLACEHOLDER}"
)
_FOLLOWING = rf"{lexer.SKIPPED}({lexer.OPERATOR})?"

_operand = re.compile(
    rf"{lexer.SKIPPED}(?:({_ATOM}){_FOLLOWING}|([-(\[{{]|f(?:{lexer.STRING})))"
).match
"""A value and the operator behind it, or the beginning of something longer."""

_ATOM_ALONE, _ATOM_AND_OPERATOR, _LONGER = 1, 2, 3

_following = re.compile(_FOLLOWING).match
_attribute = re.compile(rf"{lexer.SKIPPED}({lexer.NAME}|{lexer.STRING}){_FOLLOWING}").match
_argument = re.compile(rf"{lexer.SKIPPED}(?:({lexer.NAME}){lexer.SKIPPED}=(?!=)|(?=(\))))?").match
_parameter = re.compile(rf"{lexer.SKIPPED}({lexer.NAME}){lexer.SKIPPED}(=(?!=))?").match
_list_end = re.compile(rf"{lexer.SKIPPED}(\])?").match
_clause = re.compile(
    rf"for{lexer.END}{lexer.SKIPPED}({lexer.NAME}(?:{lexer.SKIPPED},{lexer.SKIPPED}{lexer.NAME})*)"
    rf"{lexer.SKIPPED}in{lexer.END}"
).match
_clause_name = re.compile(rf"{lexer.SKIPPED},?{lexer.SKIPPED}({lexer.NAME})").match
_loop_brace = re.compile(rf"\{{{lexer.SKIPPED}for{lexer.END}").match
_for = re.compile(rf"for{lexer.END}").match
_branching = re.compile(rf"{lexer.SKIPPED}(if|lambda){lexer.END}").match
_pin = re.compile(rf"{lexer.SKIPPED}sha256{lexer.SKIPPED}({lexer.STRING})").match
_quoted = re.compile(rf"{lexer.SKIPPED}({lexer.STRING})").match
_skipped = re.compile(lexer.SKIPPED).match
_in = re.compile(rf"{lexer.SKIPPED}in{lexer.END}").match
_words = {
    word: re.compile(rf"{lexer.SKIPPED}{word}{lexer.END}").match for word in ("if", "then", "else")
}
QUOTES = ("'", '"')

_OR, _AND, _NOT, _COMPARISON, _SUM, _TERM = range(1, 7)
_LEVELS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not in"), _COMPARISON),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys("*/%", _TERM),
}

_CONSTANTS = {"true": True, "false": False, "null": None}

_read_number = lru_cache(1024)(read_number)


class _Pending:
    """An operator that waits for what is on its right: everything to its left, and how tightly it binds."""

    __slots__ = ("level", "operators", "start", "values")

    def __init__(self, level: int, start: int) -> None:
        self.level = level
        self.start = start
        self.values: list[Expression] = []
        self.operators: list[tuple[int, int, str]] = []

    def folded(self, end: int) -> Expression:
        """The finished node, up to ``end``."""
        start, values, operators = self.start, self.values, self.operators
        if self.level >= _SUM:
            steps = [
                syntax.Step(*operator, value)
                for operator, value in zip(operators, values[1:], strict=True)
            ]
            return syntax.Chain(start, end, values[0], tuple(steps))
        if self.level == _COMPARISON:
            ((at, behind, operator),) = operators
            return syntax.Compare(start, end, operator, (at, behind), *values)
        if self.level == _NOT:
            return syntax.Not(start, end, values[0], len(operators))
        return syntax.Logic(start, end, operators[0][2], tuple(values))


class ExpressionReader:
    """Reads expressions of one text from ``at`` on. It never stops within blanks or a comment.

    ``end`` is where the last thing read ended, ``next`` the operator which was found behind it, up to ``at``.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source = source
        self.text = source.text
        self.limits = limits
        self.at = 0
        self.end = 0
        self.next = ""
        self.opened: list[int] = []
        self.begin = 0
        self.text_start: int | None = None
        self._readers: dict[str, Callable[[int, int, str], Expression]] = {
            **dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", syntax.Name),
            **dict.fromkeys("0123456789", _number),
            **dict.fromkeys("./", syntax.Path),
            **dict.fromkeys("\"'", self._constant),
            "%": syntax.Placeholder,
        }

    def expression(self) -> Expression:
        """The expression from here on; behind it, ``next`` is empty."""
        text, readers = self.text, self._readers
        pending: list[_Pending] = []
        signs: list[int] = []
        while True:
            match = _operand(text, self.at)
            if match is None:
                raise Unexpected(behind(text, self.at), VALUE)
            kind = match.lastindex
            if kind == _LONGER:
                start, self.at = match.span(3)
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
                    value = syntax.Number(start, self.end, *_read(read_negative, token, start))
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
            return self._folded(pending, value) if pending else value

    def _folded(self, pending: list[_Pending], value: Expression) -> Expression:
        """Everything that waited for ``value``, the last of the expression."""
        while pending:
            waiting = pending.pop()
            waiting.values.append(value)
            value = waiting.folded(self.end)
        return value

    def _operator(self, pending: list[_Pending], value: Expression, start: int) -> None:
        """Takes up the operator in ``next`` with what is on its left."""
        operator, end = self.next, self.at
        at = end - len(operator)
        if operator == "not":
            match = _in(self.text, end)
            if match is None:
                raise Unexpected(behind(self.text, end), "'in' behind 'not'")
            operator, end = "not in", match.end()
        level = _LEVELS[operator]
        while pending and pending[-1].level > level:
            waiting = pending.pop()
            waiting.values.append(value)
            start, value = waiting.start, waiting.folded(self.end)
        if not pending or pending[-1].level < level:
            pending.append(_Pending(level, start))
        elif level == _COMPARISON:
            raise Misread(at, end, "comparisons do not chain", help="join two with 'and'")
        pending[-1].values.append(value)
        pending[-1].operators.append((at, end, operator))
        self.at = end

    def _negation(self, pending: list[_Pending], signs: list[int], start: int) -> None:
        """Takes up the word ``not``."""
        if signs or (pending and pending[-1].level > _NOT):
            raise Unexpected(start, VALUE)
        if not pending or pending[-1].level < _NOT:
            pending.append(_Pending(_NOT, start))
        pending[-1].operators.append((start, self.end, "not"))
        self.at = self.end

    def disjunction(self) -> Expression:
        """An expression that is no conditional and no function, unless in parentheses."""
        match = _branching(self.text, self.at)
        if match is not None:
            raise Unexpected(match.start(1), VALUE)
        return self.expression()

    def _reserved(self, word: str, start: int, is_operand: bool) -> Expression:
        if word in _CONSTANTS:
            return syntax.Constant(start, self.end, _CONSTANTS[word])
        if word in ("if", "lambda") and is_operand:
            raise Unexpected(start, VALUE)
        reader = _WORD_READERS.get(word)
        if reader is None:
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
            self._passed(match)
        return syntax.Up(start, self.end, levels)

    def _passed(self, match: re.Match[str]) -> None:
        """Goes on behind a match of one token and the operator that may follow."""
        self.end = match.end(1)
        self.at = match.end()
        self.next = match[2] or ""

    def _import(self, start: int) -> Expression:
        path = _quoted(self.text, self.end)
        if path is None:
            raise Unexpected(behind(self.text, self.end), "a quoted path")
        pin = _pin(self.text, path.end())
        last = pin or path
        digest = self.string(pin[1], pin.start(1)) if pin else ""
        self.follow(last.end())
        return syntax.Import(start, self.end, self.string(path[1], path.start(1)), digest)

    def _conditional(self, start: int) -> Expression:
        self.open(start)
        branches = []
        self.at, begin = self.end, start
        while True:
            condition = self.expression()
            self._word("then")
            value = self.expression()
            branches.append(syntax.Branch(begin, self.end, condition, value))
            self._word("else")
            another = _words["if"](self.text, self.at)
            if another is None:
                break
            self.at = another.end()
            begin = self.at - 2
        otherwise = self.expression()
        self.opened.pop()
        return syntax.If(start, self.end, tuple(branches), otherwise)

    def _word(self, word: str) -> None:
        match = _words[word](self.text, self.at)
        if match is None:
            raise Unexpected(self.at, f"'{word}'")
        self.at = match.end()

    def _lambda(self, start: int) -> Expression:
        self.open(start)
        self.at = behind(self.text, self.end)
        parameters: list[syntax.Parameter] = []
        while not parameters or self.passes(","):
            match = _parameter(self.text, self.at)
            if match is None:
                if parameters or self.text[self.at : self.at + 1] != ":":
                    raise Unexpected(self.at, NAME)
                break
            name, default = self.name(match), None
            self.at = match.end()
            if match[2]:
                default = self.expression()
            else:
                self.at = behind(self.text, self.at)
            parameters.append(syntax.Parameter(*match.span(1), name, default))
        self.expect(":")
        body = self.expression()
        self.opened.pop()
        return syntax.Lambda(start, self.end, tuple(parameters), body)

    def name(self, match: re.Match[str], group: int = 1) -> str:
        """The name in a group, which may be no reserved word and not quoted."""
        name = match[group]
        if name in RESERVED or name[0] in QUOTES:
            raise Unexpected(match.start(group), NAME)
        return name

    def _parenthesis(self, start: int) -> Expression:
        self.open(start)
        value = self.expression()
        self._close(")")
        return value

    def _list(self, start: int) -> Expression:
        self.open(start)
        text = self.text
        items: list[Expression] = []
        while True:
            match = _list_end(text, self.at)
            assert match is not None
            self.at = match.end()
            if match[1]:
                self.at -= 1
                break
            items.append(self.expression())
            if text[self.at : self.at + 1] != ",":
                break
            self.at += 1
        if len(items) == 1 and _for(text, self.at):
            clauses = self.clauses()
            self._close("]")
            return syntax.ListLoop(start, self.end, items[0], clauses)
        self._close("]", "',' or ']'")
        return syntax.List(start, self.end, tuple(items))

    def clauses(self) -> tuple[syntax.Clause, ...]:
        """``for .. in .. if ..``, once or more."""
        found: list[syntax.Clause] = []
        self.open(self.at)
        while not found or _for(self.text, self.at):
            start = self.at
            match = _clause(self.text, start)
            if match is None:
                raise Unexpected(behind(self.text, start + 3), "a name and 'in'")
            names = self._clause_names(match)
            self.at = match.end()
            source, condition = self.disjunction(), None
            when = _words["if"](self.text, self.at)
            if when is not None:
                self.at = when.end()
                condition = self.disjunction()
            found.append(syntax.Clause(start, self.end, names, source, condition))
        self.opened.pop()
        return tuple(found)

    def _clause_names(self, clause: re.Match[str]) -> tuple[str, ...]:
        names: list[str] = []
        at, end = clause.span(1)
        while at < end:
            match = _clause_name(self.text, at)
            assert match is not None
            names.append(self.name(match))
            at = match.end()
        return tuple(names)

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
        self.at = behind(self.text, start + 1)
        clauses = self.clauses()
        self.expect(":")
        self.at = behind(self.text, self.at)
        self.expect("[")
        self.opened.append(self.at - 1)
        key = self.expression()
        self.expect("]")
        self.opened.pop()
        self.at = behind(self.text, self.at)
        self.expect("=")
        value = self.expression()
        self.expect("}")
        self.opened.pop()
        self.end = self.at
        return syntax.RecordLoop(start, self.end, key, value, clauses)

    def _attribute_step(self, at: int) -> syntax.Attribute:
        match = _attribute(self.text, self.at)
        if match is None:
            raise Unexpected(behind(self.text, self.at), NAME)
        word = match[1]
        name = self.string(word, match.start(1)) if word[0] in QUOTES else self.name(match)
        self._passed(match)
        return syntax.Attribute(*match.span(1), name)

    def _index_step(self, at: int) -> syntax.Index:
        self.open(at)
        key = self.expression()
        self._close("]")
        return syntax.Index(at, self.end, key)

    def _call_step(self, at: int) -> syntax.Call:
        self.open(at)
        arguments: list[syntax.Argument] = []
        while True:
            match = _argument(self.text, self.at)
            assert match is not None
            start = self.at = match.end()
            if match[2] is not None:
                break
            name = ""
            if match[1]:
                name, start = self.name(match), match.start(1)
            value = self.expression()
            arguments.append(syntax.Argument(start, self.end, value, name))
            if not self.passes(","):
                break
        self._close(")", "',' or ')'")
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

    def open(self, at: int) -> None:
        """Enters what begins at ``at`` and ends with ``opened.pop()``."""
        self.opened.append(at)
        if len(self.opened) > self.limits.nesting:
            raise Misread(
                at,
                at + 1,
                f"nested deeper than {self.limits.nesting:,}",
                code="limit",
                help=raised_by("nesting"),
            )

    def expect(self, mark: str) -> None:
        """Goes on behind ``mark``, which has to stand here."""
        if not self.passes(mark):
            raise Unexpected(self.at, f"'{mark}'")

    def passes(self, mark: str) -> bool:
        if self.text[self.at : self.at + 1] != mark:
            return False
        self.at += 1
        return True

    def _close(self, bracket: str, expected: str = "") -> None:
        """Leaves what was opened last, and looks at what follows."""
        if self.text[self.at : self.at + 1] != bracket:
            raise Unexpected(self.at, expected or f"'{bracket}'")
        self.opened.pop()
        self.follow(self.at + 1)

    def follow(self, end: int) -> None:
        """Looks at what follows the value that ended at ``end``."""
        match = _following(self.text, end)
        assert match is not None
        self.end = end
        self.at = match.end()
        self.next = match[1] or ""

    def _constant(self, start: int, end: int, token: str) -> syntax.Constant:
        return syntax.Constant(start, end, self.string(token, start))

    def string(self, token: str, start: int) -> str:
        """What a quoted string says."""
        if len(token) > self.limits.string:
            raise Misread(
                start,
                start + len(token),
                f"a string of {len(token):,} characters, more than {self.limits.string:,}",
                code="limit",
                help=raised_by("string"),
            )
        if "\\" not in token and token[:3] != '"""':
            return token[1:-1]
        try:
            return read_string(token)
        except BadLiteral as bad:
            raise _misread(bad, start, start + len(token)) from None


def _number(start: int, end: int, token: str) -> syntax.Number:
    if len(token) < 19 and token.isdigit() and (token[0] != "0" or token == "0"):
        return syntax.Number(start, end, int(token))
    return syntax.Number(start, end, *_read(_read_number, token, start))


def _read(
    reader: Callable[[str], tuple[int | float, str]], token: str, start: int
) -> tuple[int | float, str]:
    try:
        return reader(token)
    except BadLiteral as bad:
        raise _misread(bad, start, start + len(token)) from None


def _misread(bad: BadLiteral, start: int, end: int) -> Misread:
    return Misread(start + bad.offset, end, bad.message, code=bad.code, help=bad.help)


def behind(text: str, at: int) -> int:
    """Where the next token begins."""
    match = _skipped(text, at)
    assert match is not None
    return match.end()


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
