"""Refusals: what a request is turned down for, complete enough to act on."""

from enum import Enum

import msgspec


class RefusalCode(Enum):
    """Why a request is turned down; each has one HTTP status and one exit code."""

    INVALID = "invalid"  # something in it is wrong
    QUOTA = "quota_exceeded"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"  # the world is not as the request assumes
    NOT_ALLOWED = "not_allowed"
    FAULT = "fault"  # of ours, not of the request


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong: the field, what is wrong with it, and what to do."""

    field: str
    message: str
    hint: str = ""
    got: str = ""
    allowed: str = ""


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True, tag="refused", tag_field="outcome"):
    """A request turned down, with everything that is wrong with it at once."""

    code: RefusalCode
    title: str
    problems: tuple[Problem, ...] = ()


class Accepted(
    msgspec.Struct, frozen=True, omit_defaults=True, tag="accepted", tag_field="outcome"
):
    """A request taken: the journal sequence that holds it, and what it sets in motion, as counts of tasks.

    ``followed`` are tasks of other jobs that leave with the allocs in which they run.
    """

    seq: int
    version: int = 0
    created: int = 0
    restarted: int = 0
    stopped: int = 0
    unchanged: int = 0
    followed: int = 0


Outcome = Accepted | Refusal
