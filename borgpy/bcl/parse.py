"""From text to syntax, by hand: about ten times as fast as a table-driven parser (ADR 8)."""

import gc

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import BclError, Fault, Source, Spot
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits, raised_by
from borgpy.bcl.literals import SURROGATE
from borgpy.bcl.members import Reader
from borgpy.bcl.misread import Misread, describe


def parse(source: Source, limits: Limits = DEFAULT_LIMITS) -> syntax.File:
    """What ``source`` says; `BclError` with every misreading, at most one for each member."""
    if len(source.text) > limits.source:
        message = f"the file has {len(source.text):,} characters, more than {limits.source:,}"
        raise BclError([Fault("limit", Spot(source, 0, 0), message).diagnostic()])
    if not source.text.isascii() and (half := SURROGATE.search(source.text)):
        message = "half a character: the text is not Unicode"
        raise BclError([Fault("syntax", Spot(source, *half.span()), message).diagnostic()])
    collecting = gc.isenabled()
    gc.disable()  # nothing built here is cyclic, and the collector would take a third of the time
    try:
        return _parse(source, limits)
    finally:
        if collecting:
            gc.enable()


def _parse(source: Source, limits: Limits) -> syntax.File:
    reader = Reader(source, limits)
    try:
        return reader.file()
    except Misread as misread:
        raise BclError([describe(source, misread, reader.opened).diagnostic()]) from None
