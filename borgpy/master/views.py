"""The cell as people and programs read it."""

from collections import Counter
from urllib.parse import urlsplit

from borgpy import __version__
from borgpy.admission.charge import charged
from borgpy.model.api import (
    AllocView,
    DevicesView,
    JobView,
    MachineView,
    QuotaView,
    SetsView,
    TaskView,
)
from borgpy.model.api import CellView as CellSummary
from borgpy.model.cell import CellView, Job, is_outdated, request_of, tenancy_of
from borgpy.model.lifecycle import Phase, TaskState
from borgpy.model.names import JobKey, bns_name, task_key
from borgpy.model.orders import Usage
from borgpy.model.placeholders import DEFAULT_PORT
from borgpy.model.priority import Band, band_of
from borgpy.model.quota import UNLIMITED_BAND
from borgpy.model.resources import NOTHING, sayable, total
from borgpy.model.task import Task
from borgpy.model.tenancy import NOTHING_HELD

DOMAIN = "local"
"""The last part of BNS names, until a cell is told its domain."""

_LIVING = (Phase.RUNNING, Phase.HEALTHY, Phase.UNHEALTHY)


def job_view(cell: CellView, key: JobKey) -> JobView:
    """A job with its tasks counted; dead tasks that it does not want any more are left out."""
    job = cell.jobs[key]
    replicas = job.spec.replicas
    counted = [
        task
        for task in job.tasks.values()
        if task.state is not TaskState.DEAD or (task.index < replicas and not job.stopped)
    ]
    phases = Counter(task.phase for task in counted)
    return JobView(
        key=key,
        spec=job.spec,
        band=band_of(job.spec.priority),
        version=job.version,
        by=job.by,
        submitted_at=job.submitted_at,
        stopped=job.stopped,
        phases={phase.value: phases[phase] for phase in Phase if phases[phase]},
        running=sum(phases[phase] for phase in _LIVING),
        healthy=phases[Phase.HEALTHY],
        pending=phases[Phase.WAITING] + phases[Phase.THROTTLED],
        outdated=sum(is_outdated(job, task) for task in counted) if len(job.specs) > 1 else 0,
        seq=job.changed_seq,
        summary=_alloc_set_summary(cell, job, phases)
        if job.spec.is_alloc_set
        else _summary(job, phases),
    )


def _summary(job: Job, phases: Counter[Phase]) -> str:
    total, healthy = sum(phases.values()), phases[Phase.HEALTHY]
    if job.stopped:
        return f"stopping, {total:,} tasks are still ending" if total else "stopped"
    others = ", ".join(
        f"{phases[phase]:,} {phase.value.replace('_', ' ')}"
        for phase in Phase
        if phases[phase] and phase is not Phase.HEALTHY
    )
    said = f"{healthy:,} of {job.spec.replicas:,} healthy"
    return f"{said}; {others}" if others else said


def _alloc_set_summary(cell: CellView, job: Job, phases: Counter[Phase]) -> str:
    placed, total = phases[Phase.HEALTHY], sum(phases.values())
    if job.stopped:
        return f"alloc set, stopping: {_counted(total, 'alloc')} to end" if total else "stopped"
    inside = sum(len(room.charges) for room in cell.allocs.get(job.spec.key, {}).values())
    said = (
        f"alloc set: {placed:,} of {job.spec.replicas:,} placed, {_counted(inside, 'task')} in them"
    )
    waiting = phases[Phase.WAITING] + phases[Phase.THROTTLED]
    return f"{said}; {waiting:,} waiting" if waiting else said


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _within(cell: CellView, key: JobKey, job: Job, task: Task) -> AllocView | None:
    room = cell.allocs.get(key, {}).get(task.index) if job.spec.is_alloc_set else None
    if room is None:
        return None
    tasks = tuple(task_key(inner, index) for inner, index in sorted(room.charges))
    return AllocView(request_of(job, task), room.used, tasks)


