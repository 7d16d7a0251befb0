"""What the parser could not read: from its complaint to a diagnostic that says what to do."""

import re
from typing import TYPE_CHECKING

from borgpy.bcl.diagnostics import Code, Diagnostic, Source
from borgpy.bcl.syntax import RESERVED

if TYPE_CHECKING:
    from lark import Token
    from lark.exceptions import UnexpectedInput, UnexpectedToken

_OPENING = {"LBRACE": "{", "LSQB": "["}
_CLOSING = ("RBRACE", "RSQB")
_NAMES = {
    "EQUAL": "'='",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "RSQB": "']'",
    "NAME": "a name",
    "NUMBER": "a number",
}
_ITEM = re.compile(
    r"^(?:[A-Za-z_]\w*[ \t]+)?(?:[A-Za-z_]\w*|\"[^\"\n]*\"|'[^'\n]*')[ \t]*[={]", re.MULTILINE
)
_COMMENT = re.compile(
    r"""\"{3}.*?\"{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|/\*.*?\*/|(?P<comment>(?://|\#)[^\n]*)""",
    re.DOTALL,
)
_READABLE = frozenset(("true", "false", "null"))
_LATER = (
    "this release of BCL has no arithmetic, conditions, functions, inheritance or imports yet "
    "(docs/BCL.md); write the value itself"
)


class Misread(Exception):
    """A token that has the right shape and says something impossible, between two offsets."""

    def __init__(
        self, where: tuple[int, int], message: str, *, code: Code = "syntax", help: str = ""
    ) -> None:
        super().__init__(message)
        self.where = where
        self.message = message
        self.code = code
        self.help = help

    def diagnostic(self, source: Source) -> Diagnostic:
        return source.diagnose(self.code, self.where, self.message, help=self.help)


def describe(source: Source, error: "UnexpectedInput") -> tuple[Diagnostic, bool]:
    """What ``error`` means, and whether reading may go on with a later item of the file."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    if isinstance(error, UnexpectedToken):
        if error.token.type == "$END":
            return _unfinished(source, error), False
        return _unexpected(source, error), True
    assert isinstance(error, UnexpectedCharacters)
    return _unreadable(source, error.pos_in_stream or 0)


def resume_at(source: Source, problem: Diagnostic, begin: int) -> int | None:
    """Where the next item of the file seems to begin, behind ``begin``, after ``problem`` was met.

    An item that opens a bracket and never closes it is noticed in the first line of the next one: then that very
    line is read again.
    """
    for match in _ITEM.finditer(source.text, begin + 1):
        if source.position(match.start())[0] >= problem.span.line:
            return match.start()
    return None


def _unexpected(source: Source, error: "UnexpectedToken") -> Diagnostic:
    token: Token = error.token
    start = token.start_pos or 0
    where = (start, token.end_pos or start + 1)
    expected = _expected(error)
    reserved = _reserved(source, error)
    if reserved is not None:
        return source.diagnose(
            "syntax",
            reserved,
            f"'{source.text[slice(*reserved)]}' is a reserved word",
            help=_LATER,
        )
    shown = f"'{token}'" if len(token) <= 40 else f"'{token[:40]}...'"
    openers = _openers(error)
    notes: tuple[str, ...] = ()
    if (
        openers
        and source.position(start - 1)[0] > _line(source, openers[-1])
        and _ITEM.match(source.text, source.line_start(start))
    ):
        notes = (f"{_opened(source, openers[-1])} is not closed above this line",)
    return source.diagnose(
        "syntax",
        where,
        f"unexpected {shown}" + (f", expected {expected}" if expected else ""),
        notes=notes,
        help=_advice(source, start),
    )


def _reserved(source: Source, error: "UnexpectedToken") -> tuple[int, int] | None:
    """Where a reserved word stands that begins what this release cannot read: here, or just before."""
    before = error.token_history[-1:] if error.token_history else []
    for token in (error.token, *before):
        if token is not None and token.type == "NAME" and token in RESERVED - _READABLE:
            start = token.start_pos or 0
            return start, start + len(token)
    return None


def _unfinished(source: Source, error: "UnexpectedToken") -> Diagnostic:
    end = len(source.text.rstrip())
    message = "unexpected end of file"
    openers = _openers(error)
    notes: tuple[str, ...] = ()
    if openers:
        message += f", unclosed {_opened(source, openers[-1])}"
        notes = _hidden_by_comment(source, openers[-1].start_pos or 0)
    elif expected := _expected(error):
        message += f", expected {expected}"
    return source.diagnose("syntax", (end, end), message, notes=notes)


def _unreadable(source: Source, at: int) -> tuple[Diagnostic, bool]:
    text = source.text
    if text[at] in "\"'":
        triple = text.startswith('"""', at)
        end = at + 3 if triple else source.line_end(at)
        return source.diagnose("syntax", (at, end), "unterminated string"), not triple
    if text.startswith("/*", at):
        return source.diagnose("syntax", (at, at + 2), "unterminated comment"), False
    shown = f"'{text[at]}'" if text[at].isprintable() else f"character U+{ord(text[at]):04X}"
    return source.diagnose(
        "syntax", (at, at + 1), f"unexpected {shown}", help=_advice(source, at)
    ), True


