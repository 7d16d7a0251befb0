"""Advice on what other languages write otherwise: their operators, their words, their ways to give a value."""

import re

from borgpy.bcl.advice.situation import FIELD, TYPE, VALUE, Advice, Situation
from borgpy.bcl.lexer import Kind, Token, ends_operand

_run = re.compile(r"[-&|=!<>+*?:^~]*").match
_RUN = "-&|=!<>+*?:^~"

_CONDITIONAL = "BCL writes: if condition then value else other"
_FUNCTION = "a function is 'lambda x: x + 1'"

_OPERATORS = {
    "&&": ("BCL writes 'and'", "and"),
    "&": ("BCL writes 'and'", "and"),
    "||": ("BCL writes 'or'", "or"),
    "|": ("BCL writes 'or'", "or"),
    "!": ("BCL writes 'not'", "not "),
    "===": ("BCL writes '=='", "=="),
    "!==": ("BCL writes '!='", "!="),
    "<>": ("BCL writes '!='", "!="),
    "=<": ("BCL writes '<='", "<="),
    ":=": ("write '=' between a name and its value", "="),
    "=>": (_FUNCTION, ""),
    "->": (_FUNCTION, ""),
    "++": ("a single '+' adds numbers and joins texts and lists", "+"),
    "--": ("write x - 1", ""),
    "**": ("there is no power operator: write x * x", ""),
    "?": (_CONDITIONAL, ""),
    "??": ("BCL writes: if x != null then x else other", ""),
    "?:": ("BCL writes: if x != null then x else other", ""),
    "<<": ("there are no shifts: multiply", ""),
    ">>": ("there are no shifts: divide", ""),
    "^": ("there is no '^': write x * x for a square, a != b for an exclusive or", ""),
    "-=": ("write x = super.x - 1 to change what is inherited", ""),
    "*=": ("write x = super.x * 2 to change what is inherited", ""),
}
_MARKS = {
    "$": 'to put a value into text, write f"{name}"; a parameter is read by its name alone',
    "@": "quote text that contains '@'",
    "`": "quote text with ' or \"",
    "\\": "a line needs no mark to go on: line breaks mean nothing",
    "~": "quote a path that begins with '~'",
    "^": _OPERATORS["^"][0],
}
_LOOKALIKES = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("–—−‐‑", "-"),
    **dict.fromkeys("\u00a0\u2007\u202f\u3000\u2009\u200b\u2060", " "),
    "×": "*",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "＝": "=",
    "：": "=",
    "，": ",",
    "；": ";",
}
_WORDS_BEFORE_A_NAME = {
    **dict.fromkeys(("let", "var", "const", "val", "my", "private"), "local"),
    **dict.fromkeys(("internal", "protected", "secret"), "hidden"),
}
_WORDS_OF_FUNCTIONS = ("def", "fn", "func", "fun", "function")


def foreign_operator(situation: Situation) -> Advice | None:
    """``&&``, ``++``, ``=>`` and their like."""
    here, last = situation.here, situation.last
    if here is None or here.text[:1] not in _RUN:
        return None
    start = here.start
    if last is not None and last.end == start and last.text[0] in _RUN:
        start = last.start
        before = situation.before[-2] if len(situation.before) > 1 else None
        if before is not None and before.end == start and before.text[0] in _RUN:
            start = before.start
    found = _run(situation.text, start)
    assert found is not None
    run = found[0]
    if run not in _OPERATORS and run[:1] == "=" and run[1:] in _OPERATORS:
        start, run = start + 1, run[1:]
    if run in ("|", "||") and situation.expected == TYPE:
        return None
    if run not in _OPERATORS:
        return None
    help, by = _OPERATORS[run]
    message = f"unexpected '{run}', expected {situation.expected}"
    end = start + len(run)
    if not by:
        return Advice(message, start, end, help=help)
    return Advice(message, start, end, "", help, (), f"write {by.strip()}", ((start, end, by),))


