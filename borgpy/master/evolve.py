"""How events change a cell: the only code that does.

Nothing is decided here. What an event says has been checked by the time it arrives, so these functions neither refuse
nor fail; `Borgmaster.apply` calls them last.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from borgpy.master import neighbours, rooms
from borgpy.model import events as e
from borgpy.model.cell import Answer, Cell, Job, is_outdated, taken_of_machine
from borgpy.model.lifecycle import DEAD_PHASE, EvictionCause, Phase, TaskState
from borgpy.model.machine import Machine, MachineState, Occupancy
from borgpy.model.names import JobKey
from borgpy.model.resources import NOTHING, Resources
from borgpy.model.task import Stopping, Task
from borgpy.model.tenancy import Held

ANSWERS_KEPT = 100_000
ANSWERS_KEPT_MS = 24 * 60 * 60 * 1000
"""How many requests are remembered, and how long, so that a repeated one gets the first one's answer."""

AVOID_KEPT = 3
"""On how many machines a task may be known to crash. More would slowly shut it out of a small cell."""

_job_of = attrgetter("job")


def evolve(cell: Cell, events: Iterable[e.Event]) -> None:
    """Make ``events`` so. ``cell.seq`` and ``cell.at`` are already those of the operation that caused them."""
    for kind, run in groupby(events, type):
        if kind is e.TaskScheduled:
            _tasks_scheduled(cell, cast(Iterable[e.TaskScheduled], run))
            continue
        change = _CHANGES[kind]
        for event in run:
            change(cell, event)


def settle(cell: Cell) -> None:
    """Bring the specs of the jobs that changed, and the list of the updating ones, in line with their tasks.

    Called once after all events of an operation: after each of them it would make an update of n tasks cost n².
    """
    for key in cell.unsettled:
        job = cell.jobs.get(key)
        if job is None or len(job.specs) == 1:
            cell.updating.pop(key, None)
            continue
        used = {task.spec for task in job.tasks.values()} | job.wants()
        job.specs = {digest: spec for digest, spec in job.specs.items() if digest in used}
        if any(is_outdated(job, task) for task in job.tasks.values()):
            cell.updating[key] = None
        else:
            cell.updating.pop(key, None)
    cell.unsettled.clear()


def _epoch_begun(cell: Cell, event: e.EpochBegun) -> None:
    cell.epoch, cell.leader = event.epoch, event.holder


def _rules_adopted(cell: Cell, event: e.RulesAdopted) -> None:
    cell.rules = event.rules


def _answered(cell: Cell, event: e.Answered) -> None:
    if event.request_id and event.request_id not in cell.answers:
        cell.answers[event.request_id] = Answer(cell.at, event.fingerprint, event.outcome)
    while cell.answers:
        oldest_id, oldest = next(iter(cell.answers.items()))
        if len(cell.answers) <= ANSWERS_KEPT and oldest.at >= cell.at - ANSWERS_KEPT_MS:
            break
        del cell.answers[oldest_id]


def _faulted(cell: Cell, event: e.Faulted) -> None:
    """A fault changes nothing."""


def _job_submitted(cell: Cell, event: e.JobSubmitted) -> None:
    digest, variants = event.spec.task.digest(), event.spec.variants()
    job = cell.jobs.get(event.job)
    if job is None:
        job = Job(event.spec, digest, event.version, event.by, cell.at)
        cell.jobs[event.job] = job
        job.rules_seq = cell.seq if event.spec.constraints else 0
    else:
        neighbours.changed(cell, event.job, job, event.spec)
    job.spec, job.digest, job.version = event.spec, digest, event.version
    job.by, job.submitted_at, job.changed_seq = event.by, cell.at, cell.seq
    job.stopped = job.purge = False
    job.specs[digest] = event.spec.task
    job.specs.update((variant.digest, spec) for variant, spec in variants)
    job.variants = tuple(variant for variant, _ in variants)
    cell.unsettled[event.job] = None


def _job_stopped(cell: Cell, event: e.JobStopped) -> None:
    job = cell.jobs[event.job]
    job.stopped, job.purge, job.changed_seq = True, event.purge, cell.seq
    cell.unsettled[event.job] = None


def _job_forgotten(cell: Cell, event: e.JobForgotten) -> None:
    job = cell.jobs.pop(event.job)
    for index in job.tasks:
        cell.dead.pop((event.job, index), None)
    cell.updating.pop(event.job, None)


def _tasks_submitted(cell: Cell, event: e.TasksSubmitted) -> None:
    job = cell.jobs[event.job]
    job.changed_seq = cell.seq
    waiting = cell.pending.setdefault(event.job, {})
    for index in event.indexes:
        task = job.tasks.get(index)
        if task is None:
            job.tasks[index] = Task(index, job.wanted(index), since=cell.at)
        else:  # dead before: it keeps its incarnation, so that old sandboxes are never taken for new ones
            cell.dead.pop((event.job, index), None)
            job.tasks[index] = Task(
                index,
                job.wanted(index),
                since=cell.at,
                incarnation=task.incarnation,
                machine=task.machine,
            )
        waiting[index] = None
    cell.unsettled[event.job] = None


