"""Advice on what other languages write otherwise: their operators, their words, their ways to give a value."""

import re

from borgpy.bcl.advice.situation import Advice, Situation, explaining, replacing
from borgpy.bcl.reading.lexer import Kind, Token
from borgpy.bcl.reading.misread import FIELD, NAME, TYPE, VALUE
from borgpy.bcl.syntax import KINDS

_RUN = "-&|=!<>+*?:^~."
_run = re.compile(r"[-&|=!<>+*?:^~.]*").match

_CONDITIONAL = "BCL writes: if condition then value else other"
_FUNCTION = "a function is 'lambda x: x + 1'"
_SPREAD = "to take over the fields of another record, extend it: base { x = 1 }"

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
    "/=": ("write x = super.x / 2 to change what is inherited", ""),
    "|=": ("write x = super.x or y to change what is inherited", ""),
    "&=": ("write x = super.x and y to change what is inherited", ""),
    "..": ("a range of numbers is range(first, behind_last)", ""),
    "...": (_SPREAD, ""),
}
_MARKS = {
    "$": 'to put a value into text, write f"{name}"; a parameter is read by its name alone',
    "@": "quote text that contains '@'",
    "`": "quote text with ' or \"",
    "\\": "a line needs no mark to go on: line breaks mean nothing",
    "~": "quote a path that begins with '~'",
}
_LOOKALIKES = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("–—−‐‑", "-"),
    **dict.fromkeys("\u00a0\u2007\u2009\u200b\u202f\u2060\u3000", " "),
    "×": "*",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "＝": "=",
    "，": ",",
    "；": ";",
}
_LOCALS = ("let", "var", "const", "val", "my", "private")
_HIDDEN = ("internal", "protected", "secret")
_FUNCTIONS = ("def", "fn", "func", "fun", "function")
_MODIFIERS = ("local", "hidden", "final", "param")
_STATEMENTS = {
    "if": "a condition chooses a value: name = if condition then value else other",
    "for": "a loop makes a value: name = [x * 2 for x in xs], or {for x in xs: [key] = value}",
    "import": 'give it a name: local lib = import "lib.borg"',
    "while": "there is no 'while': loop over a list, or over range(n)",
    "return": "a function is one expression: lambda x: x + 1",
    "inherit": "write name = up.name",
    "include": 'write local lib = import "lib.borg"',
    "local": "a local is a name and its value: local x = 1",
    "hidden": "'hidden' stands before the name of a field: hidden x = 1",
    "final": "'final' stands before the name of a field: final x = 1",
    "param": "a param is a name, its type, and a value if it has a default one: param n: int = 3",
}


def foreign_operator(situation: Situation) -> Advice | None:
    """``&&``, ``++``, ``=>`` and their like."""
    for token in (situation.here, situation.next if situation.expected == FIELD else None):
        if token is not None and token.text[0] in _RUN:
            advice = _operator(situation, token)
            if advice is not None:
                return advice
    return None


def _operator(situation: Situation, token: Token) -> Advice | None:
    start = token.start
    for before in reversed(situation.before[-2:]):
        if before.end != start or before.text[0] not in _RUN:
            break
        start = before.start
    found = _run(situation.text, start)
    assert found is not None
    run = found[0]
    if run not in _OPERATORS and run[:1] in "=:" and run[1:] in _OPERATORS:
        start, run = start + 1, run[1:]
    if run not in _OPERATORS or (run in ("|", "||") and situation.expected == TYPE):
        return None
    help, by = _OPERATORS[run]
    message, end = situation.unexpected(run), start + len(run)
    if not by:
        return Advice(message, start, end, help=help)
    return Advice(message, start, end, "", help, (), f"write {by.strip()}", ((start, end, by),))


def lookalike(situation: Situation) -> Advice | None:
    """A character that looks like one of BCL's, as text processors make them."""
    for token in (situation.here, situation.next if situation.expected == FIELD else None):
        if token is not None and token.kind is Kind.RUBBISH and token.text in _LOOKALIKES:
            plain = _LOOKALIKES[token.text]
            shown = f"'{plain}'" if plain.strip() else "a blank"
            message = f"unexpected {situation.quoted(token.text)}"
            return replacing(message, token, plain, f"write {shown}")
    return None


def strange_mark(situation: Situation) -> Advice | None:
    """``$``, ``@``, and others that mean something elsewhere."""
    here = situation.here
    if here is None or here.kind is not Kind.RUBBISH:
        return None
    message = f"unexpected {situation.quoted(here.text)}"
    if here.text in _MARKS:
        return explaining(message, here, _MARKS[here.text])
    if here.text.isalpha():
        return explaining(message, here, "names are made of A-Z a-z 0-9 _; quote other text")
    return None


