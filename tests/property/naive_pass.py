"""The scheduling pass as plainly as it can be written: one task at a time, looking at every machine each time.

Nothing is kept from one task to the next but the cell itself; a round that is undone puts a copy back.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from borgpy.model.constraints import Away, Exclusive, Limit, Near, Plugin, Spread
from borgpy.model.policy import Order, Policy
from borgpy.scheduling.columns import snapshot_of
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.plugins import Machines, PluginFault, Plugins, ask
from borgpy.scheduling.second_chances import MOST_ROUNDS
from borgpy.scheduling.shapes import class_key
from borgpy.scheduling.snapshot import Snapshot, SnapshotFacts
from tests.property.naive_cell import (
    Cell,
    Host,
    cell_of,
    devices_for,
    may_by_itself,
    may_with_others,
    named,
    set_for,
    set_requests,
    wants_quiet,
)
from tests.property.naive_scores import Packer, units, weight_of, worse


@dataclass(frozen=True)
class Placed:
    """What became of one task."""

    job: str
    index: int
    machine: str
    devices: dict[str, tuple[int, ...]] = field(default_factory=dict)
    sets: dict[str, int] = field(default_factory=dict)


@dataclass
class Batch:
    """Tasks of one job that avoid the same machines."""

    job: PendingJob
    avoid: tuple[str, ...]
    indexes: list[int]  # of those that wait
    loose: bool
    out: bool = False

    def waits(self) -> bool:
        return bool(self.indexes) and not self.out

    def key(self, policy: Policy) -> object:
        return class_key(self.job, self.avoid, policy)


Queue = list[Batch]


@dataclass
class State:
    """All that changes in a pass."""

    cell: Cell
    placed: list[Placed]
    hopeless: list[object]


def naive_pass(facts: SnapshotFacts, policy: Policy, seed: int, plugins: Plugins) -> list[Placed]:
    """The placements in order."""
    snapshot = snapshot_of(facts).widened(job.request for job in facts.pending)
    broken: set[str] = set()
    while True:
        pending = [job for job in facts.pending if not _needs(job, policy, broken)]
        able = SnapshotFacts(facts.seq, facts.machines, tuple(pending), facts.shuns, at=facts.at)
        try:
            return Pass(able, snapshot, policy, seed, plugins).run()
        except PluginFault as fault:
            broken.add(fault.name)


def _needs(job: PendingJob, policy: Policy, broken: set[str]) -> bool:
    named_ = {rule.name for rule in job.constraints if isinstance(rule, Plugin)}
    return not broken.isdisjoint(named_.union(policy.plugins))


def waits_for(job: PendingJob) -> set[str]:
    near = {named(job, r.job) for r in job.constraints if isinstance(r, Near) and not r.weight}
    spread = any(isinstance(rule, Spread) and not rule.weight for rule in job.constraints)
    return near | ({job.job} if spread else set())


class Pass:
    """One pass in which no plug-in fails."""

    def __init__(
        self,
        facts: SnapshotFacts,
        snapshot: Snapshot,
        policy: Policy,
        seed: int,
        plugins: Plugins,
    ) -> None:
        self.facts = facts
        self.snapshot = snapshot
        self.policy = policy
        self.seed = seed
        self.plugins = plugins
        self.packer = Packer(snapshot, facts.pending, policy)
        self.state = State(cell_of(facts), [], [])

    def run(self) -> list[Placed]:
        batches: list[Batch] = []
        for priority in sorted({job.priority for job in self.facts.pending}, reverse=True):
            before = len(self.state.placed)
            jobs = [job for job in self.facts.pending if job.priority == priority]
            batches += [batch for queue in self.take_turns(self.queues(jobs)) for batch in queue]
            self.second_chances(batches, before)
        return self.state.placed

    def second_chances(self, batches: list[Batch], since: int) -> None:
        """Those that wait to be near others, or in balance, try again when such have been placed."""
        for _ in range(MOST_ROUNDS):
            news = {placed.job for placed in self.state.placed[since:]}
            since = len(self.state.placed)
            for batch in batches:
                if batch.indexes and not waits_for(batch.job).isdisjoint(news):
                    batch.out = False
                    self.take_turns([[batch]])

    def queues(self, jobs: list[PendingJob]) -> list[Queue]:
        if self.policy.order is Order.LARGEST_FIRST:
            jobs = sorted(jobs, key=lambda job: (job.job, job.spec, job.indexes))
        users = {job.user for job in jobs}
        queues = []
        for user in sorted(users, key=lambda u: blake2b(f"{self.seed}/{u}".encode()).digest()):
            batches = [batch for job in jobs if job.user == user for batch in self.batches(job)]
            if self.policy.order is Order.LARGEST_FIRST:
                batches.sort(key=lambda batch: -self.packer.size(batch.job))
            queues.append(batches)
        return queues

    def batches(self, job: PendingJob) -> list[Batch]:
        groups: dict[tuple[str, ...], list[int]] = {}
        for index in job.indexes:
            groups.setdefault(tuple(sorted(set(job.avoid.get(index, ())))), []).append(index)
        order = sorted(groups, key=lambda avoid: (-len(avoid), avoid))
        return [Batch(job, avoid, groups[avoid], self.is_loose(job)) for avoid in order]

    def is_loose(self, job: PendingJob) -> bool:
        """Whether where its tasks are matters to no task of the job itself or of any other."""
        if job.replicas > 1 and self.policy.spread:
            return False
        if any(isinstance(rule, Limit | Spread | Near | Away) for rule in job.constraints):
            return False
        if any(isinstance(rule, Exclusive) and rule.weight for rule in job.constraints):
            return False
        watched = {
            named(other, rule.job)
            for other in self.facts.pending
            for rule in other.constraints
            if isinstance(rule, Near | Away)
        }
        for shun in self.state.cell.shuns:
            user = shun.holder.split("/")[0]
            target = shun.away.job if "/" in shun.away.job else f"{user}/{shun.away.job}"
            watched |= {shun.holder, target}
        return job.job not in watched

    def take_turns(self, queues: list[Queue]) -> list[Queue]:
        """In each round everybody who waits places a turn's tasks; a turn that cannot be met is halved and tried again."""
        longest = max(sum(len(batch.indexes) for batch in queue) for queue in queues)
        turn, sifted = longest, False
        while True:
            waiting = [queue for queue in queues if any(batch.waits() for batch in queue)]
            if not waiting:
                return queues
            if len(waiting) == 1:
                turn = longest
            before = deepcopy((self.state, queues))
            if self.round(waiting, turn):
                turn = min(2 * turn, longest)
                continue
            self.state, queues = before
            turn //= 2
            if not sifted:
                self.sift(queues)
                sifted = True

    def round(self, queues: list[Queue], turn: int) -> bool:
        binding = turn == 1 or len(queues) == 1
        for queue in queues:
            left = turn
            for batch in queue:
                if batch.key(self.policy) in self.state.hopeless:
                    batch.out = True
                while left and batch.waits():
                    if self.place(batch):
                        left -= 1
                    elif binding:
                        batch.out = True
                        if batch.loose:
                            self.state.hopeless.append(batch.key(self.policy))
                    else:
                        return False
                if not left:
                    break
        return True

    def sift(self, queues: list[Queue]) -> None:
        """What fits nowhere, wherever others are, is out."""
        cell = self.state.cell
        for queue in queues:
            for batch in queue:
                if batch.waits() and not any(self.open(cell, host, batch) for host in cell.hosts):
                    batch.out = True
                    self.state.hopeless.append(batch.key(self.policy))

    def open(self, cell: Cell, host: Host, batch: Batch) -> bool:
        return (
            may_by_itself(cell, host, batch.job, batch.avoid)
            and self.asked(cell, host, batch.job) is not None
        )

    def place(self, batch: Batch) -> bool:
        """One task goes to the machine with the lowest score, of equal ones the first; whether there is any."""
        cell, job = self.state.cell, batch.job
        best, best_score = None, float("inf")
        for host in cell.hosts:
            if not may_by_itself(cell, host, job, batch.avoid):
                continue
            answer = self.asked(cell, host, job)
            if answer is None or not may_with_others(cell, host, job, batch.avoid):
                continue
            score = self.packer.score(cell, host, job) + worse(cell, host, job, self.policy)
            if score + answer < best_score:
                best, best_score = host, score + answer
        if best is None:
            return False
        self.book(best, job, batch.indexes.pop(0))
        return True

    def asked(self, cell: Cell, host: Host, job: PendingJob) -> float | None:
        """What plug-ins make of the machine: worse by so many units, or None if it is barred."""
        total = 0.0
        machine = self.machine(cell, host)
        for name in self.policy.plugins:
            answer = self.answer(name, machine, job)
            if isinstance(answer, bool):
                if not answer:
                    return None
            else:
                total += units((1.0 - answer) * (self.policy.plugin / 1000))
        for rule in job.constraints:
            if not isinstance(rule, Plugin):
                continue
            answer = self.answer(rule.name, machine, job)
            if rule.weight:
                total += units((1.0 - answer) * weight_of(rule, self.policy))
            elif answer is not True:
                return None
        return total

    def answer(self, name: str, machine: Machines, job: PendingJob) -> float | bool:
        if name not in self.plugins:
            raise PluginFault(name, "there is none")
        answer: float | bool = ask(name, self.plugins[name], machine, job)[0].item()
        return answer

    def machine(self, cell: Cell, host: Host) -> Machines:
        names = self.snapshot.dimensions
        return Machines(
            rows=np.array([host.row]),
            names=(host.name,),
            capacity={name: np.array([host.capacity.get(name, 0)]) for name in names},
            free={name: np.array([host.free.get(name, 0)]) for name in names},
            tasks=np.array([host.tasks]),
            attributes=self.snapshot.attributes,
        )

    def book(self, host: Host, job: PendingJob, index: int) -> None:
        cell = self.state.cell
        devices = {}
        for request in job.devices:
            chosen = devices_for(host, request)
            assert chosen is not None
            for number in chosen:
                host.devices[request.kind][number] -= request.millis
            devices[request.kind] = tuple(chosen)
        sets = {}
        for wanted in set_requests(cell, job):
            place = set_for(host, wanted)
            assert place is not None
            if place >= 0:
                one = host.sets[wanted.name][place]
                one.value, one.used, one.tasks = (
                    wanted.value,
                    one.used + wanted.slots,
                    one.tasks + 1,
                )
                sets[wanted.name] = place
        for name, amount in job.request.by_name().items():
            if amount:
                host.free[name] -= amount
        host.counts[job.job] = host.counts.get(job.job, 0) + 1
        host.tasks += 1
        host.exclusive |= wants_quiet(job)
        host.ports |= set(job.ports)
        if job.is_production():
            host.production_cpu += job.request.cpu
        if job.runtime_ms:
            host.ends_at = max(host.ends_at, cell.at + job.runtime_ms)
        self.state.placed.append(Placed(job.job, index, host.name, devices, sets))