def _task_scheduled(cell: Cell, event: e.TaskScheduled) -> None:
    _tasks_scheduled(cell, (event,))


def _tasks_scheduled(cell: Cell, events: Iterable[e.TaskScheduled]) -> None:
    """A plan places thousands of tasks: what those of one job have in common is looked up once, not for each."""
    at, seq, running, occupancy = cell.at, cell.seq, TaskState.RUNNING, cell.occupancy
    machines: dict[str, None] = {}
    for key, run in groupby(events, _job_of):
        job, waiting = cell.jobs[key], cell.pending[key]
        tasks, phase, is_plain = job.tasks, _first_phase(job), _is_plain(job)
        digest, taken = "", NOTHING
        for event in run:
            index, name = event.index, event.machine
            task = tasks[index]
            if task.incarnation:  # else nobody has said anything of it yet
                task.status, task.stopping, task.reason = None, None, ""
            task.state, task.phase, task.since, task.ordered_seq = running, phase, at, seq
            task.machine, task.incarnation = name, event.incarnation
            del waiting[index]
            machines[name] = None
            if task.spec != digest:  # its tasks share one object, which spares memory, too
                digest, taken = task.spec, taken_of_machine(job, task)
            if is_plain and not (event.devices or event.sets):
                occupancy[name].charge(key, index, taken)
            else:
                _settled_in(cell, job, task, event, taken)
        job.changed_seq = seq
        if not waiting:
            del cell.pending[key]
    for name in machines:
        cell.machines[name].orders_seq = seq
    cell.touched.update(machines)


def _is_plain(job: Job) -> bool:
    """Whether there is nothing to be kept of the job's placed tasks but the amounts that they take."""
    spec = job.spec
    return not (spec.alloc or spec.is_alloc_set or spec.runtime_ms or neighbours.minds(spec))


def _settled_in(cell: Cell, job: Job, task: Task, event: e.TaskScheduled, taken: Resources) -> None:
    if event.alloc >= 0:
        job.within[task.index] = event.alloc
    rooms.enter(cell, event.job, job, task, taken)
    runtime_ms = job.spec.runtime_ms
    if event.devices or event.sets or runtime_ms:
        ends_at = cell.at + runtime_ms if runtime_ms else 0
        job.held[task.index] = Held(event.devices, event.sets, ends_at)
    if neighbours.minds(job.spec):
        neighbours.arrived(cell, event.job, job.spec, task.machine)


def _placement_stale(cell: Cell, event: e.PlacementStale) -> None:
    """The task stays pending, and the next pass reconsiders it."""


def _task_updated(cell: Cell, event: e.TaskUpdated) -> None:
    job = cell.jobs[event.job]
    task = job.tasks[event.index]
    task.spec, task.incarnation = event.spec, event.incarnation
    job.changed_seq = cell.seq
    if event.machine:
        task.phase, task.since, task.status = _first_phase(job), cell.at, None
        rooms.enter(cell, event.job, job, task, taken_of_machine(job, task))
        _orders_changed(cell, job, task)
    cell.unsettled[event.job] = None


def _task_changed(cell: Cell, event: e.TaskChanged) -> None:
    job = cell.jobs[event.job]
    task = job.tasks[event.index]
    task.status = event.status
    job.changed_seq = cell.seq
    if task.stopping is not None:
        return
    if task.phase is not event.status.phase:
        task.phase, task.since = event.status.phase, cell.at
    task.reason = event.status.reason


def _task_stopping(cell: Cell, event: e.TaskStopping) -> None:
    job = cell.jobs[event.job]
    task = job.tasks[event.index]
    task.phase, task.since, task.reason = Phase.STOPPING, cell.at, event.reason
    task.stopping = Stopping(event.becomes, event.reason, event.cause)
    _orders_changed(cell, job, task)
    cell.unsettled[event.job] = None


def _task_evicted(cell: Cell, event: e.TaskEvicted) -> None:
    job = cell.jobs[event.job]
    task = job.tasks[event.index]
    _off_its_machine(cell, event.job, job, task)
    throttled = event.ready_at > cell.at
    task.state, task.phase = TaskState.PENDING, Phase.THROTTLED if throttled else Phase.WAITING
    task.since, task.reason, task.ready_at = cell.at, event.reason, event.ready_at
    task.crashes = event.crashes
    task.evictions += 1
    if event.cause is EvictionCause.CRASHING:
        others = tuple(name for name in task.avoid if name != event.machine)
        task.avoid = (*others, event.machine)[-AVOID_KEPT:]
    task.spec = job.wanted(event.index)
    cell.pending.setdefault(event.job, {})[event.index] = None
    cell.unsettled[event.job] = None


