"""What a plan may do, task by task with plain dicts: the rules of placing said once more, as simply as can be."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np

from borgpy.model.constraints import (
    Away,
    Compare,
    Constraint,
    Dedicated,
    Exclusive,
    Limit,
    Near,
    Operator,
    Plugin,
    Spread,
)
from borgpy.model.names import JobKey
from borgpy.model.plan import Holding
from borgpy.model.policy import Policy
from borgpy.model.resource_sets import SetRequest, SetState
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.plugins import Machines, Plugins
from borgpy.scheduling.snapshot import Snapshot


class Host:
    """One machine (or alloc) and all that is on it."""

    def __init__(self, facts: MachineFacts) -> None:
        self.facts = facts
        self.name = facts.host or facts.name
        free = (facts.capacity - facts.used).by_name()
        self.free = defaultdict(int, free)
        self.over_committed = any(free[name] < 0 for name in ("cpu", "ram", "disk", "ports"))
        self.tasks = Counter(facts.tasks)
        self.exclusive = int(facts.exclusive)
        self.ports = set(facts.ports)
        self.models = {offer.kind: offer.model for offer in facts.devices}
        self.devices = {
            offer.kind: [*facts.device_free.get(offer.kind, ()), *[1000] * offer.count][
                : offer.count
            ]
            for offer in facts.devices
        }
        self.slots = {offer.name: offer.slots for offer in facts.sets}
        self.sets = {
            offer.name: [
                state if state.tasks else SetState()
                for state in [
                    *facts.set_states.get(offer.name, ()),
                    *[SetState()] * offer.count,
                ][: offer.count]
            ]
            for offer in facts.sets
        }

    def value(self, attribute: str) -> str | None:
        return self.name if attribute == "machine" else self.facts.attributes.get(attribute)


class Cell:
    """The machines, or the allocs of one set, as the placements of a plan are carried out one by one."""

    def __init__(
        self,
        snapshot: Snapshot,
        facts: Sequence[MachineFacts],
        policy: Policy,
        plugins: Plugins,
    ) -> None:
        self.hosts = {fact.name: Host(fact) for fact in facts}
        self.set_names = sorted({offer.name for fact in facts for offer in fact.sets})
        self.snapshot = snapshot
        self.policy = policy
        self.plugins = plugins
        pending = [
            (job.job, rule)
            for job in snapshot.pending
            for rule in job.constraints
            if isinstance(rule, Away) and not rule.weight
        ]
        running = [(shun.holder, shun.away) for shun in snapshot.tenants.shuns]
        self.shuns = [(holder, rule) for holder, rule in pending + running if not rule.weight]

    def counts(self, job: JobKey, attribute: str) -> Counter[str | None]:
        found: Counter[str | None] = Counter()
        for host in self.hosts.values():
            found[host.value(attribute)] += host.tasks[job]
        return found

    def why_not(self, job: PendingJob, index: int, name: str) -> Iterator[str]:
        """Every reason against one more task of a job there."""
        host = self.hosts[name]
        yield from self._of_the_machine(job, index, host)
        yield from self._of_neighbours(job, index, host)
        yield from self._of_numbers(job, host)
        for plugin in self.policy.plugins:
            if not self.asked(plugin, job, name, hard=False):
                yield f"plug-in {plugin}"

    def _of_the_machine(self, job: PendingJob, index: int, host: Host) -> Iterator[str]:
        if not self.is_allowed(job, index, host):
            yield "not allowed there"
        if host.over_committed:
            yield "over-committed"
        for resource, amount in job.request.by_name().items():
            if amount and host.free[resource] < amount:
                yield f"too little {resource}"

    def _of_neighbours(self, job: PendingJob, index: int, host: Host) -> Iterator[str]:
        for rule in job.constraints:
            if not rule.weight and not self.is_kept(rule, job, index, host):
                yield str(rule)
        if host.exclusive:
            yield "somebody has it alone"
        for holder, rule in self.shuns:
            if key(holder, rule.job) == job.job and self.is_beside(holder, rule.attribute, host):
                yield f"{holder} wants to be apart"

    def _of_numbers(self, job: PendingJob, host: Host) -> Iterator[str]:
        """Ports, devices and sets."""
        if host.ports & set(job.ports):
            yield "port taken"
        for request in job.devices:
            free = host.devices.get(request.kind, [])
            if sum(left >= request.millis for left in free) < request.count:
                yield "too few devices"
            elif request.models and host.models[request.kind] not in request.models:
                yield "other model"
        for wanted in self.set_requests(job):
            if not list(self.open_sets(wanted, host)) and not self.needs_none(wanted, host):
                yield f"no set {wanted}"

    def is_allowed(self, job: PendingJob, index: int, host: Host) -> bool:
        """As far as the machine itself goes: whatever runs there, and however much is free."""
        pool = host.facts.attributes.get("dedicated")
        named = [rule for rule in job.constraints if isinstance(rule, Dedicated)]
        if pool is not None:
            open_to = pool.split("/")[0] in ("*", job.user)
            if not open_to or pool not in [rule.pool for rule in named]:
                return False
        return (
            host.facts.placeable
            and host.name not in job.avoid.get(index, ())
            and all(rule.weight or rule.pool == pool for rule in named)
            and all(
                rule.weight or compares(rule, host.value(rule.attribute))
                for rule in job.constraints
                if isinstance(rule, Compare)
            )
        )

    def is_kept(self, rule: Constraint, job: PendingJob, index: int, host: Host) -> bool:
        """Whether a hard rule about who is where would hold with one more task there."""
        match rule:
            case Exclusive():
                return not host.tasks.total()
            case Limit(attribute=attribute, most=most):
                value = host.value(attribute)
                return value is None or self.counts(job.job, attribute)[value] < most
            case Near(job=other, attribute=attribute):
                holder = key(job.job, other)
                nobody = not any(at.tasks[holder] for at in self.hosts.values())
                return (holder == job.job and nobody) or self.is_beside(holder, attribute, host)
            case Away(job=other, attribute=attribute):
                return not self.is_beside(key(job.job, other), attribute, host)
            case Spread():
                return host.value(rule.attribute) in self.emptiest(rule, job, index)
            case Plugin(name=plugin):
                return self.asked(plugin, job, host.facts.name, hard=True)
        return True

    def is_beside(self, holder: JobKey, attribute: str, host: Host) -> bool:
        value = host.value(attribute)
        return value is not None and self.counts(holder, attribute)[value] > 0

    def emptiest(self, rule: Spread, job: PendingJob, index: int) -> list[str]:
        """The values with the fewest of the job's tasks for their share."""
        allowed = [host for host in self.hosts.values() if self.is_allowed(job, index, host)]
        values = sorted({v for host in allowed if (v := host.value(rule.attribute)) is not None})
        everywhere = {host.value(rule.attribute) for host in self.hosts.values()}
        named = {s.value: Fraction(s.percent, 100) for s in rule.shares if s.value in everywhere}
        others = [value for value in values if value not in named]
        left = 1 - sum(Fraction(share.percent, 100) for share in rule.shares)
        shares = {**named, **{value: left / len(others) for value in others}}
        counts = self.counts(job.job, rule.attribute)
        filled = {value: counts[value] / shares[value] for value in values if shares[value]}
        return [value for value in filled if filled[value] == min(filled.values())]

    def set_requests(self, job: PendingJob) -> list[SetRequest]:
        asked = {request.name: request for request in job.sets}
        return [*({name: SetRequest(name, "", 0) for name in self.set_names} | asked).values()]

    def needs_none(self, request: SetRequest, host: Host) -> bool:
        return not request.value and not request.slots and not host.sets.get(request.name)

    def open_sets(self, request: SetRequest, host: Host) -> Iterator[int]:
        for number, state in enumerate(host.sets.get(request.name, ())):
            room = state.used + request.slots <= host.slots[request.name]
            if room and (not state.tasks or state.value == request.value):
                yield number

    def asked(self, name: str, job: PendingJob, machine: str, *, hard: bool) -> bool:
        """What a plug-in says of one machine; a float is no veto, nor an answer to a hard rule."""
        host = self.hosts[machine]
        row = self.snapshot.names.index(machine)
        dimensions = self.snapshot.dimensions
        capacity = host.facts.capacity.by_name()
        machines = Machines(
            rows=np.array([row]),
            names=(machine,),
            capacity={d: np.array([capacity.get(d, 0)]) for d in dimensions},
            free={d: np.array([host.free[d]]) for d in dimensions},
            tasks=np.array([host.tasks.total()]),
            attributes=self.snapshot.attributes,
        )
        answer = self.plugins[name](machines, job)
        return bool(answer[0]) if answer.dtype == np.bool_ else not hard

    def put(self, job: PendingJob, index: int, name: str, held: Holding) -> None:
        """Carry out a placement; it must be allowed, and hold by number what it may."""
        assert [*self.why_not(job, index, name)] == [], (job, index, name)
        host = self.hosts[name]
        for resource, amount in job.request.by_name().items():
            host.free[resource] -= amount
        host.tasks[job.job] += 1
        host.exclusive += any(isinstance(r, Exclusive) and not r.weight for r in job.constraints)
        host.ports |= set(job.ports)
        assert set(held.devices) == {request.kind for request in job.devices}
        for request in job.devices:
            chosen = held.devices[request.kind]
            assert len(set(chosen)) == len(chosen) == request.count
            for number in chosen:
                host.devices[request.kind][number] -= request.millis
                assert host.devices[request.kind][number] >= 0
        needed = [wanted for wanted in self.set_requests(job) if not self.needs_none(wanted, host)]
        assert set(held.sets) == {wanted.name for wanted in needed}
        for wanted in needed:
            number = held.sets[wanted.name]
            assert number in self.open_sets(wanted, host)
            state = host.sets[wanted.name][number]
            host.sets[wanted.name][number] = SetState(
                wanted.value, state.used + wanted.slots, state.tasks + 1
            )


