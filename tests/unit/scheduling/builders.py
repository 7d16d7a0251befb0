"""Cells and pending jobs in one line each."""

from collections.abc import Mapping

from borgpy.model.names import JobKey, split_job
from borgpy.model.plan import Plan
from borgpy.model.resources import Resources
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.snapshot import Snapshot

GIB = 1 << 30


def amounts(cpu: int = 0, ram: int = 0, **more: int) -> Resources:
    """``cpu`` in cores, ``ram`` in GiB, ``disk`` and ``ports`` plenty on machines and none in requests; extras by name."""
    disk, ports = more.pop("disk", 0), more.pop("ports", 0)
    return Resources(cpu * 1000, ram * GIB, disk * GIB, ports, more)


def a_machine(
    name: str = "m1",
    capacity: Resources | None = None,
    used: Resources | None = None,
    *,
    placeable: bool = True,
    attributes: Mapping[str, str] | None = None,
) -> MachineFacts:
    return MachineFacts(
        name,
        capacity or amounts(8, 32, disk=100, ports=100),
        used or Resources(),
        placeable,
        attributes or {},
    )


def a_pending_job(
    job: str = "alice/web",
    tasks: int = 1,
    request: Resources | None = None,
    *,
    priority: int = 100,
    spec: str = "d1",
    avoid: Mapping[int, tuple[str, ...]] | None = None,
) -> PendingJob:
    key = JobKey(job)
    return PendingJob(
        key,
        split_job(key)[0],
        priority,
        request or amounts(1, 1),
        spec,
        tuple(range(tasks)),
        avoid or {},
    )


def a_cell(*machines: MachineFacts, pending: tuple[PendingJob, ...] = (), seq: int = 7) -> Snapshot:
    columns = Columns()
    columns.update(machines)
    return columns.snapshot(seq, pending)


def machines_of(plan: Plan, job: str = "alice/web") -> dict[int, str]:
    """The machine of each placed task of a job, by index."""
    return {p.index: p.machine for p in plan.placements if p.job == job}


def placed(plan: Plan) -> dict[str, int]:
    """How many tasks of each job are placed."""
    counts: dict[str, int] = {}
    for placement in plan.placements:
        counts[placement.job] = counts.get(placement.job, 0) + 1
    return counts
