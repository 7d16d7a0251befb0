"""Single tasks over HTTP: where they are, why, and what they printed."""

from collections.abc import Iterator

import aiohttp
import msgspec
from aiohttp import web

from borgpy.errors import InvalidConfig, NotFound, Unreachable
from borgpy.master.views import task_view
from borgpy.master.why import job_why, task_why
from borgpy.model.api import TaskView, WhyView
from borgpy.model.cell import Job
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey
from borgpy.model.task import Task
from borgpy.scheduling.wording import veto_sentence
from borgpy.server.auth import require_owner
from borgpy.server.jobs_api import AFTER, WAIT
from borgpy.server.route import MAX_WAIT_MS, Call, Query, Route, reply
from borgpy.server.services import Services

MAX_TASKS = 1000
"""Tasks on one page; more would hold the event loop for longer than 20 ms."""

STREAMS = ("stdout", "stderr")

_LOG_QUERY = (
    Query("stream", str, "stdout or stderr"),
    Query("tail", int, "only the last so many lines"),
    Query("follow", bool, "go on with what is printed, until the task is gone"),
    Query("incarnation", int, "an earlier run; the newest without it"),
)


class TasksApi:
    """Handlers about the tasks of a job."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> tuple[Route, ...]:
        job = "/v1/jobs/{user}/{job}"
        page = (
            Query("offset", int, "skip so many tasks"),
            Query("limit", int, f"at most so many, {MAX_TASKS} without it"),
        )
        return (
            Route(
                method="GET",
                path=f"{job}/tasks",
                handler=self.list_tasks,
                summary="The tasks of a job, by index",
                answer=tuple[TaskView, ...],
                query=(*page, AFTER, WAIT),
            ),
            Route(
                method="GET",
                path=f"{job}/tasks/{{index}}",
                handler=self.show,
                summary="One task",
                answer=TaskView,
            ),
            Route(
                method="GET",
                path=f"{job}/why",
                handler=self.why_job,
                summary="Why the job's tasks are where they are, each reason once",
                answer=tuple[WhyView, ...],
            ),
            Route(
                method="GET",
                path=f"{job}/tasks/{{index}}/why",
                handler=self.why_task,
                summary="Why a task is where it is",
                answer=WhyView,
            ),
            Route(
                method="GET",
                path=f"{job}/tasks/{{index}}/logs",
                handler=self.logs,
                summary="What a task printed, also after its end",
                media="text/plain",
                query=_LOG_QUERY,
            ),
        )

    def _with_passes(self, view: WhyView) -> WhyView:
        """With what keeps passes as a whole from placing it, and what plug-ins had against it in the last one.

        Plug-ins are not asked again, for they may take their time.
        """
        if view.phase is not Phase.WAITING or not view.machines:
            return view
        passes = self._services.passes
        found, store = passes.plugins_against(view.job), self._services.committer.trouble
        said = [f"no placement can be written: {store}"] if store else []
        said += [hindrance] if (hindrance := passes.hindrance()) else []
        said += [f"in the last pass, {veto_sentence(veto, view.machines)}" for veto in found]
        return msgspec.structs.replace(
            view, sentences=(*said, *view.sentences), vetoes=(*view.vetoes, *found)
        )

    async def list_tasks(self, call: Call) -> web.Response:
        key, job = self._services.job(call.path("user"), call.path("job"))
        after = call.integer("after", -1)
        if after >= 0:
            wait_ms = call.integer("wait_ms", 0, highest=MAX_WAIT_MS)
            await self._services.until_changed(key, after, wait_ms)
            key, job = self._services.job(call.path("user"), call.path("job"))
        offset = call.integer("offset", 0)
        limit = call.integer("limit", MAX_TASKS, 1, MAX_TASKS)
        indexes = sorted(job.tasks)[offset : offset + limit]
        return reply(list(self._views(key, job, indexes)), seq=self._services.cell.seq)

    async def show(self, call: Call) -> web.Response:
        key, job, task = self._task(call)
        return reply(next(self._views(key, job, [task.index])), seq=self._services.cell.seq)

    async def why_task(self, call: Call) -> web.Response:
        services = self._services
        await services.scheduler.refresh()
        key, _, task = self._task(call)
        now = services.clock.now()
        view = task_why(services.cell, services.scheduler.snapshot(), key, task.index, now)
        return reply(self._with_passes(view), seq=services.cell.seq)

    async def why_job(self, call: Call) -> web.Response:
        services = self._services
        await services.scheduler.refresh()
        key, _ = services.job(call.path("user"), call.path("job"))
        views = job_why(services.cell, services.scheduler.snapshot(), key, services.clock.now())
        return reply([self._with_passes(view) for view in views], seq=services.cell.seq)

    async def logs(self, call: Call) -> web.StreamResponse:
        require_owner(call.principal, call.path("user"), "read the logs")
        key, job, task = self._task(call)
        if job.spec.is_alloc_set:
            raise NotFound(
                f"{key} is an alloc set: it prints nothing", hint="ask for the logs of a job in it"
            )
        stream = call.text("stream") or "stdout"
        if stream not in STREAMS:
            raise InvalidConfig(f"stream is {stream!r}; it is stdout or stderr")
        machine = self._services.cell.machines.get(task.machine)
        if machine is None:
            raise NotFound(
                f"{key}/{task.index} has printed nothing: it was never placed"
                if not task.machine
                else f"the logs of {key}/{task.index} went with machine {task.machine}"
            )
        query = {
            "job": key,
            "index": str(task.index),
            "stream": stream,
            "follow": str(int(call.flag("follow"))),
            "incarnation": str(call.integer("incarnation", 0)),
        }
        if call.text("tail") is not None:
            query["tail"] = str(call.integer("tail", 0))
        return await self._relay(call, f"{machine.spec.address}/v1/logs", query)

    async def _relay(self, call: Call, url: str, query: dict[str, str]) -> web.StreamResponse:
        """Pass on what the Borglet sends, as it comes."""
        services = self._services
        headers = {"Authorization": f"Bearer {services.credential}"}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=300)
        try:
            async with services.http.get(
                url, params=query, headers=headers, timeout=timeout
            ) as upstream:
                if upstream.status == 404:
                    raise NotFound(
                        "nothing is kept of what it printed",
                        hint="logs are collected some time after a task has ended",
                    )
                if upstream.status != 200:
                    raise Unreachable(f"the Borglet answered with status {upstream.status}")
                response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
                await response.prepare(call.request)
                async for piece in upstream.content.iter_any():
                    await response.write(piece)
                await response.write_eof()
                return response
        except (aiohttp.ClientConnectorError, TimeoutError) as error:
            raise Unreachable(
                f"the task's Borglet does not answer: {error}",
                hint="its logs are there again once the machine is",
            ) from error

    def _task(self, call: Call) -> tuple[JobKey, Job, Task]:
        key, job = self._services.job(call.path("user"), call.path("job"))
        task = job.tasks.get(call.index())
        if task is None:
            raise NotFound(
                f"{key} has no task {call.index()}",
                hint=f"its tasks are 0 to {job.spec.replicas - 1}",
            )
        return key, job, task

    def _views(self, key: JobKey, job: Job, indexes: list[int]) -> Iterator[TaskView]:
        for index in indexes:
            task = job.tasks[index]
            usage = self._services.usage.latest(key, index, task.incarnation)
            yield task_view(self._services.cell, key, task, usage)
