"""What people meant who wrote what BCL does not read.

Each rule looks at one situation and knows one mistake; the first that recognises it speaks.
"""

import re
from collections.abc import Callable

from borgpy.bcl.advice import brackets, habits
from borgpy.bcl.advice.situation import FIELD, NAME, TYPE, VALUE, Advice, Situation
from borgpy.bcl.diagnostics import suggestion
from borgpy.bcl.lexer import Kind, Token, ends_operand
from borgpy.bcl.literals import UNITS
from borgpy.bcl.syntax import KINDS, RESERVED

_VALUES = (Kind.NUMBER, Kind.STRING, Kind.FSTRING, Kind.PATH, Kind.PLACEHOLDER)
_VALUE_WORDS = ("true", "false", "null", "self", "super", "up", "lambda", "import")
_PINNED_ITEMS = ("',' or ']'", "',' or ')'")

_joined_name = re.compile(r"[A-Za-z_0-9]+(?:[-.:/@][A-Za-z_0-9]+)+").match
_item_follows = re.compile(r"[ \t]*(?:=(?!=)|\+=|[{:])").match
_unquoted = re.compile(r"[^\s,;{}\[\]()\"'=]*").match


def advice_on(situation: Situation) -> Advice | None:
    """What the mistake is, if it is one of those that are known."""
    for rule in _RULES:
        advice = rule(situation)
        if advice is not None:
            return advice
    return None


def _unterminated(situation: Situation) -> Advice | None:
    """A text or a comment without its end."""
    here = situation.here
    if here is None or here.kind is not Kind.RUBBISH:
        return None
    if here.text.startswith("/*"):
        return _comment_without_end(situation, here)
    if here.text[0] not in "\"'":
        return None
    if here.text.startswith('"""'):
        return Advice("unterminated string", here.start, here.start + 3, help='it ends with """')
    help = "text over several lines stands between triple quotes" if len(here.text) == 1 else ""
    return Advice("unterminated string", here.start, here.end, help=help)


def _comment_without_end(situation: Situation, here: Token) -> Advice:
    help = ""
    if situation.last is not None and situation.last.end == here.start:
        help = "'/*' starts a comment, also within a path: quote the path"
    return Advice("unterminated comment", here.start, here.start + 2, help=help)


def _glued_path(situation: Situation) -> Advice | None:
    """``../bin//server``: what looks like a path has a comment in it, or ends with a slash."""
    here = situation.here
    if here is None or here.kind is not Kind.PATH or situation.expected != VALUE:
        return None
    mark = situation.text[here.end : here.end + 2]
    if mark in ("//", "/*") or mark[:1] == "#":
        mark = mark if mark[0] == "/" else "#"
        return Advice(
            f"'{mark}' starts a comment, also within a bare path",
            here.end,
            here.end + len(mark),
            help="put a space before the comment, or quote the path",
        )
    return Advice(
        f"'{here.text}/' is no bare path: it ends with '/'",
        here.start,
        here.end + 1,
        help="quote it, or leave the last '/' out",
    )


def _strange_path(situation: Situation) -> Advice | None:
    """A bare path goes on with a character that no path has."""
    here, last = situation.here, situation.last
    if here is None or last is None or last.kind is not Kind.PATH or last.end != here.start:
        return None
    if here.kind is Kind.MARK and here.text not in (":", "?", "="):
        return None
    whole = _whole_text(situation, here.start)
    return _quote_it(situation, f"'{whole}' is no bare path", last.start, whole)


def _colon(situation: Situation) -> Advice | None:
    """``http://..``, ``10:30``, ``f(a: 1)``."""
    here, last = situation.here, situation.last
    if here is None or here.text != ":" or last is None:
        return None
    glued = situation.text[here.end : here.end + 1].strip()
    if last.end == here.start and glued and situation.bracket != "(":
        whole = _whole_text(situation, here.start)
        start = situation.text.rfind(whole, 0, here.end + len(whole))
        message = f"unexpected ':', expected {situation.expected}"
        help = f"quote text that contains ':', as in '{whole}'"
        edits = ((start, start + len(whole), f"'{whole}'"),)
        return Advice(message, here.start, here.end, "", help, (), "quote it", edits)
    if last.kind in (Kind.WORD, Kind.STRING):
        return situation.replacing(
            f"unexpected ':', expected {situation.expected}",
            here,
            " =",
            "write '=' between a name and its value",
        )
    return None


