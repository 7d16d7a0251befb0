"""A cell written down at one journal sequence: what a restart begins with and Fauxmaster reads."""

import hashlib

import msgspec

from borgpy.errors import Corrupt
from borgpy.model.cell import Answer, Cell, CellView, Job, derive, rooms_of_allocs, taken_of_machine
from borgpy.model.lifecycle import TaskState
from borgpy.model.machine import Machine, Occupancy
from borgpy.model.policy import Policy
from borgpy.model.quota import Quota

FORMAT = 1


class Checkpoint(msgspec.Struct, frozen=True):
    """The state of a cell, in the order of names, so that equal states are equal bytes.

    The policy is left out until it is first set, so that cells from before there was one keep their bytes.
    """

    format: int
    cell: str
    seq: int
    at: int
    epoch: int
    rules: int
    leader: str
    chain: str
    jobs: tuple[Job, ...]
    machines: tuple[Machine, ...]
    quotas: tuple[Quota, ...]
    answers: dict[str, Answer]
    policy: Policy | msgspec.UnsetType = msgspec.UNSET
    policy_version: int | msgspec.UnsetType = msgspec.UNSET


def encode(cell: CellView) -> bytes:
    """The cell as bytes; equal states give equal bytes in every process."""
    checkpoint = Checkpoint(
        format=FORMAT,
        cell=cell.name,
        seq=cell.seq,
        at=cell.at,
        epoch=cell.epoch,
        rules=cell.rules,
        leader=cell.leader,
        chain=cell.chain,
        jobs=tuple(_in_order(cell.jobs[key]) for key in sorted(cell.jobs)),
        machines=tuple(cell.machines[name] for name in sorted(cell.machines)),
        quotas=tuple(cell.quotas[key] for key in sorted(cell.quotas, key=_quota_order)),
        answers=dict(cell.answers),
        policy=cell.policy if cell.policy_version else msgspec.UNSET,
        policy_version=cell.policy_version or msgspec.UNSET,
    )
    return msgspec.msgpack.encode(checkpoint)


def decode(blob: bytes) -> Cell:
    """The cell that `encode` wrote; `Corrupt` for anything else."""
    try:
        checkpoint = msgspec.msgpack.decode(blob, type=Checkpoint)
    except msgspec.DecodeError as error:
        raise Corrupt(f"this is no checkpoint of a cell: {error}") from error
    if checkpoint.format != FORMAT:
        raise Corrupt(
            f"this checkpoint has format {checkpoint.format}; this release reads {FORMAT}",
            hint="read it with the release that wrote it",
        )
    cell = Cell(checkpoint.cell)
    cell.seq, cell.at, cell.epoch = checkpoint.seq, checkpoint.at, checkpoint.epoch
    cell.rules, cell.leader, cell.chain = checkpoint.rules, checkpoint.leader, checkpoint.chain
    cell.jobs = {job.spec.key: job for job in checkpoint.jobs}
    cell.machines = {machine.spec.name: machine for machine in checkpoint.machines}
    cell.quotas = {(quota.user, quota.band): quota for quota in checkpoint.quotas}
    cell.answers = checkpoint.answers
    if isinstance(checkpoint.policy, Policy) and isinstance(checkpoint.policy_version, int):
        cell.policy, cell.policy_version = checkpoint.policy, checkpoint.policy_version
    _restore_indexes(cell)
    return cell


def state_hash(blob: bytes) -> str:
    """The hash under which a checkpoint's bytes are known."""
    return hashlib.sha256(blob).hexdigest()


def _in_order(job: Job) -> Job:
    return msgspec.structs.replace(
        job,
        tasks={index: job.tasks[index] for index in sorted(job.tasks)},
        specs={digest: job.specs[digest] for digest in sorted(job.specs)},
        within={index: job.within[index] for index in sorted(job.within)},
        held={index: job.held[index] for index in sorted(job.held)},
    )


def _quota_order(key: tuple[str, object]) -> tuple[str, str]:
    return key[0], str(key[1])


def _restore_indexes(cell: Cell) -> None:
    cell.occupancy = {name: Occupancy() for name in cell.machines}
    for key, job in cell.jobs.items():
        for index, task in job.tasks.items():
            if task.state is TaskState.RUNNING:
                cell.occupancy[task.machine].charge(key, index, taken_of_machine(job, task))
    cell.allocs = rooms_of_allocs(cell.jobs)
    derived = derive(cell)
    cell.pending = {key: dict.fromkeys(sorted(derived.pending[key])) for key in derived.pending}
    cell.updating = dict.fromkeys(sorted(derived.updating))
    by_age = sorted(derived.dead, key=lambda dead: (cell.jobs[dead[0]].tasks[dead[1]].since, dead))
    cell.dead = dict.fromkeys(by_age)
    cell.shunning = {key: derived.shunning[key] for key in sorted(derived.shunning)}
    cell.reserved = {name: derived.reserved[name] for name in sorted(derived.reserved)}
    cell.choosy = {name: None for name in cell.machines if cell.machines[name].spec.is_choosy()}
    cell.touched = set(cell.machines)
