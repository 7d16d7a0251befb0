"""What a Borglet answers over HTTP: polls with orders, and logs."""

import asyncio
import hmac
import logging
from collections.abc import Iterable, Mapping

import msgspec
from aiohttp import web

from borgpy.borglet.devices import with_devices
from borgpy.borglet.facts import Instance
from borgpy.borglet.logs import STREAMS, end_of, read_at, tail_offset
from borgpy.borglet.machine import LocalMachine, Machine, Orders
from borgpy.borglet.sandbox import Sandbox
from borgpy.borglet.state import Allegiance, BorgletFiles
from borgpy.clock import Clock
from borgpy.model.api import ProblemDetails
from borgpy.model.names import JobKey, is_name, split_job
from borgpy.model.orders import (
    EPOCH_HEADER,
    MAX_MACHINES_PER_POLL,
    MachineOrders,
    MachineReport,
    Poll,
    PollReply,
    TaskOrder,
)
from borgpy.model.spec import TaskSpec

log = logging.getLogger(__name__)

BODY_MOST = 32 * 1024 * 1024
"""Orders for 500 machines with 100 tasks each take some 5 MB, specs included."""

MACHINES_AT_A_TIME = 50
"""After so many machines the event loop gets a turn."""

FOLLOW_SECONDS = 0.2

MSGPACK = "application/msgpack"


