"""From text to syntax, by hand: about ten times as fast as a table-driven parser (ADR 8)."""

import gc

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import BclError, Details, Fault, Findings, Source, Spot
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits, raised_by
from borgpy.bcl.reading.lexer import count
from borgpy.bcl.reading.literals import SURROGATE
from borgpy.bcl.reading.members import Reader

_CHARACTERS_OF_A_TOKEN = 10
"""A file may have one token to so many of the characters it may have, which is about what people write: 400,000 of them,
four times what 4,000 jobs take. Read and evaluated, a token takes up to 800 bytes of memory."""


_TURNS = "\"'\\*#/"
"""Each of these within a text or a comment is a turn of a loop in `re`, which takes 300 bytes until the text ends."""

_ALWAYS_ALLOWED = 1_000
"""Tokens that do no harm, however low the limit."""


def parse(source: Source, limits: Limits = DEFAULT_LIMITS) -> syntax.File:
    """What ``source`` says; `BclError` with every misreading, at most one for each member."""
    _refuse_too_much(source, limits)
    if not source.text.isascii() and (half := SURROGATE.search(source.text)):
        message = "half a character: the text is not Unicode"
        raise _error(Fault("syntax", Spot(source, *half.span()), message))
    collecting = gc.isenabled()
    gc.disable()  # nothing built here is cyclic, and the collector would take a third of the time
    try:
        return _parse(source, limits)
    finally:
        if collecting:
            gc.enable()


def _refuse_too_much(source: Source, limits: Limits) -> None:
    """Refuses what would take too long, and too much memory, to read."""
    size = len(source.text)
    most = max(limits.source // _CHARACTERS_OF_A_TOKEN, _ALWAYS_ALLOWED)
    message = ""
    if size > limits.source:
        message = f"the file has {size:,} characters, more than {limits.source:,}"
    elif size > most:
        marks = sum(map(source.text.count, _TURNS))
        tokens = marks if marks > 2 * most else count(source.text)
        if tokens > most:
            message = f"the file has {tokens:,} words and marks, more than {most:,}"
    if message:
        raise _error(Fault("limit", Spot(source, 0, 0), message, Details(help=raised_by("source"))))


def _parse(source: Source, limits: Limits) -> syntax.File:
    reader = Reader(source, limits)
    try:
        file = reader.file()
    except RecursionError:
        # Only who has raised the limit, or calls from very deep, gets here.
        message = "nested deeper than can be read"
        raise _error(Fault("limit", Spot(source, reader.at, reader.at), message)) from None
    if reader.faults:
        raise _error(*reader.faults)
    return file


def _error(*faults: Fault) -> BclError:
    findings = Findings()
    for fault in faults:
        findings.add(fault)
    return findings.error()