def _type_or_value(situation: Situation) -> Advice | None:
    """``replicas: 3``: a colon is followed by a type."""
    here, before = situation.here, situation.before
    if situation.expected not in (TYPE, NAME) or here is None or len(before) < 2:
        return None
    colon = before[-1]
    if colon.text != ":" or before[-2].kind not in (Kind.WORD, Kind.STRING):
        return None
    is_value = here.kind in _VALUES or here.text in ("-", "[", "(", *_VALUE_WORDS)
    if not is_value:
        return None
    edits = ((colon.start, colon.end, " ="),)
    return Advice(
        f"unexpected '{_short(here.text)}', expected a type behind ':'",
        here.start,
        here.end,
        "",
        "write '=' between a name and its value",
        (),
        "write =",
        edits,
    )


def _nested_colon(situation: Situation) -> Advice | None:
    """``a: {"b": 1}``: the braces are read as a type."""
    here = situation.here
    if here is None or here.text != ":" or situation.expected != "'}'":
        return None
    help = "write '=' between a name and its value"
    return Advice("unexpected ':', expected '}'", here.start, here.end, help=help)


def _types(situation: Situation) -> Advice | None:
    """What other languages write for a type."""
    here, last = situation.here, situation.last
    if here is None or last is None:
        return None
    if situation.expected in (TYPE, NAME) and here.text == "null" and last.text in (":", "|"):
        return Advice(
            "'null' is no type", here.start, here.end, help="a type that null satisfies is 'int?'"
        )
    if here.text in ("[", "<") and last.text == "list":
        help = "a list of numbers is the type [number]"
        return Advice(f"unexpected '{here.text}'", here.start, here.end, help=help)
    return None


def _reserved(situation: Situation) -> Advice | None:
    """A reserved word where a name or a value should be."""
    here = situation.here
    if here is None or here.text not in RESERVED or situation.expected not in (NAME, VALUE, FIELD):
        return None
    message = f"'{here.text}' is a reserved word"
    following = situation.text[here.end :]
    is_field = situation.expected == NAME and _item_follows(situation.text, here.end) is not None
    if situation.expected == FIELD and not is_field:
        return Advice(f"unexpected '{here.text}', expected a field", here.start, here.end)
    if situation.expected == NAME and not is_field and not _is_attribute(situation):
        return Advice(message, here.start, here.end, help="choose another name")
    del following
    return _quote_it(situation, message, here.start, here.text, "quote it if it is text")


def _is_attribute(situation: Situation) -> bool:
    return situation.last is not None and situation.last.text == "."


def _no_value(situation: Situation) -> Advice | None:
    """``a =`` and then the next line."""
    before, here = situation.before, situation.here
    if here is None or here.text not in ("=", "+=", ":") or len(before) < 3:
        return None
    name, equals = before[-1], before[-2]
    if equals.text not in ("=", "+=") or name.kind not in (Kind.WORD, Kind.STRING):
        return None
    if situation.on_one_line(equals, name):
        return None
    return Advice(
        f"'{before[-3].text}' has no value", equals.start, equals.end, "expected a value behind it"
    )


def _equality(situation: Situation) -> Advice | None:
    """``a == 1`` for a field, ``if a = 1`` for a comparison."""
    here = situation.here
    if here is None:
        return None
    following = situation.after[1] if len(situation.after) > 1 else None
    if situation.expected == FIELD and following is not None and following.text == "==":
        message = f"unexpected '==', expected '=' behind '{_short(here.text)}'"
        return situation.replacing(message, following, "=", "'==' compares, '=' gives a value")
    if here.text != "=":
        return None
    asserts = bool(situation.before) and situation.before[0].text == "assert"
    if situation.bracket == "(" or situation.expected in ("'then'", "'else'") or asserts:
        message = f"unexpected '=', expected {'==' if asserts else situation.expected}"
        return situation.replacing(message, here, "==", "'==' compares")
    if situation.bracket == "[":
        help = "a list has no names; a record has: {a = 1}"
        return Advice(
            f"unexpected '=', expected {situation.expected}", here.start, here.end, help=help
        )
    return None


def _conditional(situation: Situation) -> Advice | None:
    """An ``if`` that is not finished."""
    here, expected = situation.here, situation.expected
    if expected not in ("'then'", "'else'"):
        return None
    if here is not None and here.text in ("elif", "elsif", "elseif"):
        return situation.replacing(
            f"unexpected '{here.text}', expected 'else'", here, "else if", "BCL writes 'else if'"
        )
    start = here.start if here else len(situation.text.rstrip())
    end = here.end if here else start
    if expected == "'else'":
        help = "an 'if' always has its 'else': if condition then value else null"
        return Advice("this 'if' has no 'else'", start, end, "expected 'else'", help)
    found = f"unexpected '{_short(here.text)}'" if here else "unexpected end of file"
    help = "BCL writes: if condition then value else other"
    return Advice(f"{found}, expected 'then'", start, end, help=help)


