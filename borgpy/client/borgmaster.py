"""The Borgmaster's HTTP interface as typed calls."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from borgpy.client.transport import Endpoint, Reply, Request, Retries, Transport
from borgpy.clock import new_id
from borgpy.errors import Unreachable
from borgpy.model.alloc import alloc_set_of
from borgpy.model.api import (
    CellView,
    EventView,
    JobView,
    MachineView,
    PassesView,
    PolicyView,
    QuotaView,
    TaskView,
    WhyView,
)
from borgpy.model.names import JobKey
from borgpy.model.orders import Join, Joined
from borgpy.model.policy import Policy
from borgpy.model.priority import Band
from borgpy.model.refusal import Accepted
from borgpy.model.resources import Resources
from borgpy.model.spec import JobSpec, Package

T = TypeVar("T")

PAGE = 1000
"""A page of tasks or machines is encoded and sent in a few milliseconds, and ten of them are a job of 10,000."""

LONGEST_LINE = 16 * 1024 * 1024
"""An event names every task it touches; one that is longer than this is no event."""

HEARTBEAT_SECONDS = 60.0
"""A followed stream of events that says nothing for this long, not even ``{}``, is broken."""

UPLOAD_SECONDS = 600.0


class LogStream(msgspec.Struct, frozen=True):
    """Which log of a task. ``tail`` is how many lines from the end (none: all), ``incarnation`` 0 the newest."""

    stream: str = "stdout"
    tail: int | None = None
    follow: bool = False
    incarnation: int = 0


class BorgmasterClient:
    """One Borgmaster, reached over HTTP. Reads are retried, writes too, under one idempotency key each."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_seconds: float = 30.0,
        retries: Retries | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._transport = Transport(endpoint, timeout_seconds=timeout_seconds, retries=retries)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._transport.__aexit__(kind, error, trace)

    async def check_health(self) -> None:
        """Return if the Borgmaster serves; `Unreachable` if not."""
        await self._transport.send(Request("GET", "/healthz"))

    async def cell(self) -> CellView:
        return await self._read("/v1/cell", CellView)

    async def jobs(self, user: str = "") -> list[JobView]:
        return await self._read("/v1/jobs", list[JobView], {"user": user} if user else {})

    async def job(self, key: JobKey, *, after: int = 0, wait_ms: int = 0) -> JobView:
        """The job; with ``wait_ms`` not before it changed after sequence ``after``, or that time has passed."""
        params = {"after": str(after), "wait_ms": str(wait_ms)} if wait_ms else {}
        request = Request("GET", f"/v1/jobs/{key}", params, timeout_seconds=30 + wait_ms / 1000)
        return self._decoded(await self._transport.send(request), JobView)

    async def submit(
        self,
        spec: JobSpec,
        *,
        if_version: int | None = None,
        dry_run: bool = False,
        request_id: str = "",
    ) -> Accepted:
        """Make the job, or alloc set, so. ``dry_run`` answers what would come of it, and changes nothing."""
        params = {} if if_version is None else {"if_version": str(if_version)}
        if dry_run:
            params["dry_run"] = "1"
        if spec.is_alloc_set:
            body, path = msgspec.json.encode(alloc_set_of(spec)), f"/v1/allocs/{spec.key}"
        else:
            body, path = msgspec.json.encode(spec), f"/v1/jobs/{spec.key}"
        return await self._write(Request("PUT", path, params, _key(request_id), body))

    async def stop(
        self,
        key: JobKey,
        *,
        indexes: tuple[int, ...] | None = None,
        purge: bool = False,
        request_id: str = "",
    ) -> Accepted:
        """Kill the job's tasks: all of them, or those of ``indexes``."""
        params = {} if indexes is None else {"indexes": _ranges(indexes)}
        if purge:
            params["purge"] = "1"
        return await self._write(Request("DELETE", f"/v1/jobs/{key}", params, _key(request_id)))

    async def tasks(self, key: JobKey) -> list[TaskView]:
        """All tasks of the job, by index."""
        return await self._pages(f"/v1/jobs/{key}/tasks", list[TaskView])

    async def why(self, key: JobKey, index: int | None = None) -> list[WhyView]:
        """Why the task is where it is; without ``index`` one answer for each distinct reason in the job."""
        if index is None:
            return await self._read(f"/v1/jobs/{key}/why", list[WhyView])
        return [await self._read(f"/v1/jobs/{key}/tasks/{index}/why", WhyView)]

    async def logs(self, key: JobKey, index: int, which: LogStream) -> AsyncIterator[bytes]:
        """The bytes a task wrote; followed, until it is gone."""
        params = {"stream": which.stream, "incarnation": str(which.incarnation)}
        if which.tail is not None:
            params["tail"] = str(which.tail)
        if which.follow:
            params["follow"] = "1"
        request = Request("GET", f"/v1/jobs/{key}/tasks/{index}/logs", params)
        async with self._transport.stream(request) as chunks:
            async for chunk in chunks:
                yield chunk

    async def events(
        self, *, after: int = 0, job: JobKey | None = None, follow: bool = False, limit: int = 0
    ) -> AsyncIterator[EventView]:
        """The history after sequence ``after``. A stream that breaks off is resumed where it stood, a few times."""
        params = {"job": str(job)} if job else {}
        if follow:
            params["follow"] = "1"
        if limit:
            params["limit"] = str(limit)
        last, failures = (after, -1), 0
        while True:
            # One sequence number may have many events, so that the one it broke off in is asked for again.
            resumed = last[0] if last[1] < 0 else last[0] - 1
            request = Request("GET", "/v1/events", params | {"after": str(resumed)})
            try:
                silence = HEARTBEAT_SECONDS if follow else None
                async with self._transport.stream(request, silence) as chunks:
                    async for line in _lines(chunks):
                        failures = 0
                        if line in (b"{}", b""):
                            continue
                        event = _decode(line, EventView, self.endpoint)
                        if (event.seq, event.ordinal) > last:
                            yield event
                            last = (event.seq, event.ordinal)
                if not follow:
                    return
            except Unreachable:
                if failures + 1 >= self._transport.attempts:
                    raise
            await self._transport.pause(failures)
            failures += 1

    async def machines(self) -> list[MachineView]:
        return await self._pages("/v1/machines", list[MachineView])

    async def machine(self, name: str) -> MachineView:
        return await self._read(f"/v1/machines/{name}", MachineView)

    async def remove_machine(self, name: str) -> Accepted:
        return await self._write(Request("DELETE", f"/v1/machines/{name}", {}, _key("")))

    async def join(self, machines: Join) -> Joined:
        body = msgspec.json.encode(machines)
        request = Request("POST", "/v1/machines", {}, _key(""), body)
        return self._decoded(await self._transport.send(request), Joined)

    async def quota(self, user: str = "") -> list[QuotaView]:
        return await self._read("/v1/quota", list[QuotaView], {"user": user} if user else {})

    async def set_quota(self, user: str, band: Band, limit: Resources) -> Accepted:
        body = msgspec.json.encode(limit)
        return await self._write(
            Request("PUT", f"/v1/quota/{user}/{band.value}", {}, _key(""), body)
        )

    async def policy(self) -> PolicyView:
        return await self._read("/v1/policy", PolicyView)

    async def set_policy(
        self, policy: Policy, *, if_version: int | None = None, dry_run: bool = False
    ) -> Accepted:
        """Place tasks by ``policy`` from now on. ``if_version`` must be the present policy's version."""
        params = {} if if_version is None else {"if_version": str(if_version)}
        if dry_run:
            params["dry_run"] = "1"
        body = msgspec.json.encode(policy)
        return await self._write(Request("PUT", "/v1/policy", params, _key(""), body))

    async def passes(self) -> PassesView:
        """The last scheduling passes."""
        return await self._read("/v1/passes", PassesView)

    async def has_package(self, digest: str) -> bool:
        request = Request("HEAD", f"/v1/packages/{digest}")
        return (await self._transport.send(request)).status == 200

    async def upload(self, package: Package, path: Path) -> bool:
        """Bring the file at ``path`` into the package store; False if it was there already."""
        if await self.has_package(package.digest):
            return False
        request = Request(
            "PUT",
            f"/v1/packages/{package.digest}",
            headers=_key(package.digest),
            upload=lambda: path.open("rb"),
            timeout_seconds=UPLOAD_SECONDS,
        )
        await self._transport.send(request)
        return True

    async def checkpoint(self) -> AsyncIterator[bytes]:
        """A checkpoint of the present state, as Fauxmaster reads it."""
        async with self._transport.stream(Request("GET", "/v1/checkpoint"), 60.0) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _read(self, path: str, kind: type[T], params: dict[str, str] | None = None) -> T:
        reply = await self._transport.send(Request("GET", path, params or {}))
        return self._decoded(reply, kind)

    async def _pages(self, path: str, kind: type[list[T]]) -> list[T]:
        """Everything in a long list, page by page."""
        everything: list[T] = []
        while True:
            params = {"offset": str(len(everything)), "limit": str(PAGE)}
            page = await self._read(path, kind, params)
            everything += page
            if len(page) < PAGE:
                return everything

    async def _write(self, request: Request) -> Accepted:
        return self._decoded(await self._transport.send(request), Accepted)

    def _decoded(self, reply: Reply, kind: type[T]) -> T:
        return _decode(reply.body, kind, self.endpoint)


def _decode(body: bytes, kind: type[T], endpoint: Endpoint) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreachable(
            f"what answers at {endpoint.address} is no Borgmaster that this release understands: {error}"
        ) from error


def _key(request_id: str) -> dict[str, str]:
    return {"Idempotency-Key": request_id or new_id()}


def _ranges(indexes: tuple[int, ...]) -> str:
    """``(0, 1, 2, 7)`` as ``0-2,7``: ten thousand indexes must fit a URL."""
    parts: list[list[int]] = []
    for index in sorted(set(indexes)):
        if parts and parts[-1][1] == index - 1:
            parts[-1][1] = index
        else:
            parts.append([index, index])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole lines of a stream; aiohttp's own reader gives up on lines beyond its buffer."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.strip()
        if len(rest) > LONGEST_LINE:
            raise Unreachable("the stream of events holds a line that is no event")
    if rest.strip():
        yield rest.strip()
