"""Whether a job may run in the alloc set that it names, and what an alloc set itself may say."""

from collections.abc import Iterator

import msgspec

from borgpy.model.alloc import alloc_set_of
from borgpy.model.cell import CellView, Job
from borgpy.model.lifecycle import TaskState
from borgpy.model.refusal import Problem, Refusal, RefusalCode
from borgpy.model.resources import amount_text
from borgpy.model.spec import JobSpec, Kind

_NOUN = {Kind.JOB: "a job", Kind.ALLOC_SET: "an alloc set"}


def alloc_set_problems(spec: JobSpec) -> Iterator[Problem]:
    """What is wrong with an alloc set in itself, beyond what may be wrong with any job."""
    if not spec.is_alloc_set:
        return
    if spec != alloc_set_of(spec).job():
        yield Problem(
            "kind",
            "an alloc set runs nothing: it has a size, replicas, a priority, constraints and labels",
            hint="say the rest in the jobs that run in it",
            got=spec.kind.value,
        )
    if spec.task.requirements.ports:
        yield Problem(
            "requirements.ports",
            "an alloc keeps no ports: the tasks in it get theirs of its machine",
            hint="leave ports out",
            got=str(spec.task.requirements.ports),
            allowed="0",
        )


def alloc_refusal(cell: CellView, spec: JobSpec) -> Refusal | None:
    """Why the job cannot run where it says, or be what it says, besides the job of that name; else nothing."""
    return _what_it_was(cell, spec) or (_in_alloc_set(cell, spec) if spec.alloc else None)


def _what_it_was(cell: CellView, spec: JobSpec) -> Refusal | None:
    """A job stays what it is, and in its alloc set, for as long as any of its tasks runs."""
    job = cell.jobs.get(spec.key)
    if job is None:
        return None
    if job.spec.kind is not spec.kind and not _is_over(job):
        problem = Problem(
            "name",
            f"{spec.key} is {_NOUN[job.spec.kind]}, and this is {_NOUN[spec.kind]}",
            hint=f"take another name, or stop it first: borgcfg down {spec.key}",
            got=spec.name,
        )
        return Refusal(RefusalCode.CONFLICT, f"{spec.key} is {_NOUN[job.spec.kind]}", (problem,))
    if job.spec.alloc_key != spec.alloc_key and _runs(job):
        now = f"in alloc set {job.spec.alloc_key}" if job.spec.alloc else "in no alloc set"
        problem = Problem(
            "alloc",
            f"tasks of {spec.key} run {now}; they cannot be moved while they run",
            hint=f"stop the job first, wait until its tasks have ended: borgcfg down {spec.key}",
            got=spec.alloc,
            allowed=job.spec.alloc,
        )
        return Refusal(RefusalCode.CONFLICT, f"{spec.key} runs {now}", (problem,))
    return None


def _in_alloc_set(cell: CellView, spec: JobSpec) -> Refusal | None:
    key = spec.alloc_key
    alloc_set = cell.jobs.get(key)
    if alloc_set is None or alloc_set.stopped:
        what = "there is no alloc set" if alloc_set is None else "somebody has stopped alloc set"
        hint = "submit the alloc set first; borgcfg up does if one file declares both"
        problem = Problem("alloc", f"{what} {key} in cell {cell.name}", hint=hint, got=spec.alloc)
        return Refusal(RefusalCode.NOT_FOUND, f"{what} {key}", (problem,))
    if not alloc_set.spec.is_alloc_set:
        problem = Problem("alloc", f"{key} is a job, and no alloc set", got=spec.alloc)
        return Refusal(RefusalCode.INVALID, f"job {spec.name} cannot run in {key}", (problem,))
    numbered = [request.kind for request in spec.task.devices]
    numbered += [request.name for request in spec.task.sets]
    if numbered:
        problem = Problem(
            "devices" if spec.task.devices else "sets",
            "an alloc keeps amounts only, no devices and no resource sets",
            hint="leave alloc out; the tasks then get them of their machines",
            got=", ".join(numbered),
        )
        return Refusal(RefusalCode.INVALID, f"job {spec.name} cannot run in {key}", (problem,))
    asked = msgspec.structs.replace(spec.task.request(), ports=0)
    size = alloc_set.spec.task.requirements
    problems = tuple(
        Problem(
            f"requirements.{name}",
            f"a task does not fit into an alloc of {key}: it asks for"
            f" {amount_text(name, asked.by_name()[name])} of {name}, and there is"
            f" {amount_text(name, size.by_name().get(name, 0))}",
            hint=f"ask for {amount_text(name, missing)} less, or make the allocs larger",
            got=amount_text(name, asked.by_name()[name]),
            allowed=amount_text(name, size.by_name().get(name, 0)),
        )
        for name, missing in asked.short_of(size).items()
    )
    if problems:
        return Refusal(
            RefusalCode.INVALID,
            f"tasks of {spec.name} are too large for the allocs of {key}",
            problems,
        )
    return None


def _runs(job: Job) -> bool:
    return any(task.state is TaskState.RUNNING for task in job.tasks.values())


def _is_over(job: Job) -> bool:
    return job.stopped and all(task.state is TaskState.DEAD for task in job.tasks.values())