class Refused(Exception):
    """An answer other than 200; ``sworn_to`` is the higher epoch for which it is refused, if that is the reason."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        hint: str = "",
        *,
        sworn_to: int = 0,
    ) -> None:
        super().__init__(title)
        self.headers = {EPOCH_HEADER: str(sworn_to)} if sworn_to else {}
        self.problem = ProblemDetails(title, status, code, detail, hint)


class BorgletServer:
    """Takes orders for ``machines``. What is wrong with a request is said clearly, and such a request changes nothing."""

    def __init__(
        self,
        files: BorgletFiles,
        allegiance: Allegiance,
        machines: Mapping[str, Machine],
        clock: Clock,
    ) -> None:
        self.allegiance = allegiance
        self._files = files
        self._machines = machines
        self._clock = clock
        self._orders = asyncio.Lock()
        self._decoder = msgspec.msgpack.Decoder(Poll)
        self._encoder = msgspec.msgpack.Encoder()
        self._polled: dict[str, float] = {}
        self._closed = False
        self._order_epochs = dict.fromkeys(machines, allegiance.epoch)

    def close(self) -> None:
        """Take no more orders: the machines are being emptied."""
        self._closed = True

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY_MOST, middlewares=[_problems])
        app.router.add_post("/v1/poll", self.poll)
        app.router.add_get("/v1/logs", self.logs)
        app.router.add_get("/healthz", self.healthz)
        return app

    def unpolled(self, seconds: float) -> list[str]:
        """The machines that nobody has asked for at least this long."""
        since = self._clock.steady_seconds() - seconds
        return [name for name in self._machines if self._polled.get(name, since) <= since]

    def joined(self, names: Iterable[str]) -> None:
        """Their time begins anew."""
        now = self._clock.steady_seconds()
        self._polled.update(dict.fromkeys(names, now))

    async def swear(self, allegiance: Allegiance) -> None:
        """Take orders from this cell, in this epoch, from here on: durable before anything is done for it."""
        if allegiance != self.allegiance:
            await asyncio.to_thread(self._files.save_allegiance, allegiance)
            self.allegiance = allegiance

    async def healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def poll(self, request: web.Request) -> web.Response:
        self._authenticate(request)
        try:
            poll = self._decoder.decode(await request.read())
        except msgspec.DecodeError as error:
            raise Refused(400, "invalid", "this is no poll", str(error)) from error
        orders = _orders_of(poll)
        if self._closed:
            raise Refused(503, "unavailable", "this Borglet is ending, and its tasks with it")
        async with self._orders:  # two Borgmasters may ask at once, and only one may have its way
            await self._accept(poll)
            reports = await self._take_in(poll, orders)
        reply = self._encoder.encode(PollReply(poll.epoch, poll.seq, tuple(reports)))
        return web.Response(body=reply, content_type=MSGPACK)

    async def logs(self, request: web.Request) -> web.StreamResponse:
        self._authenticate(request)
        wanted = _LogRequest.of(request.query)
        for machine in self._machines.values():
            if isinstance(machine, LocalMachine):
                sandbox = await asyncio.to_thread(
                    machine.sandbox, wanted.job, wanted.index, wanted.incarnation
                )
                if sandbox is not None:
                    return await _send_log(request, machine, sandbox, wanted)
        raise Refused(404, "not_found", f"no logs of {wanted.job}/{wanted.index} are kept here")

    def _authenticate(self, request: web.Request) -> None:
        credential = self.allegiance.credential
        offered = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not credential or not hmac.compare_digest(offered.encode(), credential.encode()):
            raise Refused(
                401,
                "unauthenticated",
                "orders must carry the cell's credential",
                hint="" if credential else "this Borglet has not joined a cell yet",
            )

    async def _accept(self, poll: Poll) -> None:
        mine = self.allegiance
        if poll.cell != mine.cell:
            raise Refused(
                409, "conflict", f"this Borglet belongs to cell {mine.cell}, not {poll.cell}"
            )
        if poll.epoch < mine.epoch:
            raise Refused(
                409,
                "conflict",
                f"epoch {poll.epoch} is over: the Borgmaster of epoch {mine.epoch} has given orders",
                sworn_to=mine.epoch,
            )
        try:
            await self.swear(msgspec.structs.replace(mine, epoch=poll.epoch))
        except OSError as error:
            raise Refused(
                507, "store_full", f"the epoch cannot be kept: {error.strerror}"
            ) from error

    async def _take_in(self, poll: Poll, orders: Mapping[str, Orders]) -> list[MachineReport]:
        now = self._clock.steady_seconds()
        reports = []
        for count, wanted in enumerate(poll.machines, start=1):
            machine = self._machines.get(wanted.machine)
            if machine is None:
                continue
            self._polled[wanted.machine] = now
            # Polls of one Borgmaster may overtake each other on the way; a new one always has its way.
            newer = wanted.orders_seq >= machine.held()
            if wanted.run is not None and (
                newer or poll.epoch > self._order_epochs[wanted.machine]
            ):
                self._order_epochs[wanted.machine] = poll.epoch
                machine.adopt(self.allegiance.cell, wanted.orders_seq, orders[wanted.machine])
            reports.append(machine.report(wanted.known_report))
            if count % MACHINES_AT_A_TIME == 0:
                await asyncio.sleep(0)
        return reports


class _LogRequest(msgspec.Struct, frozen=True):
    job: JobKey
    index: int
    incarnation: int
    stream: str
    tail: int | None
    offset: int | None
    follow: bool

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "_LogRequest":
        def number(name: str) -> int | None:
            text = query.get(name, "")
            if text and not (text.isdecimal() and len(text) < 18):
                raise Refused(400, "invalid", f"{name} is no number: {text[:40]!r}")
            return int(text) if text else None

        job, stream = query.get("job", ""), query.get("stream", STREAMS[0])
        if not all(map(is_name, split_job(JobKey(job)))):
            raise Refused(400, "invalid", f"job must be user/job, not {job[:80]!r}")
        if stream not in STREAMS:
            raise Refused(400, "invalid", f"stream must be one of {', '.join(STREAMS)}")
        return cls(
            job=JobKey(job),
            index=number("index") or 0,
            incarnation=number("incarnation") or 0,
            stream=stream,
            tail=number("tail"),
            offset=number("offset"),
            follow=query.get("follow", "0") == "1",
        )


async def _send_log(
    request: web.Request, machine: LocalMachine, sandbox: Sandbox, wanted: _LogRequest
) -> web.StreamResponse:
    """Send what there is, and then what comes, until the client leaves or nothing can come any more."""
    folder, stream = sandbox.logs, wanted.stream
    offset = wanted.offset or 0
    if wanted.offset is None and wanted.tail is not None:
        offset = await asyncio.to_thread(tail_offset, folder, stream, wanted.tail)
    end = await asyncio.to_thread(end_of, folder, stream)
    response = web.StreamResponse(
        headers={"X-Borg-Offset": str(offset), "Cache-Control": "no-store"}
    )
    response.content_type, response.charset = "text/plain", "utf-8"
    await response.prepare(request)
    try:
        while True:
            may_grow = wanted.follow and machine.exists(sandbox)
            offset, piece = await asyncio.to_thread(read_at, folder, stream, offset)
            if not wanted.follow:
                piece = piece[: max(end - offset, 0)]
            if piece:
                await response.write(piece)
                offset += len(piece)
            elif may_grow:
                await asyncio.sleep(FOLLOW_SECONDS)
            else:
                break
        await response.write_eof()
    except (ConnectionError, asyncio.CancelledError):
        log.debug("the reader of %s has left", folder)
        raise
    return response


def _orders_of(poll: Poll) -> dict[str, Orders]:
    """The orders of each machine that gets any, with their specs; `Refused` when they do not fit together."""
    if len(poll.machines) > MAX_MACHINES_PER_POLL:
        raise Refused(400, "invalid", f"more than {MAX_MACHINES_PER_POLL} machines in one poll")
    jobs: set[str] = set()
    return {
        wanted.machine: _with_devices([_order(o, poll.specs, jobs) for o in wanted.run], wanted)
        for wanted in poll.machines
        if wanted.run is not None
    }


def _with_devices(orders: Orders, wanted: MachineOrders) -> Orders:
    if not wanted.devices:
        return orders
    devices = {(told.job, told.index): told.devices for told in wanted.devices}
    return [
        (task, with_devices(spec, devices[task.key]) if task.key in devices else spec)
        for task, spec in orders
    ]


def _order(
    order: TaskOrder, specs: Mapping[str, TaskSpec], jobs: set[str]
) -> tuple[Instance, TaskSpec]:
    """``jobs`` are those whose names have been looked at."""
    spec = specs.get(order.spec)
    if spec is None:
        raise Refused(
            400, "invalid", f"the poll orders spec {order.spec[:40]!r} and does not bring it"
        )
    if order.job not in jobs:
        if not all(map(is_name, split_job(order.job))):
            raise Refused(400, "invalid", f"{order.job[:80]!r} is no name of a job")
        jobs.add(order.job)
    if order.index < 0 or order.incarnation < 1:
        raise Refused(
            400, "invalid", f"{order.job}/{order.index} has no incarnation {order.incarnation}"
        )
    return Instance(order.job, order.index, order.incarnation), spec


@web.middleware
async def _problems(request: web.Request, handler):  # type: ignore[no-untyped-def]
    """Every refusal is an application/problem+json."""
    try:
        return await handler(request)
    except Refused as refused:
        return _problem(refused.problem, refused.headers)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        code = {404: "not_found", 413: "too_large"}.get(error.status, "invalid")
        return _problem(ProblemDetails(error.reason, error.status, code))


def _problem(problem: ProblemDetails, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(problem),
        status=problem.status,
        content_type="application/problem+json",
        headers=headers,
    )
