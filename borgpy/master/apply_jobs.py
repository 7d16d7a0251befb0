"""What becomes of requests about jobs, tasks and quota: the events they cause, or a refusal."""

from borgpy.admission.admit import admit
from borgpy.master import moves
from borgpy.model.cell import CellView, Job
from borgpy.model.events import Event, JobStopped, JobSubmitted, QuotaSet, TasksSubmitted
from borgpy.model.lifecycle import EvictionCause, Phase, TaskEvent, TaskState
from borgpy.model.names import NAME_RULE, JobKey, is_name
from borgpy.model.operations import SetQuota, StopTasks, SubmitJob
from borgpy.model.overrides import digest_at
from borgpy.model.quota import UNLIMITED_BAND
from borgpy.model.refusal import Accepted, Problem, Refusal, RefusalCode
from borgpy.model.spec import JobSpec
from borgpy.model.task import Task

Answer = tuple[Accepted | Refusal, list[Event]]


def submit_job(cell: CellView, seq: int, op: SubmitJob) -> Answer:
    """Create the job, change it, or find that nothing is to be done."""
    refusal = _version_conflict(cell, op) or admit(cell, op.spec)
    if refusal is not None:
        return refusal, []
    spec, key = op.spec, op.spec.key
    job = cell.jobs.get(key)
    wanted = _Wanted(spec)
    fresh = _indexes_to_submit(job, spec, wanted)
    changed = job is None or job.stopped or job.spec != spec
    version = (job.version if job else 0) + (1 if changed else 0)
    events: list[Event] = []
    if changed:
        events.append(JobSubmitted(key, spec, version, op.by))
    moved, restarted, stopped = _moves_of_known_tasks(seq, job, spec, wanted) if job else ([], 0, 0)
    events.extend(moved)
    if fresh:
        events.append(TasksSubmitted(key, fresh))
    return Accepted(
        seq,
        version,
        created=len(fresh),
        restarted=restarted,
        stopped=stopped,
        unchanged=spec.replicas - len(fresh) - restarted,
    ), events


def stop_tasks(cell: CellView, seq: int, op: StopTasks) -> Answer:
    """Kill some or all tasks of a job."""
    job = cell.jobs.get(op.job)
    if job is None:
        return Refusal(RefusalCode.NOT_FOUND, f"there is no job {op.job}"), []
    missing = [index for index in op.indexes or () if index not in job.tasks]
    if missing:
        problem = Problem(
            "indexes",
            f"{op.job} has no task {', '.join(map(str, missing[:10]))}",
            allowed=f"0 to {job.spec.replicas - 1}",
        )
        return Refusal(RefusalCode.NOT_FOUND, f"no such task of {op.job}", (problem,)), []
    events: list[Event] = []
    if op.indexes is None and (not job.stopped or op.purge > job.purge):
        events.append(JobStopped(op.job, op.by, op.purge))
    indexes = sorted(job.tasks) if op.indexes is None else sorted(set(op.indexes))
    kills = [
        event
        for index in indexes
        for event in _kill(op.job, job.tasks[index], f"killed by {op.by}")
    ]
    events.extend(kills)
    return Accepted(seq, job.version, stopped=len(kills)), events


def set_quota(_cell: CellView, seq: int, op: SetQuota) -> Answer:
    """Set one user's limit in one band."""
    quota = op.quota
    problems = []
    if not is_name(quota.user):
        problems.append(Problem("user", f"{quota.user!r} is no user", allowed=NAME_RULE))
    if quota.band is UNLIMITED_BAND:
        problems.append(Problem("band", "the free band has no limit", got=quota.band.value))
    problems.extend(
        Problem(f"limit.{name}", f"{name} cannot be {amount}", got=str(amount), allowed="0 to 2^62")
        for name, amount in quota.limit.by_name().items()
        if not 0 <= amount <= 1 << 62
    )
    if problems:
        return Refusal(RefusalCode.INVALID, "the quota cannot be set", tuple(problems)), []
    return Accepted(seq), [QuotaSet(quota, op.by)]


def _version_conflict(cell: CellView, op: SubmitJob) -> Refusal | None:
    job = cell.jobs.get(op.spec.key)
    present = job.version if job else 0
    if op.if_version is None or op.if_version == present:
        return None
    problem = Problem(
        "if_version",
        f"the job has version {present}, not {op.if_version}",
        hint="look at what changed with borgcfg status, then submit against that version",
        got=str(op.if_version),
        allowed=str(present),
    )
    return Refusal(RefusalCode.CONFLICT, f"{op.spec.key} was changed by somebody else", (problem,))


class _Wanted:
    """The digest of the task spec that each task of a job should run, for a job that is not there yet."""

    def __init__(self, spec: JobSpec) -> None:
        self._digest = spec.task.digest()
        self._variants = tuple(variant for variant, _ in spec.variants())

    def by(self, index: int) -> str:
        return digest_at(self._variants, index, self._digest)


def _indexes_to_submit(job: Job | None, spec: JobSpec, wanted: _Wanted) -> tuple[int, ...]:
    """New tasks and dead ones, except those that finished the very work which is asked for."""
    if job is None:
        return tuple(range(spec.replicas))
    return tuple(
        index
        for index in range(spec.replicas)
        if (task := job.tasks.get(index)) is None
        or (
            task.state is TaskState.DEAD
            and not (
                task.phase is Phase.FINISHED and task.spec == wanted.by(index) and not job.stopped
            )
        )
    )


def _moves_of_known_tasks(
    seq: int, job: Job, spec: JobSpec, wanted: _Wanted
) -> tuple[list[Event], int, int]:
    """The events for tasks that live, and how many of them will be restarted and stopped."""
    key = spec.key
    events: list[Event] = []
    restarted = stopped = 0
    for index in sorted(job.tasks):
        task = job.tasks[index]
        if task.state is TaskState.DEAD:
            continue
        if index >= spec.replicas:
            kill = _kill(key, task, "no longer wanted: the job has fewer replicas")
            events.extend(kill)
            stopped += len(kill)
        elif task.state is TaskState.PENDING:
            if task.spec != wanted.by(index):
                events.append(moves.update(key, task, wanted.by(index), seq))
        elif task.stopping is not None and task.stopping.event is TaskEvent.KILL:
            events.append(
                moves.stop(key, task, TaskEvent.EVICT, "submitted again", EvictionCause.OTHER)
            )
            restarted += 1
        elif task.spec != wanted.by(index):
            restarted += 1
    return events, restarted, stopped


def _kill(key: JobKey, task: Task, reason: str) -> list[Event]:
    if task.state is TaskState.PENDING:
        return [moves.end(key, task, TaskEvent.KILL, reason)]
    if task.state is TaskState.RUNNING and not (
        task.stopping and task.stopping.event is TaskEvent.KILL
    ):
        return [moves.stop(key, task, TaskEvent.KILL, reason)]
    return []