def _task_ended(cell: Cell, event: e.TaskEnded) -> None:
    job = cell.jobs[event.job]
    task = job.tasks[event.index]
    if task.state is TaskState.RUNNING:
        _off_its_machine(cell, event.job, job, task)
    else:
        _no_longer_pending(cell, event.job, event.index)
    task.state, task.phase = TaskState.DEAD, DEAD_PHASE[event.how]
    task.since, task.reason = cell.at, event.reason
    job.changed_seq = cell.seq
    cell.dead[event.job, event.index] = None
    cell.unsettled[event.job] = None


def _task_forgotten(cell: Cell, event: e.TaskForgotten) -> None:
    job = cell.jobs[event.job]
    del job.tasks[event.index]
    cell.dead.pop((event.job, event.index), None)
    job.changed_seq = cell.seq
    cell.unsettled[event.job] = None


def _machine_joined(cell: Cell, event: e.MachineJoined) -> None:
    name = event.machine.name
    machine = cell.machines.get(name)
    if machine is None:
        cell.machines[name] = Machine(event.machine, since=cell.at, orders_seq=cell.seq)
        cell.occupancy[name] = Occupancy()
    else:
        machine.spec = event.machine
    cell.choosy.pop(name, None)
    if event.machine.is_choosy():
        cell.choosy[name] = None
    cell.touched.add(name)


def _machine_lost(cell: Cell, event: e.MachineLost) -> None:
    machine = cell.machines[event.machine]
    machine.state, machine.since, machine.reason = MachineState.LOST, cell.at, event.reason
    cell.touched.add(event.machine)


def _machine_returned(cell: Cell, event: e.MachineReturned) -> None:
    machine = cell.machines[event.machine]
    machine.state = MachineState.RETURNING if event.strays else MachineState.UP
    machine.since = cell.at
    machine.reason = f"stopping {event.strays} duplicates" if event.strays else ""
    cell.touched.add(event.machine)


def _machine_removed(cell: Cell, event: e.MachineRemoved) -> None:
    del cell.machines[event.machine]
    del cell.occupancy[event.machine]
    cell.choosy.pop(event.machine, None)
    cell.touched.add(event.machine)


def _quota_set(cell: Cell, event: e.QuotaSet) -> None:
    cell.quotas[event.quota.user, event.quota.band] = event.quota


def _policy_set(cell: Cell, event: e.PolicySet) -> None:
    cell.policy, cell.policy_version = event.policy, event.version


def _first_phase(job: Job) -> Phase:
    """How a task that was just placed is. An alloc has no process that would have to start."""
    return Phase.HEALTHY if job.spec.is_alloc_set else Phase.ASSIGNED


def _off_its_machine(cell: Cell, key: JobKey, job: Job, task: Task) -> None:
    rooms.leave(cell, key, job, task)
    job.held.pop(task.index, None)
    neighbours.left(cell, key, job.spec, task.machine)
    _orders_changed(cell, job, task)
    task.stopping = None


def _orders_changed(cell: Cell, job: Job, task: Task) -> None:
    cell.machines[task.machine].orders_seq = cell.seq
    task.ordered_seq = cell.seq
    job.changed_seq = cell.seq
    cell.touched.add(task.machine)


def _no_longer_pending(cell: Cell, key: JobKey, index: int) -> None:
    waiting = cell.pending[key]
    del waiting[index]
    if not waiting:
        del cell.pending[key]


_CHANGES: Mapping[type[e.Event], Callable[[Cell, Any], None]] = {
    e.EpochBegun: _epoch_begun,
    e.RulesAdopted: _rules_adopted,
    e.Answered: _answered,
    e.Faulted: _faulted,
    e.JobSubmitted: _job_submitted,
    e.JobStopped: _job_stopped,
    e.JobForgotten: _job_forgotten,
    e.TasksSubmitted: _tasks_submitted,
    e.TaskScheduled: _task_scheduled,
    e.PlacementStale: _placement_stale,
    e.TaskUpdated: _task_updated,
    e.TaskChanged: _task_changed,
    e.TaskStopping: _task_stopping,
    e.TaskEvicted: _task_evicted,
    e.TaskEnded: _task_ended,
    e.TaskForgotten: _task_forgotten,
    e.MachineJoined: _machine_joined,
    e.MachineLost: _machine_lost,
    e.MachineReturned: _machine_returned,
    e.MachineRemoved: _machine_removed,
    e.QuotaSet: _quota_set,
    e.PolicySet: _policy_set,
}

assert set(_CHANGES) == set(e.Event.__args__), (
    "every event changes the state, or says that it does not"
)