def lookalike(situation: Situation) -> Advice | None:
    """A character that looks like one of BCL's, as text processors make them."""
    here = situation.here
    if here is None or here.kind is not Kind.RUBBISH or here.text not in _LOOKALIKES:
        return None
    plain = _LOOKALIKES[here.text]
    shown = f"'{plain}'" if plain.strip() else "a blank"
    return situation.replacing(
        f"unexpected {situation.quoted(here.text)}", here, plain, f"write {shown}"
    )


def strange_mark(situation: Situation) -> Advice | None:
    """``$``, ``@``, and others that mean something elsewhere."""
    here = situation.here
    if here is None or here.kind is not Kind.RUBBISH:
        return None
    help = _MARKS.get(here.text)
    if help is None and here.text.isalpha():
        help = "names are made of A-Z a-z 0-9 _; quote other text"
    if help is None:
        return None
    return Advice(f"unexpected {situation.quoted(here.text)}", here.start, here.end, help=help)


def foreign_words(situation: Situation) -> Advice | None:
    """``let x = 1``, ``def f(x)``, ``a if c else b`` and their like."""
    here, last = situation.here, situation.last
    if here is None or here.kind is not Kind.WORD:
        return None
    word, following = here.text, situation.after[1:]
    behind_value = last is not None and ends_operand(last) and situation.on_one_line(last, here)
    message = f"unexpected '{word}', expected {situation.expected}"
    if word == "if" and behind_value:
        return Advice(message, here.start, here.end, help=_CONDITIONAL)
    if word == "for" and behind_value:
        return Advice(
            message, here.start, here.end, help="a loop stands in brackets: [x * 2 for x in xs]"
        )
    if word == "is" and behind_value:
        return situation.replacing(message, here, "==", "BCL writes '=='")
    if situation.expected != FIELD:
        return None
    if word in _WORDS_OF_FUNCTIONS and following and following[0].kind is Kind.WORD:
        name = following[0].text
        return Advice(
            message,
            here.start,
            here.end,
            help=f"a function is a value: local {name} = lambda x: x + 1",
        )
    if word in _WORDS_BEFORE_A_NAME and following and following[0].kind is Kind.WORD:
        by = _WORDS_BEFORE_A_NAME[word]
        return situation.replacing(
            message, here, by, f"BCL writes '{by} {following[0].text} = ...'"
        )
    help = _STATEMENTS.get(word)
    return None if help is None else Advice(message, here.start, here.end, help=help)


_STATEMENTS = {
    "if": "a condition chooses a value: name = if condition then value else other",
    "for": "a loop makes a value: name = [x * 2 for x in xs], or {for x in xs: [key] = value}",
    "import": 'give it a name: local lib = import "lib.borg"',
    "while": "there is no 'while': loop over a list, or over range(n)",
    "return": "a function is one expression: lambda x: x + 1",
    "inherit": "write name = up.name",
    "include": 'write local lib = import "lib.borg"',
}


def called_definition(situation: Situation) -> Advice | None:
    """``f(x) = ..`` where a field should be."""
    here, following = situation.here, situation.after[1:2]
    if situation.expected != FIELD or here is None or here.kind is not Kind.WORD:
        return None
    if not following or following[0].text != "(":
        return None
    message = f"unexpected '(', expected '=' behind '{here.text}'"
    help = f"a function is a value: {here.text} = lambda x: x + 1"
    return Advice(message, following[0].start, following[0].end, help=help)


def misplaced_word(situation: Situation) -> Advice | None:
    """``1 + if ..``: what needs parentheses."""
    here, last = situation.here, situation.last
    if situation.expected != VALUE or here is None or last is None:
        return None
    if here.text in ("if", "lambda", "not"):
        return Advice(
            f"unexpected '{here.text}' behind '{last.text}'",
            here.start,
            here.end,
            help=f"put it in parentheses: ({here.text} ...)",
        )
    if here.text == "+":
        return _unary_plus(situation, here)
    return None


def _unary_plus(situation: Situation, here: Token) -> Advice:
    return situation.replacing(
        "unexpected '+', expected a value", here, "", "a number above zero has no sign"
    )
