"""Advice on text that wants quotes, or has the wrong ones."""

import re

from borgpy.bcl.advice.situation import Advice, Situation, explaining, inserting, quoting, short
from borgpy.bcl.reading.lexer import Kind, Token
from borgpy.bcl.reading.literals import UNITS
from borgpy.bcl.reading.misread import FIELD, NAME, TYPE, VALUE
from borgpy.bcl.syntax import KINDS, RESERVED

_LONGEST_WHOLE = 200

_joined_name = re.compile(r"[A-Za-z_0-9]+(?:[-.:/@][A-Za-z_0-9]+)+").match
_member_follows = re.compile(r"[ \t]*(?:=(?!=)|\+=|[{:])").match
_unquoted = re.compile(r"[^\s,;{}\[\]()\"'=]*").match


def unterminated(situation: Situation) -> Advice | None:
    """A text or a comment without its end."""
    here, last = situation.here, situation.last
    if here is None or here.kind is not Kind.RUBBISH:
        return None
    is_glued = last is not None and last.end == here.start
    if here.text.startswith("/*"):
        help = "'/*' starts a comment, also within a path: quote the path" if is_glued else ""
        return Advice("unterminated comment", here.start, here.start + 2, help=help)
    if here.text[0] not in "\"'":
        return None
    if here.text.startswith('"""'):
        return Advice("unterminated string", here.start, here.start + 3, help='it ends with """')
    help = ""
    if len(here.text) == 1:
        help = 'text over several lines stands between triple quotes, """'
    return Advice("unterminated string", here.start, here.end, help=help)


def quote_within_text(situation: Situation) -> Advice | None:
    """``'it's'``: the text ends earlier than meant."""
    here, last = situation.here, situation.last
    if here is None or last is None or last.kind not in (Kind.STRING, Kind.FSTRING):
        return None
    if last.end != here.start or here.kind is not Kind.WORD:
        return None
    quote = last.text[-1]
    other = "'" if quote == '"' else '"'
    help = f"within the text write \\{quote}, or put {other} around it"
    return explaining(f"unexpected '{here.text}' behind the end of a text", here, help)


def glued_path(situation: Situation) -> Advice | None:
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
    return quoting(f"'{here.text}/' is no bare path: it ends with '/'", here.start, here.text + "/")


def strange_path(situation: Situation) -> Advice | None:
    """A bare path goes on with a character that no path has."""
    here, last = situation.here, situation.last
    if here is None or last is None or last.kind is not Kind.PATH or last.end != here.start:
        return None
    if here.kind is Kind.MARK and here.text not in (":", "?", "="):
        return None
    _, whole = _surrounding(situation, here.start)
    return quoting(f"'{short(whole)}' is no bare path", last.start, whole)


def colon_within_text(situation: Situation) -> Advice | None:
    """``http://..``, ``10:30``."""
    here, last = situation.here, situation.last
    if here is None or here.text != ":" or last is None or situation.bracket == "(":
        return None
    if last.end != here.start or not situation.text[here.end : here.end + 1].strip():
        return None
    start, whole = _surrounding(situation, here.start)
    help = f"quote text that contains ':', as in '{short(whole)}'"
    edits = ((start, start + len(whole), f"'{whole}'"),)
    return Advice(situation.unexpected(":"), here.start, here.end, "", help, (), "quote it", edits)


def reserved(situation: Situation) -> Advice | None:
    """A reserved word where a name or a value should be."""
    here, last = situation.here, situation.last
    if here is None or here.text not in RESERVED or situation.expected not in (NAME, VALUE, TYPE):
        return None
    message = f"'{here.text}' is a reserved word"
    is_field = last is None and _member_follows(situation.text, here.end) is not None
    is_attribute = last is not None and last.text == "."
    if situation.expected == VALUE or is_field or is_attribute:
        return quoting(message, here.start, here.text, "quote it if it is text")
    return explaining(message, here, "choose another name")