def words_behind_a_value(situation: Situation) -> Advice | None:
    """``a if c else b``, ``f(x) for x in xs``, ``a is b``."""
    here = situation.here
    if here is None or not situation.goes_on_from_value:
        return None
    message = situation.unexpected(here.text)
    if here.text == "if":
        return explaining(message, here, _CONDITIONAL)
    if here.text == "for":
        return explaining(message, here, "a loop stands in brackets: [x * 2 for x in xs]")
    if here.text == "is":
        return replacing(message, here, "==", "BCL writes '=='")
    if here.text == "extends":
        return explaining(message, here, _SPREAD)
    return None


def words_before_a_name(situation: Situation) -> Advice | None:
    """``let x = 1``, ``def f(x)``, ``hidden job x = ..``."""
    here, following = situation.here, situation.next
    if situation.expected != FIELD or here is None or here.kind is not Kind.WORD:
        return None
    word, message = here.text, situation.unexpected(here.text)
    if following is not None and following.kind is Kind.WORD:
        name = following.text
        if word in _FUNCTIONS:
            return explaining(
                message, here, f"a function is a value: local {name} = lambda x: x + 1"
            )
        if word in _LOCALS:
            return replacing(message, here, "local", f"BCL writes: local {name} = ...")
        if word in _HIDDEN:
            return replacing(message, here, "hidden", f"BCL writes: hidden {name} = ...")
        if word in _MODIFIERS and name in KINDS and len(situation.after) > 2:
            return replacing(message, here, "", f"a declaration is never '{word}'")
    help = _STATEMENTS.get(word)
    return None if help is None else explaining(message, here, help)


def called_definition(situation: Situation) -> Advice | None:
    """``f(x) = ..`` where a field should be, ``template t(x) = ..``."""
    here, following = situation.here, situation.next
    if situation.expected != FIELD or here is None or following is None:
        return None
    if here.text in KINDS and len(situation.after) > 2 and situation.after[2].text == "(":
        message = f"unexpected '(', expected '=' behind '{following.text}'"
        help = f"what it needs are its hidden fields: {here.text} {following.text} = {{ hidden n: int }}"
        return explaining(message, situation.after[2], help)
    if here.kind is not Kind.WORD or following.text != "(":
        return None
    message = f"unexpected '(', expected '=' behind '{here.text}'"
    return explaining(message, following, f"a function is a value: {here.text} = lambda x: x + 1")


def misplaced_word(situation: Situation) -> Advice | None:
    """``1 + if ..``: what needs parentheses, or a sign that nothing needs."""
    here, last = situation.here, situation.last
    if situation.expected != VALUE or here is None or last is None:
        return None
    if here.text in ("if", "lambda", "not"):
        message = f"unexpected '{here.text}' behind '{last.text}'"
        return explaining(message, here, f"put it in parentheses: ({here.text} ...)")
    if here.text == "for" and last.text == "[":
        return explaining(
            situation.unexpected("for"), here, "the item comes first: [x * 2 for x in xs]"
        )
    if here.text == "+":
        return replacing(situation.unexpected("+"), here, "", "a number above zero has no sign")
    return None


def foreign_forms(situation: Situation) -> Advice | None:
    """Constructs that BCL has in another form."""
    here, last = situation.here, situation.last
    if here is None or last is None:
        return None
    message = situation.unexpected(here.text)
    if situation.expected == NAME and last.text == "lambda" and here.text == "(":
        return explaining(message, here, "the parameters have no parentheses: lambda x, y: x + y")
    if situation.expected == NAME and last.text == "." and here.kind is Kind.NUMBER:
        return explaining(message, here, f"an item of a list is written a[{here.text}]")
    if situation.expected == "'in'" or (last.text == "for" and here.kind is not Kind.WORD):
        return explaining(message, here, "BCL writes: for x in xs")
    if situation.expected == "'['" and here.kind in (Kind.WORD, Kind.STRING):
        return explaining(message, here, f"a computed name stands in brackets: [{here.text}] = ...")
    if situation.expected == "')'" and here.text == ",":
        return explaining(message, here, "there are no tuples: a list is [1, 2]")
    if situation.expected == "'in' behind 'not'":
        return explaining(message, here, "BCL writes: x not in xs, or x != y")
    return None
