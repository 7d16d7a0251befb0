"""How a job's constraints and the policy's spreading become `Ties`: levels, masks and penalties over the machines."""

from collections.abc import Mapping

import numpy as np

from borgpy.model.constraints import Away, Exclusive, Limit, Near, Spread
from borgpy.model.names import JobKey, key_of, split_job
from borgpy.model.policy import Policy
from borgpy.scheduling.domains import Domains, Ties, nested
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.merge import NO_LIMIT, Level
from borgpy.scheduling.scoring import UNIT, unit_of
from borgpy.scheduling.snapshot import Floats, Mask
from borgpy.scheduling.standing import Standing


class Tying:
    """Makes the ties of one job after the other; keeps the domains, which all jobs share."""

    def __init__(self, standing: Standing, policy: Policy) -> None:
        self._standing = standing
        self._policy = policy
        self._domains: dict[str, Domains] = {}
        self._nested: dict[tuple[str, ...], bool] = {}
        snapshot = standing.snapshot
        self._shunned: dict[JobKey, list[tuple[JobKey, str]]] = {}
        for shun in snapshot.tenants.shuns:
            target = key_of(split_job(shun.holder)[0], shun.away.job)
            self._shunned.setdefault(target, []).append((shun.holder, shun.away.attribute))
        for job in snapshot.pending:  # placed in this pass, they keep others off like those that run
            for rule in job.constraints:
                if isinstance(rule, Away) and not rule.weight:
                    target = key_of(split_job(job.job)[0], rule.job)
                    held = self._shunned.setdefault(target, [])
                    if (job.job, rule.attribute) not in held:
                        held.append((job.job, rule.attribute))

    def watched(self) -> frozenset[JobKey]:
        """The jobs that others want to be near to or away from."""
        named = {
            key_of(split_job(job.job)[0], rule.job)
            for job in self._standing.snapshot.pending
            for rule in job.constraints
            if isinstance(rule, Near | Away)
        }
        return frozenset(named | {holder for held in self._shunned.values() for holder, _ in held})

    def is_loose(self, job: PendingJob) -> bool:
        """Whether nothing binds the tasks of a job to each other or to other jobs."""
        if job.job in self._shunned:
            return False
        if job.replicas > 1 and self._policy.spread:
            return False
        return not any(
            isinstance(rule, Limit | Spread | Near | Away)
            or (isinstance(rule, Exclusive) and rule.weight)
            for rule in job.constraints
        )

    def ties(self, job: PendingJob, allowed: Mask) -> Ties | None:
        """As things stand; ``allowed`` are the machines that the job may use as far as they themselves go."""
        if self.is_loose(job):
            return None
        levels = self._levels(job)
        levels.sort(key=lambda entry: (not entry[0].machines, -entry[0].size))
        barred, moving = self._barred(job, allowed)
        extra, drifting = self._extra(job)
        domains = [domain for domain, _ in levels]
        key = tuple(name for domain in domains for name, d in self._domains.items() if d is domain)
        if key not in self._nested:
            self._nested[key] = nested(domains)
        return Ties(
            domains,
            [level for _, level in levels],
            barred,
            extra,
            chain=self._nested[key],
            moving=moving or drifting,
        )

    def domains(self, attribute: str) -> Domains:
        known = self._domains.get(attribute)
        if known is None:
            known = self._domains[attribute] = Domains(self._standing.snapshot, attribute)
        return known

    def _soft(self, weight: int) -> float:
        return weight / 100 * self._policy.soft / 1000

    def _levels(self, job: PendingJob) -> list[tuple[Domains, Level]]:
        levels = []
        if job.replicas > 1:
            for domain in self._policy.spread:
                unit = unit_of(domain.weight / 1000 / job.replicas)
                if unit:
                    levels.append(self._level(job, domain.attribute, unit=unit))
        for rule in job.constraints:
            if isinstance(rule, Limit):
                if rule.weight:
                    step = unit_of(self._soft(rule.weight))
                    levels.append(self._level(job, rule.attribute, step_at=rule.most, step=step))
                else:
                    levels.append(self._level(job, rule.attribute, limit=rule.most))
            elif isinstance(rule, Spread) and rule.weight:
                domains = self.domains(rule.attribute)
                unit_each = np.rint(self._soft(rule.weight) / _fair(rule, domains) * UNIT)
                if domains.free is not None:
                    unit_each[domains.free] = 0.0
                counts = domains.counts(self._standing, job.job)
                levels.append((domains, Level(domains.codes, counts, unit_each, free=domains.free, machines=domains.machines)))
        return levels

    def _level(
        self,
        job: PendingJob,
        attribute: str,
        *,
        unit: float = 0.0,
        limit: int = NO_LIMIT,
        step_at: int = NO_LIMIT,
        step: float = 0.0,
    ) -> tuple[Domains, Level]:
        domains = self.domains(attribute)
        return domains, Level(
            domains.codes,
            domains.counts(self._standing, job.job),
            domains.per_value(unit),
            limit=limit,
            step_at=step_at,
            step=step,
            free=domains.free,
            machines=domains.machines,
        )

    def _barred(self, job: PendingJob, allowed: Mask) -> tuple[Mask | None, bool]:
        """Where hard rules about others keep the job off, and whether its own next task changes that."""
        barred = np.zeros(len(allowed), np.bool_)
        standing, user = self._standing, split_job(job.job)[0]
        some = moving = False
        for rule in job.constraints:
            if rule.weight or not isinstance(rule, Near | Away | Spread):
                continue
            some = True
            domains = self.domains(rule.attribute)
            if isinstance(rule, Spread):
                barred |= ~_lowest(rule, domains, domains.counts(standing, job.job), allowed)
                moving = True
                continue
            other = key_of(user, rule.job)
            moving |= other == job.job
            if isinstance(rule, Away):
                barred |= domains.present(standing, other)
            elif other != job.job or standing.crowd(other).rows.size:
                barred |= ~domains.present(standing, other)
        for holder, attribute in self._shunned.get(job.job, ()):
            some = True
            barred |= self.domains(attribute).present(standing, holder)
        return (barred if some else None), moving

    def _extra(self, job: PendingJob) -> tuple[Floats | None, bool]:
        """What machines are worse by for soft rules about others, and whether the job's own next task changes that."""
        extra: Floats | None = None
        standing, user = self._standing, split_job(job.job)[0]
        moving = False
        for rule in job.constraints:
            if not rule.weight or not isinstance(rule, Near | Away | Exclusive):
                continue
            missed = unit_of(self._soft(rule.weight))
            if isinstance(rule, Exclusive):
                miss = standing.tasks > 0
                moving = True
            else:
                other = key_of(user, rule.job)
                moving |= other == job.job
                there = self.domains(rule.attribute).present(standing, other)
                miss = there if isinstance(rule, Away) else ~there
            extra = miss * missed if extra is None else extra + miss * missed
        return extra, moving


def _fair(rule: Spread, domains: Domains) -> Floats:
    """float64[domains]: 1 where a value is to have as many tasks as the average one, 2 for twice as many."""
    fair = np.ones(domains.size)
    if rule.shares:
        percent = {share.value: share.percent for share in rule.shares}
        fair[: len(domains.values)] = [
            max(percent.get(value, 0), 0.01) * len(percent) / 100 for value in domains.values
        ]
    return fair


def _lowest(rule: Spread, domains: Domains, counts: Floats | Mask | object, allowed: Mask) -> Mask:
    """bool[machines]: where the job's tasks are fewest, over the share, among values that it may use at all."""
    level = np.asarray(counts) / _fair(rule, domains)
    usable = np.zeros(domains.size, np.bool_)
    usable[domains.codes[allowed]] = True
    if domains.free is not None:
        usable &= ~domains.free
    if not usable.any():
        return np.zeros(len(allowed), np.bool_)
    lowest = usable & (level <= level[usable].min())
    return lowest[domains.codes]
