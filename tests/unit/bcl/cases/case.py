"""What a conformance case is: a small program, and what it comes to or what is wrong with it."""

from collections.abc import Mapping
from textwrap import dedent

import msgspec

from borgpy.bcl.evaluating.export import Json
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits

_NONE: Mapping[str, object] = {}


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A program with its files and parameters. Its main file is ``main.borg``."""

    name: str
    source: str
    files: Mapping[str, object] = _NONE
    params: Mapping[str, object] = _NONE
    limits: Limits = DEFAULT_LIMITS


class Value(Case, frozen=True):
    """A program that evaluates: ``expect`` is all that it comes to."""

    expect: Json


class Part(Case, frozen=True):
    """A program that evaluates: at the dotted path ``at`` stands a record that has all of ``has``."""

    at: str
    has: Json


class Mistake(Case, frozen=True):
    """A program with a mistake: ``code`` is the class of the first one, ``says`` is in the text."""

    code: str
    says: tuple[str, ...] = ()
    at: str = ""
    """``LINE`` or ``LINE:COLUMN`` of the first mistake."""
    of: str = "main.borg"


def case(
    name: str,
    source: str,
    expect: Json,
    *,
    files: Mapping[str, object] = _NONE,
    params: Mapping[str, object] = _NONE,
    limits: Limits = DEFAULT_LIMITS,
) -> Value:
    """``source`` comes to ``expect``."""
    return Value(
        name=name, source=_text(source), expect=expect, files=files, params=params, limits=limits
    )


def part(
    name: str, source: str, at: str, has: Json, *, files: Mapping[str, object] = _NONE
) -> Part:
    """What ``source`` comes to has ``has`` at ``at``, and perhaps more."""
    return Part(name=name, source=_text(source), at=at, has=has, files=files)


def error(
    name: str,
    source: str,
    code: str,
    *says: str,
    at: str = "",
    of: str = "main.borg",
    files: Mapping[str, object] = _NONE,
    params: Mapping[str, object] = _NONE,
    limits: Limits = DEFAULT_LIMITS,
) -> Mistake:
    """``source`` is refused: the class of the first mistake, words of its text, and where it is."""
    return Mistake(
        name=name,
        source=_text(source),
        code=code,
        says=says,
        at=at,
        of=of,
        files={path: _text(f) if isinstance(f, str) else f for path, f in files.items()},
        params=params,
        limits=limits,
    )


def _text(source: str) -> str:
    """The program without the indentation of the test that it stands in."""
    return dedent(source.removeprefix("\n")) if source.startswith("\n") else source
