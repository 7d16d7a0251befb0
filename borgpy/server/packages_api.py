"""Packages over HTTP: binaries on their way from people to Borglets."""

from aiohttp import web

from borgpy.errors import InvalidConfig, NotFound
from borgpy.server.auth import Right
from borgpy.server.route import Call, Route, reply
from borgpy.server.services import Services

PIECE_BYTES = 1 << 18


class PackagesApi:
    """Handlers about packages."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> tuple[Route, ...]:
        path = "/v1/packages/{digest}"
        binary = "application/octet-stream"
        return (
            Route(
                method="PUT",
                path=path,
                handler=self.put,
                summary="Upload a package; its name is the SHA-256 of its bytes",
                rights=(Right.WRITE,),
                body=bytes,
            ),
            Route(
                method="HEAD",
                path=path,
                handler=self.get,
                summary="Whether a package is here",
                rights=(Right.READ, Right.FETCH),
                media=binary,
            ),
            Route(
                method="GET",
                path=path,
                handler=self.get,
                summary="A package's bytes",
                rights=(Right.READ, Right.FETCH),
                media=binary,
            ),
        )

    async def put(self, call: Call) -> web.Response:
        size = call.request.content_length
        if size is None:
            raise InvalidConfig(
                "an upload says its length beforehand", hint="send a Content-Length"
            )
        pieces = call.request.content.iter_chunked(PIECE_BYTES)
        fresh = await self._services.packages.put(call.path("digest"), size, pieces)
        return reply({"digest": call.path("digest"), "size": size}, status=201 if fresh else 200)

    async def get(self, call: Call) -> web.StreamResponse:
        path = self._services.packages.path(call.path("digest"))
        if path is None:
            raise NotFound(f"there is no package {call.path('digest')}")
        return web.FileResponse(
            path, chunk_size=PIECE_BYTES, headers={"Content-Type": "application/octet-stream"}
        )
