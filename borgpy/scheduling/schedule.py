"""The scheduling pass: from a snapshot to a plan, by priority, in turns, many equal tasks at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from borgpy.model.plan import Placement, Plan, Unplaced, Veto
from borgpy.scheduling.feasibility import masks, vetoes
from borgpy.model.policy import Policy
from borgpy.scheduling.room import Room
from borgpy.scheduling.snapshot import PendingJob, Snapshot
from borgpy.scheduling.turns import Batch, Grant, Hopeless, Queue, take_turns


def schedule_pass(snapshot: Snapshot, policy: Policy, seed: int) -> Plan:
    """Propose a machine for every pending task that fits, and say why the others do not.

    Higher priorities first; within one, users take turns (`borgpy.scheduling.turns`), in an order that the seed
    draws, so that over many passes nobody is always first. A user's larger tasks go before the smaller ones. The same
    snapshot, policy and seed give the same plan, whatever the order of machines and pending jobs.
    """
    snapshot = snapshot.widened(job.request for job in snapshot.pending)
    room = Room(snapshot, policy.scoring)
    hopeless: Hopeless = set()
    grants: list[Grant] = []
    batches: list[Batch] = []
    for jobs in _by_priority(snapshot.pending):
        queues = _queues(room, jobs, seed)
        grants += take_turns(room, queues, hopeless)
        batches += [batch for queue in queues for batch in queue.batches]
    return Plan(
        seq=snapshot.seq,
        seed=seed,
        placements=_placements(snapshot.names, grants),
        unplaced=_unplaced(room.snapshot(), batches),
    )


def _by_priority(pending: Iterable[PendingJob]) -> list[list[PendingJob]]:
    levels: defaultdict[int, list[PendingJob]] = defaultdict(list)
    for job in pending:
        if job.indexes:
            levels[job.priority].append(job)
    return [levels[priority] for priority in sorted(levels, reverse=True)]


def _queues(room: Room, jobs: Iterable[PendingJob], seed: int) -> list[Queue]:
    by_user: defaultdict[str, list[PendingJob]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: (job.job, job.spec, job.indexes)):
        by_user[job.user].append(job)
    # A hash and no generator: the draw for one user does not hang on who else is there, nor on numpy's version.
    order = sorted(by_user, key=lambda user: blake2b(f"{seed}/{user}".encode()).digest())
    queues = []
    for user in order:
        batches = [batch for job in by_user[user] for batch in _batches(room, job)]
        queues.append(Queue(sorted(batches, key=lambda batch: -batch.shape.size)))
    return queues


def _batches(room: Room, job: PendingJob) -> list[Batch]:
    """The job's tasks, apart by the machines they avoid; what has fewest to choose from comes first."""
    groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for index in job.indexes:
        groups[tuple(sorted(set(job.avoid.get(index, ()))))].append(index)
    picky_first = sorted(groups, key=lambda avoid: (-len(avoid), avoid))
    return [
        Batch(job.job, tuple(groups[avoid]), room.shape(job.request, avoid))
        for avoid in picky_first
    ]


def _placements(names: Sequence[str], grants: Iterable[Grant]) -> tuple[Placement, ...]:
    return tuple(
        Placement(grant.batch.job, index, names[row])
        for grant in grants
        for index, row in zip(
            grant.batch.indexes[grant.start :], grant.taken.rows.tolist(), strict=False
        )
    )


def _unplaced(snapshot: Snapshot, batches: Iterable[Batch]) -> tuple[Unplaced, ...]:
    """Why the rest has to wait, as things stand once the plan is carried out; equal shapes are explained once."""
    reasons: dict[tuple[bytes, bytes], tuple[Veto, ...]] = {}
    unplaced = []
    for batch in batches:
        indexes = batch.indexes[batch.placed :]
        if not indexes:
            continue
        shape = batch.shape
        if shape.key not in reasons:
            found = masks(snapshot, shape.vector, shape.avoided)
            reasons[shape.key] = vetoes(snapshot, shape.vector, found)
        unplaced.append(Unplaced(batch.job, indexes, len(snapshot.names), reasons[shape.key]))
    return tuple(unplaced)
