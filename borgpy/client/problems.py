"""Error answers of a Borgmaster, as the exceptions of `borgpy.errors`."""

import msgspec

from borgpy.errors import (
    BorgError,
    Conflict,
    Corrupt,
    InvalidConfig,
    NotAllowed,
    NotFound,
    Refused,
    StoreFull,
    Unreachable,
)
from borgpy.model.api import ProblemDetails
from borgpy.model.refusal import Problem

BY_CODE: dict[str, type[BorgError]] = {
    "invalid": InvalidConfig,
    "unauthenticated": NotAllowed,
    "not_allowed": NotAllowed,
    "quota_exceeded": Refused,
    "not_found": NotFound,
    "conflict": Conflict,
    "too_large": InvalidConfig,
    "wrong_digest": Corrupt,
    "truncated": Corrupt,
    "unavailable": Unreachable,
    "store_full": StoreFull,
}

BY_STATUS: dict[int, type[BorgError]] = {
    400: InvalidConfig,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: InvalidConfig,
    422: Corrupt,
    502: Unreachable,
    503: Unreachable,
    504: Unreachable,
    507: StoreFull,
}

LONGEST_FOREIGN_TEXT = 300
"""How much is shown of an answer that is no problem document: enough to recognise a proxy's page by."""


class ProblemAnswer(Exception):
    """The cause of an exception that a Borgmaster's answer became: the whole problem document."""

    def __init__(self, details: ProblemDetails) -> None:
        super().__init__(details.title)
        self.details = details


def read_problem(status: int, body: bytes) -> ProblemDetails:
    """The problem document in an answer; whatever else came is put into one."""
    try:
        return msgspec.json.decode(body, type=ProblemDetails)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body.decode(errors="replace").strip()[:LONGEST_FOREIGN_TEXT]
        return ProblemDetails(title=f"HTTP status {status}", status=status, code="", detail=text)


def error_of(details: ProblemDetails) -> BorgError:
    """The exception for an error answer; its ``__cause__`` is a `ProblemAnswer` with all of it."""
    kind = BY_CODE.get(details.code) or BY_STATUS.get(details.status, BorgError)
    said_already = any(details.hint == problem.hint for problem in details.fields)
    error = kind(_text(details), hint="" if said_already else details.hint)
    error.__cause__ = ProblemAnswer(details)
    return error


def problem_of(error: BaseException) -> ProblemDetails | None:
    """The problem document that ``error`` was made from, if it was."""
    cause = error.__cause__
    return cause.details if isinstance(cause, ProblemAnswer) else None


def _text(details: ProblemDetails) -> str:
    """The title, and what is wrong in detail: field by field where there are fields, which the detail only sums up."""
    if details.fields:
        return "\n".join([details.title, *(_line(problem) for problem in details.fields)])
    return ": ".join(text for text in (details.title, details.detail) if text)


def _line(problem: Problem) -> str:
    notes = [f"got {problem.got}"] if problem.got else []
    if problem.allowed:
        notes.append(f"allowed: {problem.allowed}")
    note = f" ({'; '.join(notes)})" if notes else ""
    hint = f"\n    hint: {problem.hint}" if problem.hint else ""
    return f"  {problem.field}: {problem.message}{note}{hint}"
