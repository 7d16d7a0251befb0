"""One cell in plain dicts, lists and numbers, and which of its machines may take a task: for the naive pass."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from borgpy.model.constraints import (
    Away,
    Compare,
    Constraint,
    Dedicated,
    Exclusive,
    Limit,
    Near,
    Share,
    Spread,
    holds,
)
from borgpy.model.devices import WHOLE, DeviceRequest
from borgpy.model.resource_sets import SetRequest
from borgpy.scheduling.facts import MachineFacts, PendingJob, Shun
from borgpy.scheduling.snapshot import SnapshotFacts

STANDARD = ("cpu", "ram", "disk", "ports")


@dataclass
class OneSet:
    value: str
    used: int
    tasks: int


@dataclass
class Host:
    """A machine as it is now."""

    row: int
    name: str
    capacity: dict[str, int]
    free: dict[str, int]
    placeable: bool
    attributes: dict[str, str]
    counts: dict[str, int]  # tasks by job
    tasks: int
    exclusive: bool
    production_cpu: int
    packages: frozenset[str]
    ports: set[int]
    ends_at: int
    models: dict[str, str]
    devices: dict[str, list[int]]
    slots: dict[str, int]
    sets: dict[str, list[OneSet]]

    def value(self, attribute: str) -> str | None:
        return self.name if attribute == "machine" else self.attributes.get(attribute)


@dataclass
class Cell:
    hosts: list[Host]
    shuns: list[Shun]
    set_names: list[str]
    at: int

    def count(self, job: str, attribute: str, value: str | None) -> int:
        """Tasks of a job where the attribute has this value."""
        return sum(host.counts.get(job, 0) for host in self.hosts if host.value(attribute) == value)


def cell_of(facts: SnapshotFacts) -> Cell:
    machines = sorted(facts.machines, key=lambda machine: machine.name)
    dimensions = sorted({name for machine in machines for name in machine.capacity.extra})
    hosts = [_host(row, fact, dimensions) for row, fact in enumerate(machines)]
    pending = [
        Shun(job.job, rule)
        for job in facts.pending
        for rule in job.constraints
        if isinstance(rule, Away) and not rule.weight
    ]
    names = sorted({name for host in hosts for name in host.sets})
    return Cell(hosts, [*facts.shuns, *pending], names, facts.at)


def _host(row: int, fact: MachineFacts, extras: Iterable[str]) -> Host:
    capacity = {name: fact.capacity.by_name().get(name, 0) for name in (*STANDARD, *extras)}
    used = fact.used.by_name()
    devices = {}
    for offer in fact.devices:
        free = [*fact.device_free.get(offer.kind, ())][: offer.count]
        devices[offer.kind] = free + [WHOLE] * (offer.count - len(free))
    sets = {}
    for each in fact.sets:
        sets[each.name] = [OneSet("", 0, 0) for _ in range(each.count)]
        told = fact.set_states.get(each.name, ())[: each.count]
        for one, state in zip(sets[each.name], told, strict=False):
            if state.tasks:
                one.value, one.used, one.tasks = state.value, state.used, state.tasks
    return Host(
        row=row,
        name=fact.name,
        capacity=capacity,
        free={name: amount - used.get(name, 0) for name, amount in capacity.items()},
        placeable=fact.placeable,
        attributes=dict(fact.attributes),
        counts={str(job): count for job, count in fact.tasks.items()},
        tasks=sum(fact.tasks.values()),
        exclusive=fact.exclusive,
        production_cpu=fact.production_cpu,
        packages=frozenset(fact.packages),
        ports=set(fact.ports),
        ends_at=fact.ends_at,
        models={offer.kind: offer.model for offer in fact.devices},
        devices=devices,
        slots={each.name: each.slots for each in fact.sets},
        sets=sets,
    )


def may_by_itself(cell: Cell, host: Host, job: PendingJob, avoid: tuple[str, ...]) -> bool:
    """Whether the machine can take a task, wherever other tasks are."""
    return (
        _allowed(host, job, avoid)
        and _has_room(host, job)
        and _is_quiet(host, job)
        and host.ports.isdisjoint(job.ports)
        and all(devices_for(host, request) is not None for request in job.devices)
        and all(set_for(host, request) is not None for request in set_requests(cell, job))
    )


def may_with_others(cell: Cell, host: Host, job: PendingJob, avoid: tuple[str, ...]) -> bool:
    """Whether those who are there, and in the same rack and so on, let another task be there."""
    return all(
        _met(cell, host, job, rule, avoid) for rule in job.constraints if not rule.weight
    ) and not any(_keeps_off(cell, host, job, shun) for shun in cell.shuns)


def _allowed(host: Host, job: PendingJob, avoid: tuple[str, ...]) -> bool:
    if not host.placeable or host.name in avoid:
        return False
    compared = [rule for rule in job.constraints if isinstance(rule, Compare) and not rule.weight]
    if not all(holds(rule, host.value(rule.attribute)) for rule in compared):
        return False
    pools = [rule for rule in job.constraints if isinstance(rule, Dedicated)]
    mine = host.attributes.get("dedicated")
    if any(rule.pool != mine for rule in pools if not rule.weight):
        return False
    if mine is None:
        return True
    return mine.split("/")[0] in ("*", job.user) and mine in [rule.pool for rule in pools]


def _has_room(host: Host, job: PendingJob) -> bool:
    if any(host.free[name] < 0 for name in STANDARD):
        return False
    wanted = job.request.by_name().items()
    return all(host.free.get(name, 0) >= amount for name, amount in wanted if amount)


def _is_quiet(host: Host, job: PendingJob) -> bool:
    if host.exclusive:
        return False
    return host.tasks == 0 or not wants_quiet(job)


def wants_quiet(job: PendingJob) -> bool:
    return any(isinstance(rule, Exclusive) and not rule.weight for rule in job.constraints)


def devices_for(host: Host, request: DeviceRequest) -> list[int] | None:
    """The devices that a task would get."""
    if request.models and host.models.get(request.kind) not in request.models:
        return None
    free = host.devices.get(request.kind, [])
    able = [number for number, left in enumerate(free) if left >= request.millis]
    able.sort(key=lambda number: free[number])
    return sorted(able[: request.count]) if len(able) >= request.count else None


def set_for(host: Host, request: SetRequest) -> int | None:
    """The number of the set that a task would get; -1: it needs none here."""
    sets = host.sets.get(request.name, [])
    if not sets and not request.value and not request.slots:
        return -1
    slots = host.slots.get(request.name, 0)
    able = [number for number, one in enumerate(sets) if one.used + request.slots <= slots]
    for number in able:
        if sets[number].tasks and sets[number].value == request.value:
            return number
    return next((number for number in able if not sets[number].tasks), None)


def set_requests(cell: Cell, job: PendingJob) -> list[SetRequest]:
    asked = {request.name: request for request in job.sets}
    for name in cell.set_names:
        asked.setdefault(name, SetRequest(name, "", 0))
    return list(asked.values())


def named(job: PendingJob, name: str) -> str:
    """The key of the job that ``job`` calls ``name``."""
    return name if "/" in name else f"{job.job.split('/')[0]}/{name}"


def is_near(cell: Cell, host: Host, other: str, attribute: str) -> bool:
    value = host.value(attribute)
    return value is not None and cell.count(other, attribute, value) > 0


def _met(cell: Cell, host: Host, job: PendingJob, rule: Constraint, avoid: tuple[str, ...]) -> bool:
    match rule:
        case Limit():
            value = host.value(rule.attribute)
            return value is None or cell.count(job.job, rule.attribute, value) < rule.most
        case Spread():
            values = {
                other.value(rule.attribute) for other in cell.hosts if _allowed(other, job, avoid)
            }
            present = sorted(value for value in values if value is not None)
            shares = shares_of(present, present, rule.shares)
            fills = {
                value: cell.count(job.job, rule.attribute, value) / share
                for value, share in shares.items()
                if share and value in present
            }
            mine = host.value(rule.attribute)
            return mine in fills and fills[mine] <= min(fills.values()) * (1 + 1e-9)
        case Near():
            other_job = named(job, rule.job)
            if other_job == job.job and not any(h.counts.get(job.job, 0) for h in cell.hosts):
                return True  # the first may be anywhere
            return is_near(cell, host, other_job, rule.attribute)
        case Away():
            return not is_near(cell, host, named(job, rule.job), rule.attribute)
    return True


def _keeps_off(cell: Cell, host: Host, job: PendingJob, shun: Shun) -> bool:
    holder_user = shun.holder.split("/")[0]
    target = shun.away.job if "/" in shun.away.job else f"{holder_user}/{shun.away.job}"
    return target == job.job and is_near(cell, host, shun.holder, shun.away.attribute)


def shares_of(
    values: Iterable[str], evenly: list[str], shares: tuple[Share, ...]
) -> Mapping[str, float]:
    """The part of a job's tasks, of 1, for each value; what named ones leave is divided among the others in ``evenly``."""
    found = {share.value: share.percent / 100 for share in shares}
    left = max(0, 100 - sum(share.percent for share in shares)) / 100
    others = [value for value in evenly if value not in found]
    return {value: found.get(value, left / max(1, len(others))) for value in values}
