"""What is wrong with an open file and with what it imports, as the protocol wants it."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from lsprotocol import types

from borgpy.bcl.diagnostics import BclError, Diagnostic, Source, Span
from borgpy.bcl.evaluate import Evaluated, evaluate
from borgpy.bcl.linting import lint
from borgpy.bcl.program import load
from borgpy.cli.lsp.projects import OpenFiles

SOURCE = "borgcfg"
PATIENCE_SECONDS = 5.0
"""For one evaluation while somebody types."""


class Finding(msgspec.Struct, frozen=True):
    """A diagnostic of one file, and how bad it is."""

    diagnostic: Diagnostic
    severity: types.DiagnosticSeverity


class Report(msgspec.Struct, frozen=True):
    """What came of checking a file. ``evaluated`` is there if nothing is wrong with it."""

    findings: tuple[Finding, ...]
    evaluated: Evaluated | None


def check(source: Source, files: OpenFiles, alarm: Callable[[], bool]) -> Report:
    """Everything there is to say about a file; ``alarm`` tells when nobody waits for it any more."""
    findings: list[Finding] = []
    evaluated = None
    try:
        program = load(source, files)
        content: Any = program.modules[program.main].content
        findings += (
            Finding(remark.diagnostic, types.DiagnosticSeverity.Warning)
            for remark in lint(source, content)
        )
        evaluated = evaluate(program, alarm=alarm)
    except BclError as error:
        findings += (Finding(d, _severity(d)) for d in error.diagnostics)
    return Report(tuple(findings), evaluated)


def _severity(diagnostic: Diagnostic) -> types.DiagnosticSeverity:
    """A parameter that is to be given on the command line is no mistake of the file."""
    if diagnostic.code == "param":
        return types.DiagnosticSeverity.Information
    return types.DiagnosticSeverity.Error


RangeOf = Callable[[Span], types.Range]
UriOf = Callable[[str], str]


def shown(finding: Finding, range_of: RangeOf, uri_of: UriOf) -> types.Diagnostic:
    """A finding as an editor shows it. The fixes travel along, for code actions."""
    diagnostic = finding.diagnostic
    lines = [diagnostic.message]
    lines += [diagnostic.label] if diagnostic.label else []
    lines += [f"where {v.name} = {v.shown}  {v.origin}".rstrip() for v in diagnostic.variables]
    lines += [f"note: {note}" for note in diagnostic.notes]
    lines += [f"help: {diagnostic.help}"] if diagnostic.help else []
    fixes = [
        {
            "title": fix.title,
            "edits": [
                {"file": edit.span.file, "range": _plain(range_of(edit.span)), "text": edit.text}
                for edit in fix.edits
            ],
        }
        for fix in diagnostic.fixes
    ]
    return types.Diagnostic(
        range=range_of(diagnostic.span),
        message="\n".join(lines),
        severity=finding.severity,
        code=diagnostic.code,
        source=SOURCE,
        related_information=list(_related(diagnostic, range_of, uri_of)) or None,
        data={"fixes": fixes} if fixes else None,
    )


def _related(
    diagnostic: Diagnostic, range_of: RangeOf, uri_of: UriOf
) -> Iterable[types.DiagnosticRelatedInformation]:
    """The steps by which a mistake was reached, and where the values involved were set."""
    places = [(step.what, step.where) for step in diagnostic.via]
    places += [
        (f"{v.name} = {v.shown}", word) for v in diagnostic.variables for word in v.origin.split()
    ]
    for what, where in places:
        span = _span(where)
        if span is not None:
            location = types.Location(uri_of(span.file), range_of(span))
            yield types.DiagnosticRelatedInformation(location, what)


def _span(where: str) -> Span | None:
    """``file:line:column`` as a place."""
    parts = where.split(",")[0].rsplit(":", 2)
    if len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()):
        return None
    line, column = int(parts[1]), int(parts[2])
    return Span(parts[0], line, column, line, column + 1)


def _plain(place: types.Range) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": place.start.line, "character": place.start.character},
        "end": {"line": place.end.line, "character": place.end.character},
    }
