"""Replacing the tasks that run an older spec, a few at a time."""

from borgpy.master import moves
from borgpy.model.cell import CellView, Job, is_outdated
from borgpy.model.events import Event
from borgpy.model.lifecycle import EvictionCause, Phase, TaskEvent
from borgpy.model.operations import ReplaceTasks
from borgpy.model.resources import NOTHING, Resources
from borgpy.model.task import Task


def batch_size(job: Job) -> int:
    """How many tasks of a job may be down for its update at a time: a tenth unless it says so itself."""
    return job.spec.update.batch or max(1, job.spec.replicas // 10)


def next_to_replace(job: Job) -> tuple[int, ...]:
    """The outdated tasks that may be replaced now, those first that serve nobody anyway.

    Updated tasks that are not healthy yet take up the batch; outdated ones that are unhealthy do not, or a job whose
    tasks all crash could never be mended.
    """
    wanted = [task for task in job.tasks.values() if task.index < job.spec.replicas]
    outdated = [task for task in wanted if is_outdated(job, task)]
    on_their_way = sum(1 for task in wanted if not is_outdated(job, task) and _may_yet_serve(task))
    room = batch_size(job) - on_their_way
    if room <= 0:
        return ()
    outdated.sort(key=lambda task: (task.phase is Phase.HEALTHY, task.index))
    return tuple(sorted(task.index for task in outdated[:room]))


def replace_tasks(cell: CellView, op: ReplaceTasks) -> list[Event]:
    """Restart outdated tasks where they are, if the new spec fits there; else they are placed anew."""
    job = cell.jobs.get(op.job)
    if job is None:
        return []
    events: list[Event] = []
    taken: dict[str, Resources] = {}
    for index in op.indexes:
        task = job.tasks.get(index)
        if task is None or not is_outdated(job, task):
            continue
        room = cell.occupancy[task.machine]
        more = taken.get(task.machine, NOTHING)
        wanted = job.wanted(index)
        more = more + job.specs[wanted].request() - room.charges[op.job, index]
        if more.fits_in(cell.machines[task.machine].spec.capacity - room.used):
            taken[task.machine] = more
            events.append(moves.update(op.job, task, wanted, cell.seq + 1))
        else:
            reason = "the job's new version does not fit here"
            events.append(moves.stop(op.job, task, TaskEvent.EVICT, reason, EvictionCause.UPDATE))
    return events


def _may_yet_serve(task: Task) -> bool:
    return task.phase not in (Phase.HEALTHY, Phase.FINISHED, Phase.FAILED, Phase.KILLED, Phase.LOST)
