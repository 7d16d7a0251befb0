"""A Borgmaster's far side of HTTP: it serves canned views on loopback, refuses when told to, and notes what it was asked."""

import asyncio
import hashlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import msgspec
from aiohttp import web

from borgpy.model.alloc import AllocSetSpec
from borgpy.model.api import (
    CellView,
    EventView,
    JobView,
    MachineView,
    PassesView,
    PolicyView,
    ProblemDetails,
    QuotaView,
    TaskView,
    WhyView,
)
from borgpy.model.lifecycle import PHASE_STATE, Phase
from borgpy.model.names import JobKey, bns_name, job_key
from borgpy.model.policy import Policy
from borgpy.model.priority import band_of
from borgpy.model.refusal import Accepted
from borgpy.model.resources import NOTHING, Resources
from borgpy.model.spec import JobSpec

TOKEN = "secret"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Seen(msgspec.Struct, frozen=True):
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    key: str
    body: bytes


class FakeBorgmaster:
    """What it answers with are its attributes. ``jobs`` holds scripts: each look at a job gives its next view, and the
    last one stays. ``answers`` are error answers for the next requests, by method; 0 breaks the connection."""

    def __init__(self) -> None:
        self.cell = CellView("ic", "0", 1, 1, 0, "me", 0, {}, {}, NOTHING, NOTHING)
        self.jobs: dict[JobKey, list[JobView]] = {}
        self.tasks: dict[JobKey, list[TaskView]] = {}
        self.why: list[WhyView] = []
        self.events: list[EventView] = []
        self.machines: list[MachineView] = []
        self.quota: list[QuotaView] = []
        self.policy = PolicyView(0, Policy())
        self.passes = PassesView(())
        self.packages: dict[str, bytes] = {}
        self.logs: dict[int, bytes] = {}
        self.accepted = Accepted(seq=2, version=1)
        self.script: list[JobView] = []
        self.answers: dict[str, list[int | ProblemDetails]] = {}
        self.break_events_after: int | None = None
        self.seen: list[Seen] = []
        self.address = ""

    def asked(self, method: str, path: str = "") -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method and seen.path.startswith(path)]

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve from a thread of its own; the address."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        runner = web.AppRunner(self._app(), shutdown_timeout=0.1)
        try:
            asyncio.run_coroutine_threadsafe(self._start(runner), loop).result(10)
            yield self.address
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    async def _start(self, runner: web.AppRunner) -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._note], client_max_size=1 << 26)
        job = "/v1/jobs/{user}/{job}"
        app.add_routes(
            [
                web.get("/healthz", self._say(lambda: {"ok": True})),
                web.get("/v1/cell", self._say(lambda: self.cell)),
                web.get("/v1/jobs", self._list_jobs),
                web.get(job, self._job),
                web.put(job, self._put_job),
                web.put("/v1/allocs/{user}/{job}", self._put_allocs),
                web.delete(job, self._delete_job),
                web.get(job + "/tasks", self._list_tasks),
                web.get(job + "/why", self._say(lambda: self.why)),
                web.get(job + "/tasks/{index}/why", self._say(lambda: self.why[0])),
                web.get(job + "/tasks/{index}/logs", self._logs),
                web.get("/v1/events", self._events),
                web.get("/v1/machines", self._list_machines),
                web.get("/v1/machines/{name}", self._machine),
                web.get("/v1/quota", self._say(lambda: self.quota)),
                web.put("/v1/quota/{user}/{band}", self._accept),
                web.get("/v1/policy", self._say(lambda: self.policy)),
                web.put("/v1/policy", self._accept),
                web.get("/v1/passes", self._say(lambda: self.passes)),
                web.get("/v1/packages/{digest}", self._package),
                web.put("/v1/packages/{digest}", self._put_package),
                web.get("/v1/checkpoint", self._checkpoint),
            ]
        )
        return app

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await request.read()
        key = request.headers.get("Idempotency-Key", "")
        self.seen.append(Seen(request.method, request.path, dict(request.query), key, body))
        if request.path != "/healthz" and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(ProblemDetails("who are you?", 401, "unauthenticated"))
        waiting = self.answers.get(request.method, [])
        if waiting:
            answer = waiting.pop(0)
            if answer == 0:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            if isinstance(answer, int):
                answer = ProblemDetails("told to say so", answer, "")
            return problem(answer)
        return await handler(request)

    async def _reply(self, value: object) -> web.Response:
        return web.json_response(body=msgspec.json.encode(value))

    def _say(self, value: Callable[[], object]) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            return await self._reply(value())

        return handler

    async def _page(
        self, request: web.Request, rows: list[MachineView] | list[TaskView]
    ) -> web.Response:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        return await self._reply(rows[offset : offset + limit])

    async def _list_jobs(self, request: web.Request) -> web.Response:
        views = [script[0] for script in self.jobs.values()]
        user = request.query.get("user", "")
        return await self._reply([view for view in views if not user or view.spec.user == user])

    def _key(self, request: web.Request) -> JobKey:
        key = job_key(request.match_info["user"], request.match_info["job"])
        if request.method != "PUT" and key not in self.jobs:
            missing = ProblemDetails(f"there is no job {key}", 404, "not_found")
            raise web.HTTPNotFound(text=msgspec.json.encode(missing).decode())
        return key

    async def _job(self, request: web.Request) -> web.Response:
        script = self.jobs[self._key(request)]
        view = script.pop(0) if len(script) > 1 else script[0]
        if len(script) == 1 and "wait_ms" in request.query:
            await asyncio.sleep(min(0.05, int(request.query["wait_ms"]) / 1000))
        return await self._reply(view)

    async def _put_job(self, request: web.Request) -> web.Response:
        return await self._put(request, msgspec.json.decode(await request.read(), type=JobSpec))

    async def _put_allocs(self, request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=AllocSetSpec)
        return await self._put(request, asked.job())

    async def _put(self, request: web.Request, spec: JobSpec) -> web.Response:
        if "dry_run" not in request.query:
            self.jobs[self._key(request)] = self.script or [a_view(spec, healthy=spec.replicas)]
            self.tasks.setdefault(spec.key, [a_task(spec, index) for index in range(spec.replicas)])
        return await self._reply(self.accepted)

    async def _delete_job(self, request: web.Request) -> web.Response:
        key = self._key(request)
        view = self.jobs[key][-1]
        if "indexes" not in request.query:
            self.jobs[key] = [
                a_view(view.spec, stopped=True, stopping=2),
                a_view(view.spec, stopped=True),
            ]
        return await self._reply(Accepted(seq=3, stopped=view.spec.replicas))

    async def _list_tasks(self, request: web.Request) -> web.Response:
        return await self._page(request, self.tasks.get(self._key(request), []))

    async def _logs(self, request: web.Request) -> web.Response:
        index = int(request.match_info["index"])
        if index not in self.logs:
            return problem(ProblemDetails("nothing is kept", 404, "not_found"))
        return web.Response(body=self.logs[index], content_type="text/plain")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{}\n")
        for sent, event in enumerate(e for e in self.events if e.seq > int(request.query["after"])):
            if sent == self.break_events_after:
                self.break_events_after = None
                assert request.transport is not None
                request.transport.abort()
                return response
            await response.write(msgspec.json.encode(event) + b"\n")
        return response

    async def _list_machines(self, request: web.Request) -> web.Response:
        return await self._page(request, self.machines)

    async def _machine(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return await self._reply(next(m for m in self.machines if m.name == name))

    async def _accept(self, request: web.Request) -> web.Response:
        return await self._reply(self.accepted)

    async def _package(self, request: web.Request) -> web.Response:
        if request.match_info["digest"] not in self.packages:
            return web.Response(status=404)
        return web.Response()

    async def _put_package(self, request: web.Request) -> web.Response:
        content, digest = await request.read(), request.match_info["digest"]
        if hashlib.sha256(content).hexdigest() != digest:
            return problem(ProblemDetails("the bytes are others", 422, "wrong_digest"))
        self.packages[digest] = content
        return web.Response(status=201)

    async def _checkpoint(self, request: web.Request) -> web.Response:
        return web.Response(body=b"checkpoint" * 1000)


def problem(details: ProblemDetails) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(details),
        status=details.status,
        content_type="application/problem+json",
    )


