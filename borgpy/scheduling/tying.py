"""How a job's constraints and the policy's spreading become `Ties`: levels, masks and penalties over the machines."""

from collections.abc import Callable, Iterator

import numpy as np

from borgpy.model.constraints import Away, Exclusive, Limit, Near, Spread
from borgpy.model.names import JobKey
from borgpy.model.policy import Policy
from borgpy.scheduling.domains import Domains, Tie, Ties, nested
from borgpy.scheduling.eligibility import sum_of
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.neighbours import (
    Ruling,
    is_own,
    miss,
    other_of,
    ruling,
    shares_of,
    shunned,
    shuns_of,
)
from borgpy.scheduling.scoring import unit_of, units
from borgpy.scheduling.snapshot import Codes, Floats, Mask
from borgpy.scheduling.standing import Standing


class Tying:
    """Makes the ties of one job after the other; keeps the domains, which all jobs share."""

    def __init__(self, standing: Standing, policy: Policy, domains: dict[str, Domains]) -> None:
        self._standing = standing
        self._policy = policy
        self._domains = domains
        self._known: dict[object, tuple[tuple[Tie, ...], bool]] = {}
        self.shuns = shuns_of(standing.snapshot)

    def watched(self) -> frozenset[JobKey]:
        """The jobs that others want to be near to or away from."""
        named = {
            other_of(job, rule)
            for job in self._standing.snapshot.pending
            for rule in job.constraints
            if isinstance(rule, Near | Away)
        }
        return frozenset(named | {shun.holder for held in self.shuns.values() for shun in held})

    def is_loose(self, job: PendingJob) -> bool:
        """Whether nothing binds the tasks of a job to each other or to other jobs."""
        if job.job in self.shuns:
            return False
        if job.replicas > 1 and self._policy.spread:
            return False
        if not job.constraints:
            return True
        return not any(
            isinstance(rule, Limit | Spread | Near | Away)
            or (isinstance(rule, Exclusive) and rule.weight)
            for rule in job.constraints
        )

    def ties(self, job: PendingJob, allowed: Callable[[], Mask]) -> Ties | None:
        """As things stand; ``allowed`` tells the machines that the job may use as far as they themselves go."""
        if self.is_loose(job):
            return None
        ties, chain = self._ties_of(job)
        barred, moving = self._barred(job, allowed)
        extra, drifting = self._extra(job)
        return Ties(
            ties,
            self._standing.crowd(job.job),
            barred,
            extra,
            chain=chain,
            moving=moving or drifting,
        )

    def _ties_of(self, job: PendingJob) -> tuple[tuple[Tie, ...], bool]:
        """The job's ties to itself, and whether they nest: the same for all jobs of one size with its constraints."""
        key = (job.replicas, job.constraints)
        known = self._known.get(key)
        if known is None:
            ties = sorted(
                self._own(job), key=lambda tie: (not tie.domains.machines, -tie.domains.size)
            )
            known = self._known[key] = tuple(ties), nested([tie.domains for tie in ties])
        return known

    def domains(self, attribute: str) -> Domains:
        known = self._domains.get(attribute)
        if known is None:
            known = self._domains[attribute] = Domains(self._standing.snapshot, attribute)
        return known

    def _soft(self, weight: int) -> float:
        return weight / 100 * self._policy.soft / 1000

    def _own(self, job: PendingJob) -> Iterator[Tie]:
        """What the job's own tasks do to each other."""
        if job.replicas > 1:
            for domain in self._policy.spread:
                domains = self.domains(domain.attribute)
                unit = unit_of(domain.weight / 1000 / job.replicas)
                if unit and domains.values:
                    yield Tie(domains, unit)
        for rule in job.constraints:
            if isinstance(rule, Limit) and rule.weight:
                step = unit_of(self._soft(rule.weight))
                yield Tie(self.domains(rule.attribute), step_at=rule.most, step=step)
            elif isinstance(rule, Limit):
                yield Tie(self.domains(rule.attribute), limit=rule.most)
            elif isinstance(rule, Spread) and rule.weight:
                yield self._balance(rule)

    def _balance(self, rule: Spread) -> Tie:
        """A soft Spread: each task counts as many times as the value's share is smaller than an even one."""
        domains = self.domains(rule.attribute)
        column = self._standing.snapshot.attributes.column(rule.attribute)
        shares = _shares(rule, column)[:-1]
        fair = np.where(shares > 0, shares * len(shares), 1.0)
        per_task = np.zeros(domains.size)
        per_task[: len(fair)] = units(self._soft(rule.weight) / fair)
        return Tie(domains, units=per_task)

    def _barred(self, job: PendingJob, allowed: Callable[[], Mask]) -> tuple[Mask | None, bool]:
        """Where hard rules about others keep the job off, and whether its own next task changes that."""
        rulings: list[Ruling] = []
        moving = False
        if not (job.constraints or self.shuns):
            return None, False
        for rule in job.constraints:
            if rule.weight or not isinstance(rule, Near | Away | Spread):
                continue
            moving |= isinstance(rule, Spread) or is_own(job, rule)
            found = ruling(self._standing, job, rule, allowed())
            if found is not None:
                rulings.append(found)
        for shun in self.shuns.get(job.job, ()):
            moving |= shun.holder == job.job
            rulings.append(shunned(self._standing, shun))
        if not rulings:
            return None, moving
        return ~np.logical_and.reduce([able for _, _, able in rulings]), moving

    def _extra(self, job: PendingJob) -> tuple[Floats | None, bool]:
        """What machines are worse by for soft rules about others, and whether the job's own next task changes that."""
        terms: list[Floats] = []
        moving = False
        for rule in job.constraints:
            if not rule.weight:
                continue
            if isinstance(rule, Spread):
                column = self._standing.snapshot.attributes.column(rule.attribute)
                outside = _shares(rule, column)[column.codes] <= 0
                if outside.any():
                    terms.append(np.where(outside, unit_of(self._soft(rule.weight)), 0.0))
            elif isinstance(rule, Near | Away | Exclusive):
                moving |= isinstance(rule, Exclusive) or is_own(job, rule)
                missed = miss(self._standing, job, rule)
                if missed is not None:
                    terms.append(missed * unit_of(self._soft(rule.weight)))
        return sum_of(terms), moving


def _shares(rule: Spread, column: Codes) -> Floats:
    """float64[values + 1]: the share of a job's tasks that belongs to each value, none without the attribute."""
    every = np.ones(len(column.values) + 1, np.bool_)
    every[-1] = False
    return shares_of(column.values, rule.shares, every)