def percent(situation: Situation) -> Advice | None:
    """``50%``, ``%port``."""
    here, before = situation.here, situation.before
    if situation.expected != VALUE:
        return None
    if here is not None and here.text == "%":
        word = situation.next
        if word is not None and word.kind is Kind.WORD and word.start == here.end:
            message = f"the placeholder '%{word.text}' has no end"
            return inserting(message, here, word.end, "%", f"write %{word.text}%")
    if len(before) > 1 and before[-1].text == "%" and before[-2].end == before[-1].start:
        message = "'%' behind a value is modulo, and its right side is missing"
        return quoting(message, before[-2].start, before[-2].text + "%", "quote it if it is text")
    return None


def two_values(situation: Situation) -> Advice | None:
    """``5 GiB``, ``"a" "b"``, ``hello world``: two values in a row."""
    here, last = situation.here, situation.last
    if situation.expected != FIELD or not situation.goes_on_from_value:
        return None
    assert here is not None
    assert last is not None
    message = f"unexpected {situation.quoted(here.text)}"
    if situation.before[0].text == "assert":
        return explaining(
            message, here, "a message stands behind ':', as in assert n > 1 : 'too few'"
        )
    if last.kind is Kind.NUMBER and here.text in UNITS:
        return _unit_apart(message, last, here)
    if last.kind in (Kind.STRING, Kind.FSTRING) and (here.kind is Kind.STRING or here.text == "f"):
        help = "write '+' between two texts to join them"
        return inserting(message, here, last.end, " +", help)
    if last.kind in (Kind.WORD, Kind.NUMBER) and here.kind in (Kind.WORD, Kind.NUMBER):
        if here.text in (*KINDS, *RESERVED) or last.text in (*KINDS, *RESERVED):
            return None
        whole = situation.text[last.start : here.end]
        return quoting(message, last.start, whole, "quote text of several words")
    return None


def joined_name(situation: Situation) -> Advice | None:
    """``log-dir = 1``, ``a.b = 1``: more than a name before the equals sign."""
    here, following = situation.here, situation.next
    if situation.expected != FIELD or here is None:
        return None
    if here.text in (*KINDS, "local", "hidden", "final", "param") and following is not None:
        here = following
    found = _joined_name(situation.text, here.start)
    if found is None or _member_follows(situation.text, found.end()) is None:
        return None
    whole = found[0]
    if re.fullmatch(r"\w+(\.\w+)+", whole):
        first, *others = whole.split(".")
        inner = " { ".join(others) + " = ..." + " }" * len(others)
        help = f"write {first} {{ {inner} to change what is inside, or quote the name"
        return Advice(f"'{short(whole)}' is no name", *found.span(), help=help)
    return quoting(f"'{short(whole)}' is no name", found.start(), whole)


def glued_number(text: str, at: int) -> str:
    """The help for a number that is none, when it is the end of text such as ``us-east1-1b``."""
    start = at
    while (
        start > at - _LONGEST_WHOLE
        and start
        and (text[start - 1].isalnum() or text[start - 1] in "_.-")
    ):
        start -= 1
    found = _joined_name(text, start)
    if found is None or not (found.start() < at < found.end()) or found[0][0].isdigit():
        return ""
    return f"quote it if it is text: '{short(found[0])}'"


def _unit_apart(message: str, number: Token, unit: Token) -> Advice:
    whole = number.text + unit.text
    edits = ((number.end, unit.start, ""),)
    return Advice(
        message,
        unit.start,
        unit.end,
        "",
        f"write {whole}, without a blank",
        (),
        f"write {whole}",
        edits,
    )


def _surrounding(situation: Situation, at: int) -> tuple[int, str]:
    """All that stands around ``at`` without a blank, a bracket or a comma, and where it begins."""
    text, start = situation.text, at
    while start > max(0, at - _LONGEST_WHOLE) and not re.match(
        r"[\s,;{}\[\]()\"'=]", text[start - 1]
    ):
        start -= 1
    found = _unquoted(text, start)
    assert found is not None
    return start, found[0]
