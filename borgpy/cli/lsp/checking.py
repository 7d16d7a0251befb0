"""What is wrong with an open file and with what it imports, as the protocol wants it."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from lsprotocol import types

from borgpy.bcl.diagnostics import BclError, Diagnostic, Fix, Source, Span
from borgpy.bcl.evaluate import Evaluated, evaluate
from borgpy.bcl.linting import Remark, lint
from borgpy.bcl.loading.program import load
from borgpy.cli.lsp.projects import OpenFiles

SOURCE = "borgcfg"
PATIENCE_SECONDS = 5.0
"""For one evaluation while somebody types."""

_STYLE = ("bare-word",)
"""Remarks about what is fine as it is, and could be written otherwise: the lecture's own listing has it."""


class Finding(msgspec.Struct, frozen=True):
    """A mistake or a remark. ``related`` are steps and values that led to it, with the places they stand at."""

    span: Span
    code: str
    text: str
    severity: types.DiagnosticSeverity
    fixes: tuple[Fix, ...]
    related: tuple[tuple[str, str], ...] = ()


class Report(msgspec.Struct, frozen=True):
    """What came of checking a file. ``evaluated`` is there if nothing is wrong with it."""

    findings: tuple[Finding, ...]
    evaluated: Evaluated | None


def check(source: Source, files: OpenFiles, alarm: Callable[[], bool]) -> Report:
    """Everything there is to say about a file; ``alarm`` tells when nobody waits for it any more."""
    remarks: list[Finding] = []
    mistakes: list[Finding] = []
    evaluated = None
    try:
        program = load(source, files)
        content: Any = program.modules[program.main].content
        remarks += map(_remarked, lint(source, content))
        evaluated = evaluate(program, alarm=alarm)
    except BclError as error:
        mistakes += map(_mistaken, error.diagnostics)
    wrong = {(mistake.span.file, mistake.span.line, mistake.span.column) for mistake in mistakes}
    # A word that is a mistake needs no remark that it is a bare one.
    remarks = [r for r in remarks if (r.span.file, r.span.line, r.span.column) not in wrong]
    return Report((*mistakes, *remarks), evaluated)


def _remarked(remark: Remark) -> Finding:
    text = _lines(remark.message, remark.label, (), remark.notes, remark.help)
    is_style = remark.rule in _STYLE
    severity = types.DiagnosticSeverity.Hint if is_style else types.DiagnosticSeverity.Warning
    return Finding(remark.span, remark.rule, text, severity, remark.fixes)


def _mistaken(found: Diagnostic) -> Finding:
    values = [f"where {v.name} = {v.shown}" for v in found.variables]
    related = [(step.what, step.where) for step in found.via]
    related += [(f"{v.name} = {v.shown}", at) for v in found.variables for at in v.origin.split()]
    return Finding(
        found.span,
        found.code,
        _lines(found.message, found.label, values, found.notes, found.help),
        _severity(found),
        found.fixes,
        tuple(related),
    )


def _lines(message: str, label: str, values: Iterable[str], notes: Iterable[str], help: str) -> str:
    lines = [message, label, *values, *(f"note: {note}" for note in notes)]
    return "\n".join(line for line in [*lines, f"help: {help}" if help else ""] if line)


def _severity(diagnostic: Diagnostic) -> types.DiagnosticSeverity:
    """A parameter that is to be given on the command line is no mistake of the file."""
    if diagnostic.code == "param":
        return types.DiagnosticSeverity.Information
    return types.DiagnosticSeverity.Error


RangeOf = Callable[[Span], types.Range]
UriOf = Callable[[str], str]


def shown(finding: Finding, range_of: RangeOf, uri_of: UriOf) -> types.Diagnostic:
    """A finding as an editor shows it. The fixes travel along, for code actions."""
    fixes = [
        {
            "title": fix.title,
            "edits": [
                {
                    "uri": uri_of(edit.span.file),
                    "range": _plain(range_of(edit.span)),
                    "text": edit.text,
                }
                for edit in fix.edits
            ],
        }
        for fix in finding.fixes
    ]
    return types.Diagnostic(
        range=range_of(finding.span),
        message=finding.text,
        severity=finding.severity,
        code=finding.code,
        source=SOURCE,
        related_information=list(_related(finding, range_of, uri_of)) or None,
        data={"fixes": fixes} if fixes else None,
    )


def _related(
    finding: Finding, range_of: RangeOf, uri_of: UriOf
) -> Iterable[types.DiagnosticRelatedInformation]:
    for what, where in finding.related:
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
