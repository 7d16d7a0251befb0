"""The exceptions of borgpy: each says what went wrong, and its hint what to do about it.

A refusal (a job that admission turns down, a task that fits nowhere) is an ordinary value and never one of these.
"""

from typing import ClassVar


class BorgError(Exception):
    """A caller's mistake or a broken edge; ``exit_code`` is what a command line ends with."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class InvalidConfig(BorgError):
    """A job description, a file or a flag value that cannot be used."""

    exit_code = 4


class NotFound(BorgError):
    """A name that stands for nothing here."""

    exit_code = 5


class Conflict(BorgError):
    """The world is not as the caller assumed: another version, another owner, another writer."""

    exit_code = 6


class Unreachable(BorgError):
    """Nobody answers at the address."""

    exit_code = 7


class NotAllowed(BorgError):
    """The caller may not do this."""

    exit_code = 8


class TimedOut(BorgError):
    """What was waited for did not come in time."""

    exit_code = 9


class Refused(BorgError):
    """Admission turned a job down; the message lists everything that is wrong with it."""

    exit_code = 10


class IllegalTransition(BorgError):
    """An event that the life cycle does not know in this state."""


class StoreUnavailable(BorgError):
    """The store did not take a write; nothing of it is there."""


class StoreFull(StoreUnavailable):
    """The store's disk is full; writes are refused until there is room."""


class StoreUncertain(StoreUnavailable):
    """A write whose outcome is not known; read it back before anything else."""


class StoreTooNew(BorgError):
    """The database was written by a newer release."""


class StoreTooOld(BorgError):
    """The database is an older release's, and has to be upgraded first."""


class Fenced(BorgError):
    """Another Borgmaster has taken over: this one may not write any more."""


class Corrupt(BorgError):
    """Stored bytes which do not decode, or whose hash does not match."""
