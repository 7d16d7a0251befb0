"""One table of routes: what is served, who may ask, and the types that the OpenAPI description is made of."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from borgpy.errors import InvalidConfig
from borgpy.server.auth import Principal, Right

T = TypeVar("T")

MAX_WAIT_MS = 60_000
"""A long poll is answered after a minute at the latest; proxies cut longer ones."""


class Query(msgspec.Struct, frozen=True):
    """A parameter in the query string."""

    name: str
    type: type
    description: str


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of the interface. Any of ``rights`` will do; with none of them named, nobody needs a token."""

    method: str
    path: str
    handler: Callable[["Call"], Awaitable[web.StreamResponse]]
    summary: str
    rights: tuple[Right, ...] = (Right.READ,)
    body: Any = None
    answer: Any = None
    media: str = "application/json"
    query: tuple[Query, ...] = ()
    idempotent_key: bool = False


class Call:
    """One request, with what it carries in typed form. Anything that does not parse is `InvalidConfig`."""

    def __init__(self, request: web.Request, principal: Principal | None) -> None:
        self.request = request
        self._principal = principal

    @property
    def principal(self) -> Principal:
        """Who is asking; only where the route needs a right."""
        assert self._principal is not None, "this route needs no token"
        return self._principal

    @property
    def request_id(self) -> str:
        """The caller's own id of a write, by which a repetition is known; empty if there is none."""
        key = self.request.headers.get("Idempotency-Key", "")
        if len(key) > 200:
            raise InvalidConfig("the Idempotency-Key is longer than 200 characters")
        # Ids are a user's own, so that nobody can take another's answer by guessing.
        return f"{self.principal.user}:{key}" if key else ""

    def path(self, name: str) -> str:
        return self.request.match_info[name]

    def index(self) -> int:
        """The task index in the path."""
        return _integer("task index", self.path("index"), 0, 10**9)

    def text(self, name: str) -> str | None:
        return self.request.query.get(name)

    def integer(self, name: str, default: int, lowest: int = 0, highest: int = 1 << 62) -> int:
        """A whole number from the query string."""
        text = self.request.query.get(name)
        return default if text is None else _integer(name, text, lowest, highest)

    def flag(self, name: str) -> bool:
        text = self.request.query.get(name, "0")
        if text not in ("0", "1", "true", "false", ""):
            raise InvalidConfig(f"{name} is {text!r}; it is 0 or 1")
        return text in ("1", "true", "")

    async def body(self, kind: type[T]) -> T:
        """The JSON body as a ``kind``, with the field named where it does not fit."""
        raw = await self.request.read()
        try:
            return msgspec.json.decode(raw, type=kind)
        except msgspec.ValidationError as error:
            raise InvalidConfig(
                f"the request's body does not fit: {error}",
                hint="GET /v1/openapi.json describes every field",
            ) from error
        except msgspec.DecodeError as error:
            raise InvalidConfig(f"the request's body is no JSON: {error}") from error


def reply(value: object, *, seq: int | None = None, status: int = 200) -> web.Response:
    """A value as JSON, with the journal sequence it was read at."""
    headers = {} if seq is None else {"X-Borg-Index": str(seq)}
    return web.Response(
        body=msgspec.json.encode(value),
        status=status,
        content_type="application/json",
        headers=headers,
    )


def _integer(name: str, text: str, lowest: int, highest: int) -> int:
    if not text.isdecimal() or not lowest <= int(text[:20]) <= highest:
        raise InvalidConfig(f"{name} is {text!r}; it is a whole number from {lowest} to {highest}")
    return int(text)
