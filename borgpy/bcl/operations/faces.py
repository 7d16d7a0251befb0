"""What operations on values ask of the evaluator, as protocols: they know nothing else of it."""

from typing import Protocol, TypeGuard

from borgpy.bcl.limits import Limits
from borgpy.bcl.values import Value


class Meter(Protocol):
    """Counts the work of one evaluation."""

    @property
    def limits(self) -> Limits: ...

    def spend(self, steps: int, /) -> None:
        """Takes ``steps`` off what is left; raises the error of class ``limit`` when nothing is."""


class Fields(Protocol):
    """A record, as operations see it."""

    def names(self) -> tuple[str, ...]:
        """The exported fields, in their order."""

    def get(self, name: str, /) -> Value:
        """A field's value, which may have to be computed first."""

    def has(self, name: str, /) -> bool:
        """Whether there is such a field, hidden ones included."""


class Caller(Meter, Protocol):
    """The evaluator, as a built-in function sees it."""

    def call(self, function: Value, /, *arguments: Value) -> Value:
        """What a function returns; an error if ``function`` is none or does not take these arguments."""

    def compose(self, *records: Value) -> Value:
        """The first record, extended by the second, and so on."""


def is_record(value: object) -> TypeGuard[Fields]:
    return hasattr(value, "shape")
