"""Failure domains as columns, and what a job's own tasks in them do to its next one."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from borgpy.model.constraints import MACHINE
from borgpy.model.names import JobKey
from borgpy.scheduling.merge import Level
from borgpy.scheduling.snapshot import ABSENT, Floats, Ints, Mask, Rows, Snapshot
from borgpy.scheduling.standing import Standing


class Domains:
    """The values of one attribute. A machine without it is a domain of its own, ``free`` of limits and penalties."""

    def __init__(self, snapshot: Snapshot, attribute: str) -> None:
        column = snapshot.attributes.column(attribute)
        self.machines = attribute == MACHINE
        self.values = column.values
        self.codes: Ints = column.codes
        absent = np.flatnonzero(self.codes == ABSENT)
        self.size = len(column.values) + len(absent)
        self.free: Mask | None = None
        if absent.size:
            self.codes = self.codes.copy()
            self.codes[absent] = np.arange(len(column.values), self.size)
            self.free = np.arange(self.size) >= len(column.values)
        self._order: Rows | None = None
        self._starts: Ints = np.zeros(0, np.int64)

    def rows_of(self, domain: int) -> Rows:
        """The machines of one domain."""
        if self.machines:
            return np.array([domain])
        if self._order is None:
            self._order = np.argsort(self.codes, kind="stable")
            self._starts = np.searchsorted(self.codes[self._order], np.arange(self.size + 1))
        return self._order[self._starts[domain] : self._starts[domain + 1]]

    def counts(self, standing: Standing, job: JobKey) -> Ints:
        """int64[domains]: how many tasks of a job are in each."""
        crowd = standing.crowd(job)
        if not len(crowd.rows):
            return np.zeros(self.size, np.int64)
        weighed = np.bincount(self.codes[crowd.rows], crowd.counts, self.size)
        return weighed.astype(np.int64)

    def per_value(self, amount: float) -> Floats:
        """float64[domains]: ``amount`` for each value, nothing where the attribute is absent."""
        units = np.full(self.size, amount)
        if self.free is not None:
            units[self.free] = 0.0
        return units


def nested(domains: Sequence[Domains]) -> bool:
    """Whether each domain of one lies within one domain of the next."""
    for inner, outer in pairwise(domains):
        if inner.machines:
            continue
        of = np.zeros(inner.size, np.int64)
        of[inner.codes] = outer.codes
        if not (of[inner.codes] == outer.codes).all():
            return False
    return True


class Ties:
    """What binds the tasks of one job to each other and to other jobs, as they are placed.

    ``levels`` are its failure domains from the smallest to the largest, ``barred`` bool[machines] where it may not be
    at all, ``extra`` float64[machines] what machines are worse by, in whole units. ``chain`` says that the levels nest,
    so that `merge` can place many. ``moving`` says that ``barred`` and ``extra`` change with each task.
    """

    def __init__(
        self,
        domains: Sequence[Domains],
        levels: Sequence[Level],
        barred: Mask | None,
        extra: Floats | None,
        *,
        chain: bool,
        moving: bool,
    ) -> None:
        self.levels = tuple(levels)
        self.barred = barred
        self.extra = extra
        self.chain = chain
        self.moving = moving
        self._domains = tuple(domains)
        self._worse: Floats | None = None

    def worse(self, machines: int) -> Floats:
        """float64[machines]: what each is worse by now, infinite where the next task may not be."""
        if self._worse is None:
            worse = np.zeros(machines) if self.extra is None else self.extra.copy()
            for level in self.levels:
                there = level.counts[level.codes]
                worse += level.penalty(level.codes, there)
                worse[level.barred(level.codes, there)] = np.inf
            if self.barred is not None:
                worse[self.barred] = np.inf
            self._worse = worse
        return self._worse

    def has_weight(self) -> bool:
        """Whether any machine is worse than another yet."""
        return (
            self._worse is not None
            or self.barred is not None
            or self.extra is not None
            or any(level.counts.any() for level in self.levels)
            or any(level.limit < 1 or level.step_at < 1 for level in self.levels)
        )

    def note(self, row: int, machines: int) -> None:
        """A task was placed."""
        worse = self.worse(machines)
        for level, domains in zip(self.levels, self._domains, strict=True):
            domain = int(level.codes[row])
            here = np.array([domain])
            there = int(level.counts[domain])
            rows = domains.rows_of(domain)
            before = level.penalty(here, np.array([there]))[0]
            after = level.penalty(here, np.array([there + 1]))[0]
            worse[rows] += after - before
            if level.barred(here, np.array([there + 1]))[0]:
                worse[rows] = np.inf
            level.counts[domain] = there + 1