def a_view(
    spec: JobSpec, *, stopped: int = False, outdated: int = 0, seq: int = 1, **phases: int
) -> JobView:
    """A job with so many tasks in each phase."""
    living = ("running", "healthy", "unhealthy")
    return JobView(
        key=spec.key,
        spec=spec,
        band=band_of(spec.priority),
        version=1,
        by=spec.user,
        submitted_at=0,
        stopped=bool(stopped),
        phases=phases,
        running=sum(phases.get(phase, 0) for phase in living),
        healthy=phases.get("healthy", 0),
        pending=phases.get("waiting", 0) + phases.get("throttled", 0),
        outdated=outdated,
        seq=seq,
        summary=f"{phases.get('healthy', 0)} of {spec.replicas} healthy",
    )


def a_task(
    spec: JobSpec,
    index: int,
    *,
    phase: Phase = Phase.HEALTHY,
    url: str = "http://127.0.0.1:1/",
    reason: str = "",
    restarts: int = 0,
) -> TaskView:
    return TaskView(
        job=spec.key,
        index=index,
        state=PHASE_STATE[phase],
        phase=phase,
        since=0,
        machine="m1",
        incarnation=1,
        outdated=False,
        pid=1234,
        ports={"port": 1},
        url=url,
        bns=bns_name("ic", spec.key, index, "local"),
        restarts=restarts,
        evictions=0,
        exit_code=-9 if restarts else None,
        reason=reason,
        ready_at=0,
        usage=None,
    )


A_CAPACITY = Resources(cpu=8000, ram=32 << 30, disk=500 << 30, ports=1000)
