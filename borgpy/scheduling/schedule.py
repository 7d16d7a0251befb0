"""The scheduling pass: from a snapshot to a plan, by priority, in turns, many equal tasks at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import chain

import msgspec

from borgpy.model.constraints import Plugin
from borgpy.model.names import JobKey
from borgpy.model.plan import Holding, Placement, Plan, Unplaced, Veto, VetoKind
from borgpy.model.policy import Order, Policy
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.plugins import PluginFault, Plugins
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.room import Kept, Room
from borgpy.scheduling.second_chances import SecondChances
from borgpy.scheduling.snapshot import Snapshot
from borgpy.scheduling.standing import NO_INNER
from borgpy.scheduling.turns import Batch, Grant, Queue, take_turns

NO_PLUGINS: Plugins = {}


def schedule_pass(
    snapshot: Snapshot,
    policy: Policy,
    seed: int,
    *,
    plugins: Plugins = NO_PLUGINS,
    recorder: Recorder | None = None,
    kept: Kept | None = None,
) -> Plan:
    """Propose a machine for every pending task that fits, and say why the others do not.

    Higher priorities first; within one, users take turns (`borgpy.scheduling.turns`), in an order that the seed
    draws, so that over many passes nobody is always first. A user's larger tasks go before the smaller ones, unless the
    policy says otherwise. The same snapshot, policy and seed give the same plan, whatever the order of machines and
    pending jobs. Jobs in an alloc set are placed on its allocs, all others on machines.

    ``kept`` spares passes over the same machines the work that one before has done; it changes no plan.

    A plug-in that fails is one reason for all that needed it, and nothing is placed for these: jobs that name it, or
    all jobs if the policy does.
    """
    work = _Work(policy, seed, plugins, recorder or Recorder())
    broken: dict[str, str] = {}
    pending = _in_order(snapshot.pending, policy)
    while True:
        able = [job for job in pending if not _needs(job, policy, broken)]
        try:
            parts = [work.place(snapshot, [job for job in able if not job.alloc], kept or Kept())]
            parts += [work.place(of, jobs, Kept()) for of, jobs in _alloc_sets(snapshot, able)]
        except PluginFault as fault:
            broken[fault.name] = fault.problem
            work.recorder.faults.append(str(fault))
            continue
        unplaced = [left for _, _, missing in parts for left in missing]
        unplaced += [
            _without_alloc(job)
            for job in pending
            if job.indexes and _table_of(snapshot, job) is None
        ]
        unplaced += [
            _refused(job, name, broken[name], len(table))
            for job in pending
            if job.indexes
            and (table := _table_of(snapshot, job)) is not None
            and (name := _needs(job, policy, broken))
        ]
        holdings = tuple(held for _, holding, _ in parts for held in holding)
        return Plan(
            seq=snapshot.seq,
            seed=seed,
            placements=tuple(chain.from_iterable(placed for placed, _, _ in parts)),
            unplaced=tuple(unplaced),
            holdings=holdings or msgspec.UNSET,
        )


def _in_order(pending: Sequence[PendingJob], policy: Policy) -> Sequence[PendingJob]:
    """As the snapshot lists them only if the policy says so: a plan must not hang on that by itself."""
    if policy.order is Order.AS_SUBMITTED:
        return pending
    return sorted(pending, key=lambda job: (job.job, job.spec, job.indexes))


def _table_of(snapshot: Snapshot, job: PendingJob) -> Snapshot | None:
    return snapshot.allocs.get(job.alloc) if job.alloc else snapshot


Part = tuple[list[Placement], list[Holding], list[Unplaced]]


def _alloc_sets(
    snapshot: Snapshot, jobs: Sequence[PendingJob]
) -> list[tuple[Snapshot, list[PendingJob]]]:
    """Each alloc set with the jobs in it: they do not compete with others."""
    inside: defaultdict[JobKey, list[PendingJob]] = defaultdict(list)
    for job in jobs:
        if job.alloc:
            inside[job.alloc].append(job)
    return [(snapshot.allocs[key], inside[key]) for key in sorted(inside) if key in snapshot.allocs]


class _Work(msgspec.Struct, frozen=True):
    """What a pass goes by."""

    policy: Policy
    seed: int
    plugins: Plugins
    recorder: Recorder

    def place(self, snapshot: Snapshot, jobs: Sequence[PendingJob], kept: Kept) -> Part:
        """Place jobs on the machines, or allocs, of one snapshot."""
        if not jobs:
            return [], [], []
        recorder = self.recorder
        with recorder.phase("prepare"):
            snapshot = snapshot.widened(job.request for job in jobs)
            room = kept.room(snapshot, jobs, self.policy)
            room.begin(self.seed, self.plugins, recorder)
        grants: list[Grant] = []
        batches: list[Batch] = []
        chances = SecondChances()
        for level in _by_priority(jobs):
            with recorder.phase("classes"):
                queues = _queues(room, level, self.policy, self.seed)
            with recorder.phase("place"):
                granted = take_turns(room, queues)
                chances.add(batch for queue in queues for batch in queue.batches)
                grants += granted
                grants += chances.after(room, granted)
            batches += [batch for queue in queues for batch in queue.batches]
        with recorder.phase("plan"):
            placements, holdings = _placements(snapshot, grants)
            unplaced = _unplaced(room, batches)
        return placements, holdings, unplaced


def _by_priority(pending: Iterable[PendingJob]) -> list[list[PendingJob]]:
    levels: defaultdict[int, list[PendingJob]] = defaultdict(list)
    for job in pending:
        if job.indexes:
            levels[job.priority].append(job)
    return [levels[priority] for priority in sorted(levels, reverse=True)]


def _queues(room: Room, jobs: Iterable[PendingJob], policy: Policy, seed: int) -> list[Queue]:
    by_user: defaultdict[str, list[PendingJob]] = defaultdict(list)
    for job in jobs:
        by_user[job.user].append(job)
    # A hash and no generator: the draw for one user does not hang on who else is there, nor on numpy's version.
    order = sorted(by_user, key=lambda user: blake2b(f"{seed}/{user}".encode()).digest())
    queues = []
    for user in order:
        batches = [batch for job in by_user[user] for batch in _batches(room, job)]
        if policy.order is Order.LARGEST_FIRST:
            batches.sort(key=lambda batch: (-batch.shape.size, batch.shape.number))
        queues.append(Queue(batches))
    return queues


def _batches(room: Room, job: PendingJob) -> list[Batch]:
    """The job's tasks, apart by the machines they avoid; what has fewest to choose from comes first."""
    loose = room.is_loose(job)
    if not job.avoid:
        return [Batch(job, job.indexes, room.shape(job, ()), loose)]
    groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for index in job.indexes:
        groups[tuple(sorted(set(job.avoid.get(index, ()))))].append(index)
    picky_first = sorted(groups, key=lambda avoid: (-len(avoid), avoid))
    return [
        Batch(job, tuple(groups[avoid]), room.shape(job, avoid), loose) for avoid in picky_first
    ]


