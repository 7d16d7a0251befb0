"""What single tasks of a job are told besides: texts laid over the job's, for ranges of task indexes."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

_PART = re.compile(r"\s*(\d{1,9})(?:\s*-\s*(\d{1,9}))?\s*\Z")


class IndexRange(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The tasks from ``first`` up to and including ``last``."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


class Override(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """These tasks get ``args`` and ``env`` laid over the job's; where overrides overlap, the later one wins."""

    tasks: tuple[IndexRange, ...]
    args: dict[str, str] = {}
    env: dict[str, str] = {}


class Variant(msgspec.Struct, frozen=True, array_like=True):
    """The tasks of one range run the task spec of this digest instead of their job's."""

    first: int
    last: int
    digest: str


def digest_at(variants: Sequence[Variant], index: int, otherwise: str) -> str:
    """The digest that ``variants``, in the order of the tasks, have for the task of this index, or ``otherwise``."""
    at = bisect_right(variants, index, key=lambda variant: variant.first) - 1
    return variants[at].digest if at >= 0 and index <= variants[at].last else otherwise


def parse_ranges(text: str) -> tuple[IndexRange, ...]:
    """``0,2,5-9`` as ranges; `ValueError` tells what cannot be read."""
    ranges = []
    for part in text.split(","):
        match = _PART.match(part)
        if match is None:
            raise ValueError(f"'{part.strip()}' names no tasks")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f"'{part.strip()}' ends before it begins")
        ranges.append(IndexRange(first, last))
    return tuple(ranges)


def overlaid(
    overrides: Sequence[Override], replicas: int
) -> Iterable[tuple[int, int, tuple[Override, ...]]]:
    """The ranges of tasks that have the same overrides, with those, in the order of the tasks; the others are left out."""
    changes: dict[int, list[tuple[int, int]]] = {}
    for number, override in enumerate(overrides):
        for tasks in override.tasks:
            if tasks.first < replicas:
                changes.setdefault(tasks.first, []).append((number, 1))
                changes.setdefault(min(tasks.last + 1, replicas), []).append((number, -1))
    borders = sorted(changes)
    active: dict[int, int] = {}
    for border, following in pairwise([*borders, replicas]):
        for number, change in changes[border]:
            active[number] = active.get(number, 0) + change
            if not active[number]:
                del active[number]
        if active and border < following:
            yield border, following - 1, tuple(overrides[number] for number in sorted(active))