def _advice(source: Source, at: int) -> str:
    text = source.text
    rest = text[at : at + 2]
    word = re.compile(r"[A-Za-z0-9_.:/-]*").match(text, _word_start(text, at))
    if rest[:1] in "-:." and at and text[at - 1].isalnum() and word:
        return f"quote text that is more than a word: '{word.group()}'. Otherwise: " + _LATER
    if rest in ("&&", "||"):
        return f"BCL writes '{'and' if rest == '&&' else 'or'}'; " + _LATER
    if rest[:1] == ":":
        return "write '=' between a name and its value; quote text that contains ':'"
    if rest == "==" or rest[:1] in tuple("+-*/%<>!().&|{"):
        return _LATER
    if rest[:1] in "\"'" and at and text[at - 1] == "f":
        return _LATER
    return ""


def _word_start(text: str, at: int) -> int:
    while at and (text[at - 1].isalnum() or text[at - 1] in "_.-"):
        at -= 1
    return at


def _expected(error: "UnexpectedToken") -> str:
    """What might have stood there, as far as it is worth saying."""
    parser = getattr(error, "interactive_parser", None)
    accepted = parser.accepts() if parser is not None else set()
    if "EQUAL" in accepted:
        return "'='"
    words = []
    if "NUMBER" in accepted:
        words.append("a value")
    elif "NAME" in accepted:
        words.append("a field")
    words += [_NAMES[kind] for kind in sorted(accepted) if kind in _CLOSING]
    if "COMMA" in accepted and "RSQB" in accepted and "NAME" not in accepted:
        words.insert(0, "','")
    return " or ".join(words)


def _openers(error: "UnexpectedToken") -> "list[Token]":
    """The brackets that are open where the parser stopped: it has not folded them into a node yet."""
    parser = getattr(error, "interactive_parser", None)
    if parser is None:
        return []
    stack = parser.parser_state.value_stack
    return [value for value in stack if getattr(value, "type", None) in _OPENING]


def _opened(source: Source, token: "Token") -> str:
    line, column = source.position(token.start_pos or 0)
    return f"'{_OPENING[token.type]}' opened at {line}:{column}"


def _line(source: Source, token: "Token") -> int:
    return source.position(token.start_pos or 0)[0]


def _hidden_by_comment(source: Source, opener: int) -> tuple[str, ...]:
    """A listing whose line breaks were lost: the first comment swallows what follows it."""
    for match in _COMMENT.finditer(source.text, opener):
        if match["comment"] and re.search("[=}]", match["comment"]):
            line, column = source.position(match.start())
            return (f"the comment starting at {line}:{column} hides the rest of line {line}",)
    return ()