def _import(situation: Situation) -> Advice | None:
    """An import of something else than plain text."""
    here = situation.here
    if situation.expected != "a quoted path" or here is None:
        return None
    if here.kind is Kind.PATH:
        return _quote_it(situation, "the path of an import is quoted", here.start, here.text)
    help = "all imports are known before anything is evaluated: the path is plain text in quotes"
    return Advice("the path of an import cannot be computed", here.start, here.end, help=help)


def _missing_comma(situation: Situation) -> Advice | None:
    """``[1 2]``, ``["a" "b"]``, ``[1; 2]``."""
    here, last = situation.here, situation.last
    if situation.expected not in _PINNED_ITEMS or here is None or last is None:
        return None
    message = f"unexpected '{_short(here.text)}', expected {situation.expected}"
    if here.text == ";":
        return situation.replacing(message, here, ",", "items are separated by ','")
    is_value = here.kind in (*_VALUES, Kind.WORD) or here.text in ("[", "{", "(", "-")
    if not is_value or not ends_operand(last):
        return None
    if here.kind is Kind.WORD and here.text in RESERVED and here.text not in _VALUE_WORDS:
        return None
    if last.kind is here.kind is Kind.STRING and situation.on_one_line(last, here):
        help = "put ',' between two items, '+' between the halves of one text"
    else:
        help = "items are separated by ','"
    return situation.inserting(message, last.end, ",", help)


def _missing_value(situation: Situation) -> Advice | None:
    """``[1,,2]``, ``50%``, ``%port``."""
    here, last = situation.here, situation.last
    if situation.expected != VALUE:
        return None
    if here is not None and here.text == "," and last is not None and last.text in (",", "[", "("):
        return Advice(
            "unexpected ',', expected a value", here.start, here.end, help="leave one ',' out"
        )
    if here is not None and here.text == "%":
        word = situation.after[1] if len(situation.after) > 1 else None
        if word is not None and word.kind is Kind.WORD and word.start == here.end:
            message = f"the placeholder '%{word.text}' has no end"
            return situation.inserting(message, word.end, "%", f"write %{word.text}%")
    before = situation.before
    if last is not None and last.text == "%" and len(before) > 1 and before[-2].end == last.start:
        whole = before[-2].text + "%"
        return _quote_it(
            situation,
            "'%' behind a value is modulo, and its right side is missing",
            before[-2].start,
            whole,
            "quote it if it is text",
        )
    return None


def _split_text(situation: Situation) -> Advice | None:
    """``5 GiB``, ``"a" "b"``, ``hello world``: two values in a row."""
    here, last = situation.here, situation.last
    if situation.expected != FIELD or here is None or last is None:
        return None
    if not ends_operand(last) or not situation.on_one_line(last, here):
        return None
    message = f"unexpected '{_short(here.text)}'"
    if last.kind is Kind.NUMBER and here.text in UNITS:
        whole = last.text + here.text
        edits = ((last.end, here.start, ""),)
        return Advice(
            message,
            here.start,
            here.end,
            "",
            f"write {whole}, without a blank",
            (),
            f"write {whole}",
            edits,
        )
    if last.kind in (Kind.STRING, Kind.FSTRING) and here.kind in (
        Kind.STRING,
        Kind.FSTRING,
        Kind.WORD,
    ):
        if here.kind is Kind.WORD and here.text != "f":
            return None
        return situation.inserting(
            message, last.end, " +", "write '+' between two texts to join them"
        )
    if last.kind is Kind.WORD and here.kind in (Kind.WORD, Kind.NUMBER):
        if here.text in KINDS or last.text in KINDS:
            return None
        whole = f"{last.text} {here.text}"
        return _quote_it(situation, message, last.start, whole, "quote text of several words")
    return None


def _declaration(situation: Situation) -> Advice | None:
    """``jbo web = {``, ``job web {``, ``job "web" {``."""
    if situation.expected != FIELD or len(situation.after) < 3:
        return None
    kind, name, mark = situation.after[:3]
    if kind.kind is not Kind.WORD or name.kind not in (Kind.WORD, Kind.STRING):
        return None
    if not situation.on_one_line(kind, name) or mark.text not in ("{", "=", ":"):
        return None
    if kind.text in KINDS:
        edits = ((name.end, name.end, " ="),)
        message = f"unexpected '{mark.text}', expected '=' behind '{_short(name.text)}'"
        return Advice(
            message,
            mark.start,
            mark.end,
            "",
            f"write {kind.text} {_short(name.text)} = ...",
            (),
            "insert =",
            edits,
        )
    meant = suggestion(kind.text, (*KINDS, "local", "hidden", "final", "param"))
    if mark.text == "=" and situation.bracket and not meant:
        return None
    message = f"unknown declaration '{kind.text}'"
    if meant:
        return situation.replacing(message, kind, meant, f"did you mean '{meant}'?")
    return Advice(message, kind.start, kind.end, help=f"the declarations are {', '.join(KINDS)}")


