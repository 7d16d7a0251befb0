"""The tokens of BCL: regular expressions from which the parser builds what it looks for, and a stream for all others.

What is skipped is matched atomically: a token that fails must never be retried from inside a comment. No group is
repeated possessively, since Python 3.11 up to 3.11.2 (Debian 12's own) matches ``(?:…)*+`` wrongly.
"""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from typing import NamedTuple

BLANK = r"[ \t\r\n\f\ufeff]"
COMMENT = r"//[^\n]*+|\#[^\n]*+|/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)\*/"
SKIPPED = rf"(?>(?:{BLANK}++|{COMMENT})*)"
"""What may stand between any two tokens."""

SEPARATED = rf"(?>(?:[ \t\r\n\f\ufeff,;]++|{COMMENT})*)"
"""What may stand between two members."""

NAME = r"[A-Za-z_][A-Za-z0-9_]*+"
END = r"(?![A-Za-z0-9_])"
"""Behind a word, so that it is the whole word."""

# Takes in more than is right, so that 5Q, 0644 and 1.2.3 are one mistake each instead of a number and something strange.
NUMBER = r"[0-9](?>(?:[0-9A-Za-z_]++|\.(?=[0-9A-Za-z_])|(?<=[0-9][eE])[+-](?=[0-9]))*)"

STRING = (
    r'"""(?>(?:[^"\\]++|\\(?:.|\n)|"(?!""))*)"""'
    r'|"(?!"")(?>(?:[^"\\\n]++|\\.)*)"'
    r"|'(?>(?:[^'\\\n]++|\\.)*)'"
)
PLACEHOLDER = rf"%{NAME}(?::[A-Za-z0-9_]++)?%"
SEGMENT = rf"(?>(?:[A-Za-z0-9_.+@~-]++|{PLACEHOLDER})+)"
PATH = rf"\.{{0,2}}(?>(?:/{SEGMENT})+)"

OPERATOR = rf"[.\[({{*%]|==|!=|<=|>=|[<>-]|/(?!\*)|\+(?!=)|(?:and|or|in|not){END}"
"""What goes on behind a value: an operator, or what takes a part of the value, calls or extends it."""


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    STRING = "string"
    FSTRING = "fstring"
    PATH = "path"
    PLACEHOLDER = "placeholder"
    MARK = "mark"
    COMMENT = "comment"
    RUBBISH = "rubbish"  # no token: one strange character, or a text or comment without an end


class Token(NamedTuple):
    """A piece of text, from offset ``start`` up to but not including ``end``."""

    kind: Kind
    text: str
    start: int
    end: int


_Match = Callable[[str, int, int], re.Match[str] | None]

_ANYWHERE = (
    rf"(?P<comment>{COMMENT})|(?P<word>{NAME})|(?P<number>{NUMBER})|(?P<string>{STRING})"
    r"|(?P<mark>==|!=|<=|>=|\+=|/(?!\*)|[{}\[\](),;=:.+*%<>?|-])"
    r'|(?P<rubbish>"""[\s\S]*|"[^\n]*|\'[^\n]*|/\*[\s\S]*|.)'
)
_ENDS_NO_OPERAND = frozenset(
    [
        *("if", "then", "else", "lambda", "and", "or", "not", "in", "for", "import"),
        *("local", "hidden", "final", "assert", "param"),
    ]
)


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The tokens of any text from ``start``, which lies between two of them; comments are tokens, blanks are not.

    What begins a path or a placeholder where a value may start is an operator behind a value.
    """
    before_operand, behind_operand = _matchers()
    end = len(text) if end is None else end
    at, match = start, before_operand
    while (found := match(text, at, end)) is not None:
        name = found.lastgroup
        assert name is not None
        token = Token(Kind(name), found[name], *found.span(name))
        yield token
        at = token.end
        if token.kind is not Kind.COMMENT:
            match = behind_operand if ends_operand(token) else before_operand


def ends_operand(token: Token) -> bool:
    """Whether a value may end with this token, so that an operator may follow."""
    if token.kind is Kind.MARK:
        return token.text in ")]}?"
    return token.text not in _ENDS_NO_OPERAND


@cache
def _matchers() -> "tuple[_Match, _Match]":
    """What finds the next token where a value may start, and where it may not; compiled when first needed."""
    before = (
        rf"(?P<fstring>f(?:{STRING}))|(?P<path>{PATH})|(?P<placeholder>{PLACEHOLDER})|{_ANYWHERE}"
    )
    return re.compile(rf"{BLANK}*+(?:{before})").match, re.compile(
        rf"{BLANK}*+(?:{_ANYWHERE})"
    ).match


def count(text: str) -> int:
    """About how many tokens a text has, comments left out: words and numbers, texts, and marks of one character each."""
    # What has no end goes up to that of the text, or each of many beginnings would be followed all the way.
    endless = r'/\*(?s:.*)|"""(?s:.*)'
    pattern = re.compile(rf"(?:{COMMENT})|({STRING}|{endless}|[A-Za-z0-9_]++|[^\s])")
    return sum(1 for match in pattern.finditer(text) if match.lastindex)