def task_view(cell: CellView, key: JobKey, task: Task, usage: Usage | None = None) -> TaskView:
    """One task, with the URL under which it answers while it runs."""
    job = cell.jobs[key]
    status = task.status
    running = task.state is TaskState.RUNNING
    ports = status.ports if status and running else {}
    held = job.held.get(task.index, NOTHING_HELD)
    return TaskView(
        job=key,
        index=task.index,
        state=task.state,
        phase=task.phase,
        since=task.since,
        machine=task.machine,
        incarnation=task.incarnation,
        outdated=is_outdated(job, task),
        pid=status.pid if status and running else 0,
        ports=ports,
        url=_url(cell, task, ports),
        bns=bns_name(cell.name, key, task.index, DOMAIN),
        restarts=status.restarts if status else 0,
        evictions=task.evictions,
        exit_code=status.exit_code if status else None,
        reason=task.reason,
        ready_at=task.ready_at,
        usage=usage if running else None,
        devices=held.devices,
        sets=held.sets,
        alloc=job.alloc_of(task.index),
        within=_within(cell, key, job, task),
    )


def _url(cell: CellView, task: Task, ports: dict[str, int]) -> str:
    machine = cell.machines.get(task.machine)
    if not ports or machine is None:
        return ""
    named = next((name for name in ("http", DEFAULT_PORT) if name in ports), next(iter(ports)))
    host = urlsplit(machine.spec.address).hostname or task.machine
    return f"http://{f'[{host}]' if ':' in host else host}:{ports[named]}/"


def machine_view(cell: CellView, name: str) -> MachineView:
    """One machine and what is placed on it."""
    machine = cell.machines[name]
    room = cell.occupancy[name]
    held = tenancy_of(cell, name)
    return MachineView(
        name=name,
        address=machine.spec.address,
        state=machine.state,
        since=machine.since,
        reason=machine.reason,
        capacity=machine.spec.capacity,
        used=room.used,
        attributes=machine.spec.attributes,
        tasks=tuple(task_key(job, index) for job, index in sorted(room.charges)),
        devices=tuple(
            DevicesView(offer.kind, offer.model, tuple(held.devices[offer.kind]))
            for offer in machine.spec.devices
        ),
        sets=tuple(
            SetsView(offer.name, offer.slots, tuple(held.sets[offer.name]))
            for offer in machine.spec.sets
        ),
    )


def cell_summary(cell: CellView) -> CellSummary:
    """The cell as a whole."""
    tasks = {
        TaskState.PENDING.value: sum(map(len, cell.pending.values())),
        TaskState.RUNNING.value: sum(len(room.charges) for room in cell.occupancy.values()),
        TaskState.DEAD.value: len(cell.dead),
    }
    states = Counter(machine.state.value for machine in cell.machines.values())
    return CellSummary(
        cell=cell.name,
        version=__version__,
        epoch=cell.epoch,
        seq=cell.seq,
        at=cell.at,
        leader=cell.leader,
        jobs=len(cell.jobs),
        tasks={state: count for state, count in tasks.items() if count},
        machines=dict(sorted(states.items())),
        capacity=sayable(total(machine.spec.capacity for machine in cell.machines.values())),
        used=sayable(total(room.used for room in cell.occupancy.values())),
    )


def quota_views(cell: CellView, user: str | None = None) -> tuple[QuotaView, ...]:
    """Every quota that is set or used, in the order of users and bands."""
    users = {name for name, _ in cell.quotas} | {job.spec.user for job in cell.jobs.values()}
    if user is not None:
        users = {user}
    views = []
    for name in sorted(users):
        for band in Band:
            quota = cell.quotas.get((name, band))
            used = sayable(charged(cell, name, band))
            if band is UNLIMITED_BAND or quota or used != NOTHING:
                limit = None if band is UNLIMITED_BAND else quota.limit if quota else NOTHING
                views.append(QuotaView(name, band, limit, used))
    return tuple(views)