def _joined(situation: Situation) -> Advice | None:
    """``log-dir = 1``, ``a.b = 1``: more than a name before the equals sign."""
    here = situation.here
    if situation.expected != FIELD or here is None:
        return None
    at = here
    if here.text in (*KINDS, "local", "hidden", "final", "param") and len(situation.after) > 1:
        at = situation.after[1]
    whole = _joined_name(situation.text, at.start)
    if whole is None or _item_follows(situation.text, whole.end()) is None:
        return None
    if "." in whole[0] and "-" not in whole[0]:
        first, _, rest = whole[0].partition(".")
        help = f"write {first} {{ {rest.replace('.', ' { ')} = ... {'}' * whole[0].count('.')} to change what is inside, or quote the name"
        return Advice(f"'{whole[0]}' is no name", *whole.span(), help=help)
    return _quote_it(situation, f"'{whole[0]}' is no name", whole.start(), whole[0])


def _missing_equals(situation: Situation) -> Advice | None:
    """``replicas 3``."""
    here = situation.here
    if situation.expected != FIELD or here is None or len(situation.after) < 2:
        return None
    if here.kind not in (Kind.WORD, Kind.STRING) or here.text in RESERVED:
        return None
    following = situation.after[1]
    if following.kind is Kind.RUBBISH and following.text[0] not in "\"'":
        return Advice(
            f"unexpected {situation.quoted(following.text)}, expected '=' behind '{_short(here.text)}'",
            following.start,
            following.end,
        )
    message = f"unexpected '{_short(following.text)}', expected '=' behind '{_short(here.text)}'"
    if following.kind in (*_VALUES, Kind.WORD) or following.text in ("[", "-"):
        edits = ((here.end, here.end, " ="),)
        return Advice(message, following.start, following.end, fix="insert =", edits=edits)
    return Advice(message, following.start, following.end)


def _other_places(situation: Situation) -> Advice | None:
    """What is right elsewhere."""
    here = situation.here
    if situation.expected != FIELD or here is None:
        return None
    if here.text == "{":
        is_first = not situation.text[: here.start].strip()
        help = (
            "a file is a record already: leave the outer braces out"
            if is_first
            else "a record behind a type or a block needs '=' and a name"
        )
        return Advice("unexpected '{', expected a field", here.start, here.end, help=help)
    if here.text == "[":
        help = "a computed name stands in a loop: {for k in keys: [k] = value}"
        return Advice("unexpected '[', expected a field", here.start, here.end, help=help)
    return None


def _whole_text(situation: Situation, at: int) -> str:
    """All that stands around ``at`` without a blank, a bracket or a comma."""
    text, start = situation.text, at
    while start > at - 200 and _unquoted(text, start - 1, start)[0]:  # type: ignore[index]
        start -= 1
    match = _unquoted(text, start)
    assert match is not None
    return _short(match[0])


def _quote_it(
    situation: Situation, message: str, start: int, text: str, help: str = "quote it"
) -> Advice:
    """Advice to put ``text``, which begins at ``start``, in quotes."""
    end = start + len(text)
    if situation.text[start:end] != text:
        return Advice(message, start, situation.at + 1, help=f"{help}: '{text}'")
    edits = ((start, end, f"'{text}'"),)
    return Advice(message, start, end, "", f"{help}: '{text}'", (), "quote it", edits)


def _short(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= 40 else f"{text[:40]}..."


Rule = Callable[[Situation], Advice | None]

_RULES: tuple[Rule, ...] = (
    _unterminated,
    _conditional,
    brackets.unfinished,
    brackets.unclosed_above,
    habits.lookalike,
    _glued_path,
    _strange_path,
    _no_value,
    _type_or_value,
    _nested_colon,
    _types,
    habits.foreign_operator,
    _equality,
    _colon,
    _import,
    habits.misplaced_word,
    habits.foreign_words,
    _joined,
    habits.called_definition,
    _declaration,
    _split_text,
    _reserved,
    _missing_equals,
    brackets.mismatched,
    _missing_comma,
    _missing_value,
    _other_places,
    habits.strange_mark,
)
