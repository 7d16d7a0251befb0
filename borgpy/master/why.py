"""Why a task is where it is, in words a person can act on."""

from borgpy.master.pending import avoided, pending_job_of
from borgpy.master.seating import unfit
from borgpy.master.waiting import circle, is_waiting, waits_for
from borgpy.model.api import WhyView
from borgpy.model.cell import CellView, Job
from borgpy.model.lifecycle import Phase, TaskState
from borgpy.model.names import JobKey
from borgpy.model.plan import Veto, VetoKind
from borgpy.model.task import Task
from borgpy.model.tenancy import NOTHING_HELD, Held
from borgpy.scheduling.explain import explain
from borgpy.scheduling.snapshot import Snapshot
from borgpy.scheduling.wording import sentences, suggestions

MAX_REASONS = 20
"""Distinct reasons named for one job; the tasks of a job rarely have more than a few."""


def task_why(cell: CellView, snapshot: Snapshot, key: JobKey, index: int, at: int) -> WhyView:
    """Why task ``index`` of job ``key`` is in its present state at ``at``; both must exist."""
    job = cell.jobs[key]
    task = job.tasks[index]
    if task.state is TaskState.PENDING:
        return _pending(cell, snapshot, key, job, task, at)
    words = _words(cell, key, job, task)
    told = [f"{words}: {task.reason}" if task.reason else words]
    status = task.status
    if status is not None and task.state is TaskState.RUNNING:
        if status.restarts:
            times = "once" if status.restarts == 1 else f"{status.restarts} times"
            told.append(f"it was restarted {times} on {task.machine}")
        told.extend(_holds(job.held.get(index, NOTHING_HELD)))
        if task.spec != job.wanted(index):
            told.append("it runs an older version of its job and waits for its turn to be replaced")
    machine = cell.machines.get(task.machine)
    if machine is not None and (problem := unfit(job.spec, machine.spec)):
        told.append(f"it stays there, and would not be placed there again: {problem}")
    if task.state is TaskState.DEAD and not job.stopped and index < job.spec.replicas:
        told.append("borgcfg up starts it again")
    return WhyView(key, index, task.phase, task.since, tuple(told))


def _holds(held: Held) -> list[str]:
    """What a running task has by number: ``it has gpu 0, 2 there``."""
    named = {**held.devices, **{name: (number,) for name, number in held.sets.items()}}
    listed = [f"{name} {', '.join(map(str, numbers))}" for name, numbers in named.items()]
    return [f"it has {' and '.join(listed)} there"] if listed else []


def job_why(cell: CellView, snapshot: Snapshot, key: JobKey, at: int) -> tuple[WhyView, ...]:
    """One answer for each distinct reason among the job's tasks, of the lowest index that has it."""
    job = cell.jobs[key]
    seen: set[tuple[Phase, str, tuple[str, ...]]] = set()
    answers: list[WhyView] = []
    for index in sorted(job.tasks):
        task = job.tasks[index]
        kind = (task.phase, task.reason, task.avoid)
        if kind not in seen and len(answers) < MAX_REASONS:
            seen.add(kind)
            answers.append(task_why(cell, snapshot, key, index, at))
    return tuple(answers)


def _pending(
    cell: CellView, snapshot: Snapshot, key: JobKey, job: Job, task: Task, at: int
) -> WhyView:
    told = [f"pending since it is off its machine: {task.reason}"] if task.reason else []
    if task.ready_at > at:
        seconds = -(-(task.ready_at - at) // 1000)
        told.insert(0, f"held back for another {seconds} s because it kept crashing")
        return WhyView(key, task.index, task.phase, task.since, tuple(told))
    if is_waiting(cell, job.spec):
        said = (*(f"it waits for {what}" for what in waits_for(cell, job.spec)), *told)
        if way := circle(cell, key):
            turn = ", which waits for ".join(way[1:])
            said = (f"it will never start, for it waits for {turn}", *said)
        return WhyView(key, task.index, task.phase, task.since, said)
    if job.spec.alloc and not snapshot.allocs.get(job.spec.alloc_key):
        vetoes = (Veto(VetoKind.ALLOC, 0, detail=job.spec.alloc_key),)
        said = (_no_alloc(cell, job.spec.alloc_key), *told)
        return WhyView(key, task.index, task.phase, task.since, said, vetoes=vetoes)
    asked = pending_job_of(cell, key, task.index)
    explanation = explain(snapshot, asked, avoided(cell, job, task.index))
    return WhyView(
        key,
        task.index,
        task.phase,
        task.since,
        (*sentences(explanation), *told),
        machines=explanation.machines,
        vetoes=explanation.vetoes,
        suggestions=suggestions(explanation),
    )


def _no_alloc(cell: CellView, key: JobKey) -> str:
    """What keeps an alloc set from having a place for anybody."""
    job = cell.jobs.get(key)
    if job is None or not job.spec.is_alloc_set:
        return f"there is no alloc set {key}: submit it, and the task is placed into it"
    if job.stopped:
        return f"alloc set {key} is stopped: submit it again, and the task is placed into it"
    return f"no alloc of {key} has a place yet: borgcfg why {key} tells what they wait for"


def _words(cell: CellView, key: JobKey, job: Job, task: Task) -> str:
    if job.spec.is_alloc_set and task.phase is Phase.HEALTHY:
        tasks = len(cell.allocs[key][task.index].charges)
        return f"placed on {task.machine}, with {tasks:,} {'task' if tasks == 1 else 'tasks'} in it"
    words = _WORDS[task.phase].format(machine=task.machine)
    alloc = job.alloc_of(task.index)
    return f"{words}, in alloc {alloc}" if alloc else words


_WORDS: dict[Phase, str] = {
    Phase.ASSIGNED: "placed on {machine}, whose Borglet has not confirmed it yet",
    Phase.STARTING: "being started on {machine}",
    Phase.RUNNING: "running on {machine}, its health is not proven yet",
    Phase.HEALTHY: "healthy on {machine}",
    Phase.UNHEALTHY: "running on {machine} and failing its health checks",
    Phase.BACKING_OFF: "exited on {machine}, and is started again there after a delay",
    Phase.STOPPING: "being stopped on {machine}",
    Phase.FINISHED: "finished on {machine}",
    Phase.FAILED: "failed on {machine}",
    Phase.KILLED: "killed",
    Phase.LOST: "lost with {machine}",
}