def key(job: JobKey, other: str) -> JobKey:
    """The job that somebody's job calls ``other``."""
    return JobKey(other if "/" in other else f"{job.split('/')[0]}/{other}")


def compares(rule: Compare, value: str | None) -> bool:
    if value is None:
        return rule.operator in (Operator.NOT_EQUAL, Operator.NOT_IN, Operator.ABSENT)
    return any(_compares(rule.operator, value, wanted) for wanted in rule.values) != (
        rule.operator in (Operator.NOT_EQUAL, Operator.NOT_IN, Operator.EXISTS)
    )


def _compares(operator: Operator, value: str, wanted: str) -> bool:
    """How a value compares with one of those that are wanted; for the operators that deny, with one that is not."""
    if operator is Operator.VERSION:
        return all(_in_range(value, part) for part in wanted.split(","))
    if operator in _ORDERED:
        return value != "fast" and _ORDERED[operator](Fraction(value), Fraction(wanted))
    return value == wanted


def _in_range(value: str, part: str) -> bool:
    found = re.match(r"v?(\d+)\.(\d+)", value)
    sign, bound = part.split()
    if found is None:
        return False
    version = int(found[1]), int(found[2])
    wanted = *map(int, bound.split(".")), 0
    return {
        ">=": version >= wanted[:2],
        "<": version < wanted[:2],
        "==": version == wanted[:2],
    }[sign]


_ORDERED: Mapping[Operator, Callable[[Fraction, Fraction], bool]] = {
    Operator.LESS: lambda a, b: a < b,
    Operator.AT_MOST: lambda a, b: a <= b,
    Operator.GREATER: lambda a, b: a > b,
    Operator.AT_LEAST: lambda a, b: a >= b,
}
