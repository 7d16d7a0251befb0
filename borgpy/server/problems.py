"""Errors and refusals as answers over HTTP (RFC 9457), each with a stable code and a hint."""

from collections.abc import Mapping

import msgspec
from aiohttp import web

from borgpy import errors as e
from borgpy.model.api import ProblemDetails
from borgpy.model.refusal import Outcome, Refusal, RefusalCode
from borgpy.server.auth import Unauthenticated
from borgpy.server.commit import Overloaded
from borgpy.server.package_store import WrongPackage
from borgpy.server.route import Call, reply

_REFUSAL_STATUS: Mapping[RefusalCode, int] = {
    RefusalCode.INVALID: 400,
    RefusalCode.QUOTA: 403,
    RefusalCode.NOT_FOUND: 404,
    RefusalCode.CONFLICT: 409,
    RefusalCode.NOT_ALLOWED: 403,
    RefusalCode.FAULT: 500,
}

_ERROR_ANSWERS: Mapping[type[e.BorgError], tuple[int, str, bool]] = {
    e.InvalidConfig: (400, "invalid", False),
    Unauthenticated: (401, "unauthenticated", False),
    e.NotAllowed: (403, "not_allowed", False),
    e.NotFound: (404, "not_found", False),
    e.Conflict: (409, "conflict", False),
    WrongPackage: (422, "wrong_package", False),
    Overloaded: (503, "overloaded", True),
    e.Fenced: (503, "unavailable", True),
    e.StoreFull: (507, "store_full", True),
    e.StoreUnavailable: (503, "unavailable", True),
    e.Unreachable: (502, "borglet_unreachable", True),
}


def of_outcome(outcome: Outcome, call: Call, seq: int) -> web.Response:
    """What became of a request, at journal sequence ``seq``."""
    if isinstance(outcome, Refusal):
        return of_refusal(outcome, call.request_id)
    return reply(outcome, seq=seq)


def of_refusal(refusal: Refusal, request_id: str = "") -> web.Response:
    """A refusal, with every problem it names."""
    return answer(
        ProblemDetails(
            title=refusal.title,
            status=_REFUSAL_STATUS[refusal.code],
            code=refusal.code.value,
            detail="; ".join(problem.message for problem in refusal.problems),
            hint=next((problem.hint for problem in refusal.problems if problem.hint), ""),
            fields=refusal.problems,
            request_id=request_id,
        )
    )


def of_error(error: e.BorgError, request_id: str = "") -> web.Response:
    """One of our errors, by its nearest known kind."""
    status, code, retryable = next(
        (_ERROR_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ERROR_ANSWERS),
        (500, "fault", False),
    )
    if isinstance(error, WrongPackage):
        code = error.code
        status = 413 if code == "too_large" else status
    return answer(
        ProblemDetails(
            title=error.message,
            status=status,
            code=code,
            hint=error.hint,
            retryable=retryable,
            request_id=request_id,
        )
    )


def answer(problem: ProblemDetails) -> web.Response:
    """The problem as a response."""
    headers = {"Retry-After": "1"} if problem.retryable else {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(
        body=msgspec.json.encode(problem),
        status=problem.status,
        content_type="application/problem+json",
        headers=headers,
    )
