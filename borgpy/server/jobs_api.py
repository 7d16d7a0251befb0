"""Jobs and alloc sets over HTTP: submit, look at, stop."""

import asyncio

import msgspec
from aiohttp import web

from borgpy.errors import InvalidConfig
from borgpy.master.views import job_view
from borgpy.model.alloc import AllocSetSpec
from borgpy.model.api import JobView
from borgpy.model.names import job_key, split_job
from borgpy.model.operations import StopTasks, SubmitJob
from borgpy.model.refusal import Accepted, Outcome, Problem, Refusal, RefusalCode
from borgpy.model.spec import JobSpec, Package
from borgpy.server import problems
from borgpy.server.auth import Right, require_owner
from borgpy.server.plugins import named_in
from borgpy.server.route import MAX_WAIT_MS, Call, Query, Route, reply
from borgpy.server.services import Services

MAX_INDEXES = 100_000

AFTER = Query("after", int, "answer only once something changed after this journal sequence")
WAIT = Query("wait_ms", int, f"how long to wait for that, at most {MAX_WAIT_MS} milliseconds")


_SUBMIT_QUERY = (
    Query("if_version", int, "refuse unless the job has this version (0: none)"),
    Query("dry_run", bool, "say what would happen, and do nothing"),
)


class JobsApi:
    """Handlers about whole jobs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> tuple[Route, ...]:
        job = "/v1/jobs/{user}/{job}"
        return (
            Route(
                method="GET",
                path="/v1/jobs",
                handler=self.list_jobs,
                summary="All jobs and alloc sets",
                answer=tuple[JobView, ...],
                query=(Query("user", str, "only this user's"),),
            ),
            Route(
                method="GET",
                path=job,
                handler=self.show,
                summary="One job",
                answer=JobView,
                query=(AFTER, WAIT),
            ),
            Route(
                method="PUT",
                path=job,
                handler=self.submit,
                summary="Create or change a job; a repeated request changes nothing",
                rights=(Right.WRITE,),
                body=JobSpec,
                answer=Accepted,
                query=_SUBMIT_QUERY,
                idempotent_key=True,
            ),
            Route(
                method="PUT",
                path="/v1/allocs/{user}/{alloc}",
                handler=self.submit_allocs,
                summary="Create or change an alloc set, which from then on is looked at and stopped as a job",
                rights=(Right.WRITE,),
                body=AllocSetSpec,
                answer=Accepted,
                query=_SUBMIT_QUERY,
                idempotent_key=True,
            ),
            Route(
                method="DELETE",
                path=job,
                handler=self.stop,
                summary="Stop a job, or some of its tasks",
                rights=(Right.WRITE,),
                answer=Accepted,
                query=(
                    Query("indexes", str, "only these tasks, e.g. 0,2,5-9"),
                    Query("purge", bool, "forget the job as soon as its tasks have ended"),
                ),
                idempotent_key=True,
            ),
        )

    async def list_jobs(self, call: Call) -> web.Response:
        cell, user = self._services.cell, call.text("user")
        seq, views = cell.seq, []
        for key in sorted(cell.jobs):
            if key in cell.jobs and user in (None, cell.jobs[key].spec.user):
                views.append(job_view(cell, key))
                await asyncio.sleep(0)  # each is a walk over its tasks
        return reply(views, seq=seq)

    async def show(self, call: Call) -> web.Response:
        key, _ = self._services.job(call.path("user"), call.path("job"))
        after = call.integer("after", -1)
        if after >= 0:
            wait_ms = call.integer("wait_ms", 0, highest=MAX_WAIT_MS)
            await self._services.until_changed(key, after, wait_ms)
            self._services.job(call.path("user"), call.path("job"))
        return reply(job_view(self._services.cell, key), seq=self._services.cell.seq)

    async def submit(self, call: Call) -> web.StreamResponse:
        spec = await call.body(JobSpec)
        if spec.is_alloc_set:
            raise InvalidConfig(
                f"{spec.name} is an alloc set", hint=f"submit it with PUT /v1/allocs/{spec.key}"
            )
        if spec.alloc:
            require_owner(call.principal, split_job(spec.alloc_key)[0], "use the alloc sets")
        return await self._submit(call, spec, call.path("job"))

    async def submit_allocs(self, call: Call) -> web.StreamResponse:
        asked = await call.body(AllocSetSpec)
        return await self._submit(call, asked.job(), call.path("alloc"))

    async def _submit(self, call: Call, spec: JobSpec, name: str) -> web.StreamResponse:
        require_owner(call.principal, spec.user, "change the jobs")
        if spec.key != job_key(call.path("user"), name):
            raise InvalidConfig(
                f"the path names {call.path('user')}/{name}, the body {spec.key}",
                hint="both must be the same",
            )
        operation = SubmitJob(
            at=0,
            by=call.principal.user,
            request_id=call.request_id,
            spec=spec,
            if_version=call.integer("if_version", 0) if call.text("if_version") else None,
        )
        missing = self._missing(spec)
        if missing:
            refusal = self._services.master.preview(operation)
            return problems.of_refusal(_both(missing, refusal), call.request_id)
        if call.flag("dry_run"):
            outcome = self._services.master.preview(operation)
        else:
            outcome = await self._services.request(operation)
        return problems.of_outcome(outcome, call, self._services.cell.seq)

    async def stop(self, call: Call) -> web.StreamResponse:
        require_owner(call.principal, call.path("user"), "stop the jobs")
        key, _ = self._services.job(call.path("user"), call.path("job"))
        indexes = call.text("indexes")
        outcome = await self._services.request(
            StopTasks(
                at=0,
                by=call.principal.user,
                request_id=call.request_id,
                job=key,
                indexes=None if indexes is None else parse_indexes(indexes),
                purge=call.flag("purge"),
            )
        )
        return problems.of_outcome(outcome, call, self._services.cell.seq)

    def _missing(self, spec: JobSpec) -> tuple[Problem, ...]:
        """What the job names and only this process knows to be there or not: its package, plug-ins."""
        plugins = self._services.passes.book.problems("constraints", named_in(spec.constraints))
        if spec.is_alloc_set:
            return plugins
        named = {"binary": spec.task.package} | {
            f"packages.{number}": package for number, package in enumerate(spec.task.packages)
        }
        missing = (self._missing_package(field, package) for field, package in named.items())
        return (*filter(None, missing), *plugins)

    def _missing_package(self, field: str, package: Package) -> Problem | None:
        path = self._services.packages.path(package.digest)
        if path is not None and path.stat().st_size == package.size:
            return None
        if path is not None:
            return Problem(
                field,
                f"the package {package.name} has {path.stat().st_size:,} bytes",
                got=str(package.size),
                allowed=str(path.stat().st_size),
            )
        return Problem(
            field,
            f"the package {package.name} ({package.digest[:12]}…) is not in the package store",
            hint=f"upload it first: PUT /v1/packages/{package.digest}; borgcfg up does",
            got=package.digest,
        )


def parse_indexes(text: str) -> tuple[int, ...]:
    """``0,2,5-9`` as numbers; `InvalidConfig` for anything else."""
    indexes: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise InvalidConfig(f"{text!r} names no tasks", hint="write for example 0,2,5-9")
        lowest, highest = int(first[:9]), int((last or first)[:9])
        if len(indexes) + highest - lowest >= MAX_INDEXES:
            raise InvalidConfig(f"{text!r} names more than {MAX_INDEXES:,} tasks")
        indexes.extend(range(lowest, highest + 1))
    return tuple(indexes)


def _both(missing: tuple[Problem, ...], outcome: Outcome) -> Refusal:
    """Everything wrong at once: what is not there, and what admission says besides."""
    if isinstance(outcome, Refusal):
        return msgspec.structs.replace(outcome, problems=(*outcome.problems, *missing))
    binary = missing[0].field == "binary"
    title = (
        "the job's binary is missing" if binary else "the job asks for a plug-in that is not here"
    )
    return Refusal(RefusalCode.INVALID, title, missing)
