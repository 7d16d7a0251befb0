"""Jobs that come after others: their tasks are held back until every task of those has finished well."""

from collections.abc import Iterator

from borgpy.model.cell import CellView, Job
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey, key_of
from borgpy.model.spec import JobSpec, Restart


def is_waiting(cell: CellView, spec: JobSpec) -> bool:
    """Whether some job is not over yet that has to be before tasks of this one start."""
    return bool(spec.after) and any(waits_for(cell, spec))


def waits_for(cell: CellView, spec: JobSpec) -> Iterator[str]:
    """What each job that is not over yet still lacks, in words."""
    for name in spec.after:
        key = key_of(spec.user, name)
        job = cell.jobs.get(key)
        if job is None:
            yield f"{key}, which nobody has submitted"
        elif job.stopped:
            yield f"{key}, which was stopped before it had finished"
        elif not _is_over(job):
            yield f"{key}, {_progress(job)}"


def circle(cell: CellView, key: JobKey) -> tuple[JobKey, ...]:
    """The jobs that wait for each other, from ``key`` back to itself, if it is one of them: none of them ever starts."""
    ways: list[tuple[JobKey, ...]] = [(key,)]
    seen: set[JobKey] = set()
    while ways:
        way = ways.pop()
        job = cell.jobs.get(way[-1])
        if job is None or job.stopped or _is_over(job):
            continue
        for other in (key_of(job.spec.user, name) for name in job.spec.after):
            if other == key:
                return (*way, key)
            if other not in seen:
                seen.add(other)
                ways.append((*way, other))
    return ()


def _is_over(job: Job) -> bool:
    tasks = job.tasks
    return all(
        (task := tasks.get(index)) is not None
        and task.phase is Phase.FINISHED
        and task.spec == job.wanted(index)
        for index in range(job.spec.replicas)
    )


def _progress(job: Job) -> str:
    if job.spec.task.restart is Restart.ALWAYS:
        return "which is started again whenever it ends, and so never finishes"
    finished = sum(task.phase is Phase.FINISHED for task in job.tasks.values())
    failed = sum(task.phase is Phase.FAILED for task in job.tasks.values())
    said = f"of whose {job.spec.replicas:,} tasks {finished:,} have finished"
    return f"{said} and {failed:,} have failed" if failed else said