def _placements(
    snapshot: Snapshot, grants: Iterable[Grant]
) -> tuple[list[Placement], list[Holding]]:
    placements: list[Placement] = []
    holdings: list[Holding] = []
    hosts, names = snapshot.hosts, snapshot.names
    in_allocs = names is not hosts and names != hosts
    for grant in grants:
        rows, inner = grant.taken.rows.tolist(), grant.taken.inner
        at = 0
        for batch, start, count in grant.shares:
            key, there = batch.job.job, rows[at : at + count]
            indexes = batch.indexes[start : start + count]
            placements += [
                Placement(key, index, hosts[row]) for index, row in zip(indexes, there, strict=True)
            ]
            if in_allocs or inner:
                held = inner[at : at + count] if inner else (NO_INNER,) * count
                holdings += [
                    Holding(key, index, own.devices, own.sets, int(names[row]) if in_allocs else -1)
                    for index, row, own in zip(indexes, there, held, strict=True)
                    if in_allocs or own.devices or own.sets
                ]
            at += count
    return placements, holdings


def _unplaced(room: Room, batches: Iterable[Batch]) -> list[Unplaced]:
    """Why the rest has to wait, as things stand once the plan is carried out."""
    refusals = room.refusals()
    return [
        Unplaced(
            batch.job.job,
            batch.indexes[batch.placed :],
            len(room.standing),
            refusals.of(batch.job, batch.shape.avoid),
        )
        for batch in batches
        if len(batch.indexes) > batch.placed
    ]


def _needs(job: PendingJob, policy: Policy, broken: dict[str, str]) -> str:
    """The broken plug-in that a job cannot be placed without, if any."""
    if not broken:
        return ""
    named = [rule.name for rule in job.constraints if isinstance(rule, Plugin)]
    return next((name for name in (*policy.plugins, *named) if name in broken), "")


def _refused(job: PendingJob, name: str, problem: str, machines: int) -> Unplaced:
    veto = Veto(VetoKind.PLUGIN, machines, detail=f"plug-in {name} ({problem})")
    return Unplaced(job.job, job.indexes, machines, (veto,))


def _without_alloc(job: PendingJob) -> Unplaced:
    veto = Veto(VetoKind.ALLOC, 0, detail=job.alloc)
    return Unplaced(job.job, job.indexes, 0, (veto,))
