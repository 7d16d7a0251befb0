"""Syntax that was kept is the syntax that was parsed, or nothing at all."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.limits import Limits
from borgpy.bcl.reading.kept import decode, encode, key_of, parse_kept
from tests.unit.bcl.samples import LECTURE
from tests.unit.bcl.syntax_text import parsed

EVERYTHING = """\
param n: int = 3
hidden final t { a += [1.5GiB, -2, 0.1, 30s], b: "x" | [int?] | {any} = lambda x, y=1: x in y }
local r = {for k, v in self.a if k: [k] = up.up.v}.x[0](1, z = 2) { assert not a : f"{b:03d}c" }
job [f"{n}"] = super { x = /a/%port% } for n in [%port:x% for y in null] if true and 1 < 2 or -x
service s = import "a" sha256 "b"
alloc "a" = if 1 then 2 else if 3 then 4 else {}
"""


class Memory:
    """Kept syntax in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.kept[key] = value


@pytest.mark.parametrize("text", ["", LECTURE, EVERYTHING])
def test_what_is_kept_is_what_was_parsed(text: str) -> None:
    file = parsed(text)
    assert decode(encode(file)) == file


def test_what_is_kept_is_not_parsed_again() -> None:
    store = Memory()
    file = parse_kept(Source("main.borg", LECTURE), store)
    assert file == parsed(LECTURE)
    (key,) = store.kept
    store.kept[key] = encode(parsed("other = 1"))
    assert parse_kept(Source("main.borg", LECTURE), store) == parsed("other = 1")


@given(st.data())
def test_damaged_bytes_are_parsed_anew(data: st.DataObject) -> None:
    whole = encode(parsed(EVERYTHING))
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    for damaged in (flipped, whole[:at], whole + b"\0"):
        assert decode(damaged) is None


def test_rubbish_and_other_versions_are_parsed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Memory()
    source = Source("main.borg", "a = 1")
    for rubbish in (
        b"",
        b"rubbish",
        encode(parsed("b = 2")).replace(b"BCL syntax 1", b"BCL syntax 0"),
    ):
        store.kept[key_of(source.text)] = rubbish
        assert parse_kept(source, store) == parsed("a = 1")
    monkeypatch.setattr(syntax, "GRAMMAR_VERSION", 0)
    assert key_of("a = 1") not in store.kept


def test_what_cannot_be_parsed_is_not_kept() -> None:
    store = Memory()
    for _ in range(2):
        with pytest.raises(BclError):
            parse_kept(Source("main.borg", "a = = 1"), store)
    assert store.kept == {}


def test_what_is_kept_does_not_get_around_a_limit() -> None:
    store = Memory()
    source = Source("main.borg", "a = [[1]]")
    parse_kept(source, store)
    with pytest.raises(BclError):
        parse_kept(source, store, Limits(nesting=1))


def test_what_is_too_deep_to_be_kept_is_parsed_all_the_same() -> None:
    store = Memory()
    source = Source("main.borg", "x = " + "f(a(b(" * 80 + ")))" * 80)
    for _ in range(2):
        assert len(parse_kept(source, store).items) == 1
    assert store.kept == {}


def test_who_has_everything_kept_needs_no_parser() -> None:
    code = """
import sys
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.reading.kept import decode, encode, parse_kept
from borgpy.bcl.syntax import File
class Full:
    def get(self, key): return encode(File(()))
    def put(self, key, value): raise AssertionError
before = "borgpy.bcl.reading.parse" in sys.modules
parse_kept(Source("main.borg", "a = 1"), Full())
sys.exit(("borgpy.bcl.reading.parse" in sys.modules) is not before)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
