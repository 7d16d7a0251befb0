"""Health checks against a real server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from borgpy.borglet.health import HealthChecker
from borgpy.model.spec import HealthCheck


async def answer(request: web.Request) -> web.Response:
    if request.path == "/slow":
        await asyncio.sleep(30)
    if request.path == "/moved":
        raise web.HTTPFound("/200")
    if request.path == "/cut":
        assert request.transport is not None
        request.transport.abort()
    return web.Response(status=int(request.path[1:] or 200) if request.path != "/cut" else 200)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
async def checker() -> AsyncIterator[HealthChecker]:
    checker = HealthChecker("127.0.0.1")
    yield checker
    await checker.close()


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/200", ""),
        ("204", ""),
        ("/500", "answered 500"),
        ("/404", "answered 404"),
        ("/moved", "answered 302"),
        ("/slow", "did not answer within 0.2 s"),
        ("/cut", "did not answer as HTTP"),
    ],
)
async def test_only_2xx_in_time_is_healthy(
    checker: HealthChecker, port: int, path: str, wrong: str
) -> None:
    said = await checker.check(HealthCheck(path=path, timeout_ms=200), port)
    assert said == wrong or (wrong and said.startswith("http://127.0.0.1") and wrong in said)


async def test_nobody_there_is_not_healthy(checker: HealthChecker) -> None:
    assert "refused the connection" in await checker.check(HealthCheck(), 1)
    assert await checker.check(HealthCheck(port="admin"), 0) == "the task has no port named 'admin'"
