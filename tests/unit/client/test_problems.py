import msgspec
import pytest

from borgpy.client.problems import error_of, problem_of, read_problem
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


@pytest.mark.parametrize(
    ("status", "code", "kind", "exit_code"),
    [
        (400, "invalid", InvalidConfig, 4),
        (401, "unauthenticated", NotAllowed, 8),
        (403, "not_allowed", NotAllowed, 8),
        (403, "quota_exceeded", Refused, 10),
        (404, "not_found", NotFound, 5),
        (409, "conflict", Conflict, 6),
        (413, "too_large", InvalidConfig, 4),
        (422, "wrong_digest", Corrupt, 1),
        (503, "unavailable", Unreachable, 7),
        (507, "store_full", StoreFull, 1),
        (503, "a code of a later release", Unreachable, 7),
        (500, "fault", BorgError, 1),
    ],
)
def test_every_code_has_its_exception_and_exit_code(
    status: int, code: str, kind: type[BorgError], exit_code: int
) -> None:
    error = error_of(ProblemDetails("it went wrong", status, code))
    assert type(error) is kind
    assert error.exit_code == exit_code


def test_the_exception_carries_every_field_with_its_hint() -> None:
    details = ProblemDetails(
        "the job is refused",
        400,
        "invalid",
        detail="replicas is 0; ram is negative",
        hint="ask for one",
        fields=(
            Problem("replicas", "replicas is 0", hint="ask for one", got="0", allowed="1 to 10"),
            Problem("requirements.ram", "ram is negative"),
        ),
    )
    error = error_of(details)
    assert str(error) == (
        "the job is refused\n"
        "  replicas: replicas is 0 (got 0; allowed: 1 to 10)\n"
        "    hint: ask for one\n"
        "  requirements.ram: ram is negative"
    )
    assert problem_of(error) == details


def test_an_answer_that_is_no_problem_document_is_shown_shortened() -> None:
    error = error_of(read_problem(502, b"<html>" + b"x" * 10_000))
    assert isinstance(error, Unreachable)
    assert error.message.startswith("HTTP status 502: <html>xxx")
    assert len(error.message) < 400


def test_a_problem_document_is_read_as_it_was_sent() -> None:
    details = ProblemDetails("no", 403, "quota_exceeded", hint="ask for more")
    assert read_problem(403, msgspec.json.encode(details)) == details
