"""One HTTP session with a Borgmaster: authentication, bounded retries, and errors as exceptions."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import BinaryIO, Self

import aiohttp
import msgspec

from borgpy.client.problems import error_of, read_problem
from borgpy.clock import new_seed, seeded
from borgpy.errors import InvalidConfig, Unreachable

RETRIED_STATUSES = frozenset({502, 503, 504, 507})
"""Answers that may be another a moment later. What the caller did wrong (4xx) stays wrong."""

CONNECT_SECONDS = 5.0


class Endpoint(msgspec.Struct, frozen=True):
    """Where a Borgmaster answers, and the token to show it. ``ca_file`` is trusted besides the system's authorities."""

    address: str
    token: str = ""
    ca_file: str = ""


class Retries(msgspec.Struct, frozen=True):
    """How often a request is sent at most, and how long to wait in between: doubling, with some chance in it."""

    attempts: int = 5
    first_ms: int = 100
    longest_ms: int = 2000

    def pause_seconds(self, attempt: int, chance: float) -> float:
        """How long to wait after failure number ``attempt`` (from 0); ``chance`` is in 0..1."""
        full = min(self.longest_ms, self.first_ms << min(attempt, 16))
        return full * (0.5 + chance / 2) / 1000


class Request(msgspec.Struct, frozen=True):
    """A request. ``body`` is JSON; ``upload`` opens a file whose bytes are sent instead, anew for each attempt."""

    method: str
    path: str
    params: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    upload: Callable[[], BinaryIO] | None = None
    timeout_seconds: float | None = None


class Reply(msgspec.Struct, frozen=True):
    """A successful answer, or the 404 of a HEAD."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Requests to one Borgmaster. Every request it takes may be sent more than once: reads, and writes with a key."""

    def __init__(
        self, endpoint: Endpoint, *, timeout_seconds: float, retries: Retries | None = None
    ) -> None:
        self.endpoint = endpoint
        self._timeout_seconds = timeout_seconds
        self._retries = retries or Retries()
        self._chance = seeded(new_seed())
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"User-Agent": "borgpy"}
        if self.endpoint.token:
            headers["Authorization"] = f"Bearer {self.endpoint.token}"
        connector = aiohttp.TCPConnector(ssl=_trusted(self.endpoint.ca_file), limit=100)
        self._session = aiohttp.ClientSession(connector=connector, headers=headers)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, request: Request) -> Reply:
        """The answer; refusals and a silent Borgmaster as the exceptions of `borgpy.errors`."""
        for attempt in range(self._retries.attempts):
            last = attempt + 1 == self._retries.attempts
            try:
                reply = await self._exchange(request)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if last:
                    raise self._silent(error) from error
            else:
                if reply.status < 400 or (request.method == "HEAD" and reply.status == 404):
                    return reply
                if last or reply.status not in RETRIED_STATUSES:
                    raise error_of(read_problem(reply.status, reply.body))
            await self.pause(attempt)
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def stream(
        self, request: Request, silence_seconds: float | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The answer's bytes as they come, sent once; `Unreachable` if it breaks off or stays silent too long."""
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=silence_seconds
        )
        try:
            async with self._open.request(
                request.method, self._url(request), params=request.params, timeout=timeout
            ) as response:
                if response.status >= 400:
                    raise error_of(read_problem(response.status, await response.read()))
                yield response.content.iter_any()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._silent(error) from error

    async def pause(self, attempt: int) -> None:
        """Wait as long as is due after failure number ``attempt``."""
        await asyncio.sleep(self._retries.pause_seconds(attempt, self._chance.random()))

    @property
    def attempts(self) -> int:
        return self._retries.attempts

    async def _exchange(self, request: Request) -> Reply:
        seconds = request.timeout_seconds or self._timeout_seconds
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        headers = dict(request.headers)
        content: bytes | BinaryIO | None = request.body or None
        if request.upload is not None:
            content = request.upload()
            headers["Content-Type"] = "application/octet-stream"
        elif request.body:
            headers["Content-Type"] = "application/json"
        async with self._open.request(
            request.method,
            self._url(request),
            params=request.params,
            data=content,
            headers=headers,
            timeout=timeout,
        ) as response:
            return Reply(response.status, response.headers, await response.read())

    @property
    def _open(self) -> aiohttp.ClientSession:
        assert self._session is not None, "use the client inside `async with`"
        return self._session

    def _url(self, request: Request) -> str:
        return self.endpoint.address.rstrip("/") + request.path

    def _silent(self, error: BaseException) -> Unreachable:
        if isinstance(error, aiohttp.InvalidURL):
            why = "this is no http:// or https:// address"
        else:
            why = "it took too long" if isinstance(error, TimeoutError) else str(error)
        return Unreachable(
            f"the Borgmaster at {self.endpoint.address} does not answer: {why or type(error).__name__}",
            hint="is it running? `borgcfg cell status` tells",
        )


def _trusted(ca_file: str) -> ssl.SSLContext | bool:
    if not ca_file:
        return True
    try:
        context = ssl.create_default_context()
        context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise InvalidConfig(f"{ca_file} holds no certificates to trust: {error}") from error
    return context
