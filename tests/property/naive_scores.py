"""How good a machine is for one more task, one number after the other: for the naive pass.

Only the packing scores are those of the scheduler, asked for one machine at a time. A score is a sum of whole units.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from borgpy.model.constraints import (
    Away,
    Compare,
    Constraint,
    Dedicated,
    Exclusive,
    Limit,
    Near,
    Spread,
    holds,
)
from borgpy.model.policy import Policy
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.feasibility import request_vector
from borgpy.scheduling.scarcity import demand_of, scarcity_of
from borgpy.scheduling.scoring import UNIT, Fit, Frame, packing
from borgpy.scheduling.snapshot import ABSENT, Snapshot
from borgpy.scheduling.standing import Standing
from borgpy.scheduling.worth import worth_of
from tests.property.naive_cell import Cell, Host, is_near, named, shares_of


def units(amount: float) -> float:
    return float(round(amount * UNIT))


def frame_of(snapshot: Snapshot, pending: Sequence[PendingJob], policy: Policy) -> Frame:
    """The frame of a pass that places ``pending``: the cell asks for what is pending and what runs."""
    capacity = [sum(column) for column in snapshot.capacity.T.tolist()]
    free = [sum(column) for column in snapshot.free.T.tolist()]
    pending_amounts = demand_of(pending, snapshot.dimensions)
    demand = [p + c - f for p, c, f in zip(pending_amounts, capacity, free, strict=True)]
    return Frame(snapshot, policy, scarcity_of(demand, capacity))


class Packer:
    """The scheduler's own packing scores."""

    def __init__(self, snapshot: Snapshot, pending: Sequence[PendingJob], policy: Policy) -> None:
        self.snapshot = snapshot
        self.policy = policy
        self.frame = frame_of(snapshot, pending, policy)

    def size(self, job: PendingJob) -> float:
        vector = request_vector(self.snapshot.dimensions, job.request).tolist()
        return float(sum(n * worth for n, worth in zip(vector, self.frame.worth, strict=True)))

    def score(self, cell: Cell, host: Host, job: PendingJob) -> float:
        asked = [float(n) for n in request_vector(self.snapshot.dimensions, job.request)]
        free = [
            np.array([float(other.free.get(name, 0)) for other in cell.hosts])
            for name in self.snapshot.dimensions
        ]
        row = slice(host.row, host.row + 1)
        fit = Fit(
            self.frame,
            row,
            free,
            [0.0] * len(asked),
            asked,
            worth=worth_of(Standing(self.as_it_is(cell)), self.policy),
            devices=job.devices,
        )
        return float(packing(self.policy, fit)[0])

    def as_it_is(self, cell: Cell) -> Snapshot:
        """The snapshot with what is free now."""
        names = self.snapshot.dimensions
        devices = {}
        for kind, columns in self.snapshot.devices.items():
            now = np.full_like(columns.free, ABSENT)
            for host in cell.hosts:
                held = host.devices.get(kind, [])
                now[host.row, : len(held)] = held
            devices[kind] = msgspec.structs.replace(columns, free=now)
        free = np.array([[host.free.get(name, 0) for name in names] for host in cell.hosts])
        return msgspec.structs.replace(self.snapshot, free=free, devices=devices)


def worse(cell: Cell, host: Host, job: PendingJob, policy: Policy) -> float:
    """All of a score but packing and plug-ins."""
    soft = [rule for rule in job.constraints if rule.weight]
    return (
        _by_itself(host, job, policy, soft)
        + sum(_by_others(cell, host, job, policy, rule) for rule in soft)
        + _spread(cell, host, job, policy)
        + _mixing(host, job, policy)
        + _runtime(cell, host, job, policy)
    )


def weight_of(rule: Constraint, policy: Policy) -> float:
    return rule.weight / 100 * policy.soft / 1000


def _by_itself(host: Host, job: PendingJob, policy: Policy, soft: list[Constraint]) -> float:
    total = 0.0
    for rule in soft:
        if isinstance(rule, Compare) and not holds(rule, host.value(rule.attribute)):
            total += weight_of(rule, policy)
        if isinstance(rule, Dedicated) and host.attributes.get("dedicated") != rule.pool:
            total += weight_of(rule, policy)
    size = sum(job.packages.values())
    if size and policy.locality:
        missing = sum(n for digest, n in job.packages.items() if digest not in host.packages)
        total += missing * (policy.locality / 1000 / size)
    return units(total)


def _by_others(cell: Cell, host: Host, job: PendingJob, policy: Policy, rule: Constraint) -> float:
    weight = weight_of(rule, policy)
    match rule:
        case Limit():
            value = host.value(rule.attribute)
            full = value is not None and cell.count(job.job, rule.attribute, value) >= rule.most
            return units(weight) if full else 0.0
        case Spread():
            return _imbalance(cell, host, job, rule, weight)
        case Exclusive():
            return units(weight) if host.tasks else 0.0
        case Near():
            other = named(job, rule.job)
            if other == job.job and not any(h.counts.get(job.job, 0) for h in cell.hosts):
                return 0.0
            return 0.0 if is_near(cell, host, other, rule.attribute) else units(weight)
        case Away():
            near = is_near(cell, host, named(job, rule.job), rule.attribute)
            return units(weight) if near else 0.0
    return 0.0


def _imbalance(cell: Cell, host: Host, job: PendingJob, rule: Spread, weight: float) -> float:
    values = sorted({value for h in cell.hosts if (value := h.value(rule.attribute)) is not None})
    mine = host.value(rule.attribute)
    if mine is None:
        return units(weight)  # tasks there are in nobody's share
    share = shares_of(values, values, rule.shares)[mine]
    own = cell.count(job.job, rule.attribute, mine)
    if not share:
        return units(weight) * (1 + own)
    # Each counts as many times as the share is smaller than an even one.
    return units(weight / (share * len(values))) * own


def _spread(cell: Cell, host: Host, job: PendingJob, policy: Policy) -> float:
    if job.replicas < 2:
        return 0.0
    total = 0.0
    for domain in policy.spread:
        value = host.value(domain.attribute)
        if value is not None:
            each = units(domain.weight / 1000 / job.replicas)
            total += each * cell.count(job.job, domain.attribute, value)
    return total


def _mixing(host: Host, job: PendingJob, policy: Policy) -> float:
    used = host.capacity["cpu"] - host.free["cpu"]
    if used <= 0:
        return 0.0
    own = host.production_cpu if job.is_production() else used - host.production_cpu
    return units(own / used * (policy.mixing / 1000))


def _runtime(cell: Cell, host: Host, job: PendingJob, policy: Policy) -> float:
    left = max(0, host.ends_at - cell.at)
    if not job.runtime_ms or not left:
        return 0.0
    apart = abs(left - job.runtime_ms) / max(left, job.runtime_ms)
    return units(apart * (policy.runtime / 1000))
