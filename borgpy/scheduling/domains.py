"""Failure domains as columns, and what a job's own tasks in them do to its next one."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from borgpy.model.constraints import MACHINE
from borgpy.scheduling.merge import NO_LIMIT, Level
from borgpy.scheduling.snapshot import ABSENT, Crowd, Floats, Ints, Mask, Rows, Snapshot


class Domains:
    """The values of one attribute. A machine without it is a domain of its own, ``free`` of limits and penalties."""

    def __init__(self, snapshot: Snapshot, attribute: str) -> None:
        column = snapshot.attributes.column(attribute)
        self.values = column.values
        self.codes: Ints = column.codes
        # Allocs on one machine are one domain, so that there a row and its domain are not the same number.
        self.machines = attribute == MACHINE and np.array_equal(
            self.codes, np.arange(len(self.codes))
        )
        absent = np.flatnonzero(self.codes == ABSENT)
        self.size = len(column.values) + len(absent)
        self.free: Mask | None = None
        if absent.size:
            self.codes = self.codes.copy()
            self.codes[absent] = np.arange(len(column.values), self.size)
            self.free = np.arange(self.size) >= len(column.values)
        self._rows: dict[int, Rows | slice] = {}
        self._order: Rows | None = None
        self._starts: Ints = np.zeros(0, np.int64)

    def rows_of(self, domain: int) -> Rows | slice:
        """The machines of one domain; a slice where they stand at equal distances."""
        if self.machines:
            return slice(domain, domain + 1)
        known = self._rows.get(domain)
        if known is None:
            known = self._rows[domain] = self._find(domain)
        return known

    def _find(self, domain: int) -> Rows | slice:
        if self._order is None:
            self._order = np.argsort(self.codes, kind="stable")
            self._starts = np.searchsorted(self.codes[self._order], np.arange(self.size + 1))
        rows = self._order[self._starts[domain] : self._starts[domain + 1]]
        steps = np.diff(rows)
        if not len(steps):
            return slice(int(rows[0]), int(rows[0]) + 1)
        even = bool((steps == steps[0]).all())
        return slice(int(rows[0]), int(rows[-1]) + 1, int(steps[0])) if even else rows

    def counts(self, crowd: Crowd) -> Ints:
        """int64[domains]: how many tasks are in each."""
        if not len(crowd.rows):
            return np.zeros(self.size, np.int64)
        weighed = np.bincount(self.codes[crowd.rows], crowd.counts, self.size)
        return weighed.astype(np.int64)


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


class Tie(msgspec.Struct, frozen=True, eq=False):
    """What a job's own tasks in a domain do to its next one there, domain by domain; see `Level` for the numbers.

    ``units`` float64[domains] is used instead of ``unit`` where values differ.
    """

    domains: Domains
    unit: float = 0.0
    units: Floats | None = None
    limit: int = NO_LIMIT
    step_at: int = NO_LIMIT
    step: float = 0.0

    def worse(self, domain: int, there: int) -> float:
        """By how much a machine of the domain is worse for one more task beside so many; infinite at the limit."""
        if self.domains.free is not None and self.domains.free[domain]:
            return 0.0
        if there >= self.limit:
            return np.inf
        unit = self.unit if self.units is None else float(self.units[domain])
        return unit * there + (self.step if there >= self.step_at else 0.0)

    def level(self, crowd: Crowd) -> Level:
        """The same for all domains at once, as things stand."""
        domains = self.domains
        units = np.full(domains.size, self.unit) if self.units is None else self.units
        if domains.free is not None:
            units = np.where(domains.free, 0.0, units)
        return Level(
            domains.codes,
            domains.counts(crowd),
            units,
            limit=self.limit,
            step_at=self.step_at,
            step=self.step,
            free=domains.free,
            machines=domains.machines,
        )


SPARSE = 16
"""Machines with a job's own tasks for which it is quicker to look at these alone than at all machines."""


class Ties:
    """What binds the tasks of one job to each other and to other jobs, as they are placed.

    ``ties`` are about failure domains, from the smallest to the largest, ``crowd`` is where its tasks are, ``barred``
    bool[machines] where it may not be at all, ``extra`` float64[machines] what machines are worse by, in whole units.
    ``chain`` says that the domains nest, so that `merge` can place many. ``moving`` says that ``barred`` and ``extra``
    change with each task.
    """

    def __init__(
        self,
        ties: Sequence[Tie],
        crowd: Crowd,
        barred: Mask | None,
        extra: Floats | None,
        *,
        chain: bool,
        moving: bool,
    ) -> None:
        self.ties = tuple(ties)
        self.crowd = crowd
        self.barred = barred
        self.extra = extra
        self.chain = chain
        self.moving = moving

    def is_sparse(self) -> bool:
        """Whether all that matters is a few tasks of the job's own."""
        plain = self.barred is None and self.extra is None and not self.moving
        return plain and len(self.crowd.rows) <= SPARSE

    def levels(self) -> tuple[Level, ...]:
        return tuple(tie.level(self.crowd) for tie in self.ties)

    def worse(self, machines: int) -> Floats:
        """float64[machines]: what each is worse by now, infinite where the next task may not be."""
        worse = np.zeros(machines) if self.extra is None else self.extra.copy()
        for level in self.levels():
            there = level.counts[level.codes]
            worse += level.penalty(level.codes, there)
            worse[level.barred(level.codes, there)] = np.inf
        if self.barred is not None:
            worse[self.barred] = np.inf
        return worse

    def counts(self) -> list[dict[int, int]]:
        """For each tie, how many tasks the job has in each domain where it has any."""
        told = list(zip(self.crowd.rows.tolist(), self.crowd.counts.tolist(), strict=True))
        found: list[dict[int, int]] = []
        for tie in self.ties:
            there: dict[int, int] = {}
            for row, count in told:
                domain = int(tie.domains.codes[row])
                there[domain] = there.get(domain, 0) + count
            found.append(there)
        return found
