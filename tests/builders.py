"""Builders of the nouns for tests: every argument has a default, so that a test names only what it is about."""

from typing import Any

from msgspec import UNSET

from borgpy.master.borgmaster import Borgmaster, outcome_of
from borgpy.model.alloc import AllocSetSpec
from borgpy.model.cell import Cell
from borgpy.model.events import Event, PlacementStale, TaskScheduled
from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey
from borgpy.model.operations import ApplyPlan, JoinMachines, SetQuota, SubmitJob
from borgpy.model.plan import Holding, Placement, Plan
from borgpy.model.priority import Band
from borgpy.model.quota import Quota
from borgpy.model.refusal import Accepted, Outcome
from borgpy.model.resources import Resources
from borgpy.model.spec import HealthCheck, JobSpec, Package, Restart, TaskSpec, UpdatePolicy

MIB = 1 << 20
GIB = 1 << 30

A_PACKAGE = Package("server", "ab" * 32, 1234)
SMALL = Resources(cpu=100, ram=100 * MIB, disk=100 * MIB)
LARGE = Resources(cpu=1000, ram=GIB, disk=GIB)
ROOMY = Resources(cpu=8000, ram=32 * GIB, disk=500 * GIB, ports=1000)
BOUNDLESS = Resources(cpu=10**9, ram=1 << 50, disk=1 << 50, ports=10**6)


def a_task_spec(
    *,
    requirements: Resources = SMALL,
    args: dict[str, str] | None = None,
    env: dict[str, str] | None = None,
    ports: tuple[str, ...] = ("port",),
    health: HealthCheck | None = None,
    restart: Restart = Restart.ALWAYS,
    package: Package = A_PACKAGE,
    notice_ms: int = 5000,
    **more: Any,
) -> TaskSpec:
    """A task spec; ``more`` are further fields of `TaskSpec`."""
    return TaskSpec(
        package=package,
        args={"port": "%port%"} if args is None else args,
        env=env or {},
        requirements=requirements,
        ports=ports,
        health=health,
        restart=restart,
        notice_ms=notice_ms,
        **more,
    )


def a_job(
    name: str = "web",
    *,
    user: str = "alice",
    cell: str = "ic",
    replicas: int = 3,
    priority: int = 100,
    task: TaskSpec | None = None,
    batch: int = 0,
    **more: Any,
) -> JobSpec:
    """A job; ``more`` are further fields of `JobSpec`."""
    return JobSpec(
        name=name,
        user=user,
        cell=cell,
        task=task or a_task_spec(),
        replicas=replicas,
        priority=priority,
        update=UpdatePolicy(batch),
        **more,
    )


def a_machine(name: str = "m1", *, capacity: Resources = ROOMY, **more: Any) -> MachineSpec:
    """A machine; ``more`` are further fields of `MachineSpec`."""
    return MachineSpec(name, f"http://127.0.0.1:1/{name}", capacity, **more)


def a_borgmaster(
    *machines: str | MachineSpec,
    quota_of: tuple[str, ...] = ("alice", "bob"),
    capacity: Resources = ROOMY,
) -> Borgmaster:
    """A cell called ic with these machines (names will do), and boundless quota for some users."""
    master = Borgmaster(Cell("ic"))
    if machines:
        specs = tuple(
            machine if isinstance(machine, MachineSpec) else a_machine(machine, capacity=capacity)
            for machine in machines
        )
        master.apply(JoinMachines(at=1, by="borglets", machines=specs))
    for user in quota_of:
        for band in Band:
            if band is not Band.FREE:
                master.apply(SetQuota(at=1, by="root", quota=Quota(user, band, BOUNDLESS)))
    return master


def submit(master: Borgmaster, spec: JobSpec, *, at: int = 10) -> Outcome:
    return outcome_of(master.apply(SubmitJob(at=at, by=spec.user, spec=spec)))


def accepted(outcome: Outcome) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


def place(
    master: Borgmaster,
    placements: dict[int, str],
    *holdings: Holding,
    job: str = "alice/web",
    at: int = 20,
) -> tuple[str, ...]:
    """Place tasks by index, as a plan would; why those were not placed that were not."""
    lines = tuple(Placement(JobKey(job), index, machine) for index, machine in placements.items())
    plan = Plan(master.cell.seq, 0, lines, holdings=holdings or UNSET)
    events = master.apply(ApplyPlan(at=at, plan=plan))
    assert all(isinstance(event, PlacementStale | TaskScheduled) for event in events), events
    return tuple(event.reason for event in events if isinstance(event, PlacementStale))


def an_alloc_set(
    name: str = "room",
    *,
    user: str = "alice",
    replicas: int = 2,
    priority: int = 100,
    requirements: Resources = LARGE,
) -> JobSpec:
    """An alloc set as the cell keeps it."""
    return AllocSetSpec(
        name=name,
        user=user,
        cell="ic",
        requirements=requirements,
        replicas=replicas,
        priority=priority,
    ).job()


def place_within(
    master: Borgmaster,
    allocs: dict[int, int],
    *,
    job: str = "alice/web",
    room: str = "alice/room",
    at: int = 30,
) -> list[Event]:
    """Place tasks into allocs, by index, as a plan would."""
    placed = master.cell.jobs[JobKey(room)].tasks
    key = JobKey(job)
    plan = Plan(
        seq=master.cell.seq,
        seed=0,
        placements=tuple(
            Placement(key, index, placed[alloc].machine) for index, alloc in allocs.items()
        ),
        holdings=tuple(Holding(key, index, alloc=alloc) for index, alloc in allocs.items()),
    )
    return master.apply(ApplyPlan(at=at, plan=plan))
