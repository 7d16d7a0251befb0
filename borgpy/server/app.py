"""The Borgmaster's HTTP application: the routes, and what happens to every request before and after them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from borgpy.errors import BorgError
from borgpy.model.api import ProblemDetails
from borgpy.server import problems
from borgpy.server.auth import Gate, Right, require
from borgpy.server.cell_api import CellApi
from borgpy.server.jobs_api import JobsApi
from borgpy.server.machines_api import MachinesApi
from borgpy.server.metrics import Metrics
from borgpy.server.openapi import describe
from borgpy.server.packages_api import PackagesApi
from borgpy.server.policy_api import PolicyApi
from borgpy.server.route import Call, Route, reply
from borgpy.server.services import Services
from borgpy.server.settings import Settings
from borgpy.server.tasks_api import TasksApi

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(
    services: Services, gate: Gate, metrics: Metrics, settings: Settings
) -> web.Application:
    """The application over the parts of a running Borgmaster."""
    app = web.Application(
        middlewares=[_problems_as_answers], client_max_size=settings.max_body_bytes
    )
    for route in routes(services, metrics):
        app.router.add_route(route.method, route.path, _guarded(route, gate))
    return app


def routes(services: Services, metrics: Metrics) -> tuple[Route, ...]:
    """Everything that is served."""
    table = (
        *JobsApi(services).routes(),
        *TasksApi(services).routes(),
        *MachinesApi(services).routes(),
        *PackagesApi(services).routes(),
        *CellApi(services).routes(),
        *PolicyApi(services).routes(),
    )

    async def healthz(_call: Call) -> web.Response:
        trouble = services.committer.trouble
        return reply({"ok": not trouble, "trouble": trouble}, status=503 if trouble else 200)

    async def metrics_text(_call: Call) -> web.Response:
        text = metrics.text(services.cell, services.clock.now())
        return web.Response(body=text, content_type="text/plain", charset="utf-8")

    async def openapi(_call: Call) -> web.Response:
        return reply(describe((*table, *own), services.cell.name))

    own = (
        Route(
            method="GET",
            path="/healthz",
            handler=healthz,
            summary="Whether the Borgmaster serves and its journal takes writes",
            rights=(),
            answer=dict[str, bool | str],
        ),
        Route(
            method="GET",
            path="/metrics",
            handler=metrics_text,
            summary="Counters and gauges for Prometheus",
            rights=(Right.READ,),
            media="text/plain",
        ),
        Route(
            method="GET",
            path="/v1/openapi.json",
            handler=openapi,
            summary="This description",
            rights=(),
            answer=dict[str, Any],
        ),
    )
    return (*table, *own)


def _guarded(route: Route, gate: Gate) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        principal = None
        if route.rights:
            principal = gate.principal(request.headers.get("Authorization"))
            require(principal, route.rights)
        return await route.handler(Call(request, principal))

    return handle


@web.middleware
async def _problems_as_answers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is answered as a problem that says what to do."""
    try:
        return await handler(request)
    except BorgError as error:
        return problems.of_error(error, request.headers.get("Idempotency-Key", ""))
    except web.HTTPRequestEntityTooLarge as error:
        return problems.answer(
            ProblemDetails(
                "the request's body is too large", 413, "too_large", detail=error.text or ""
            )
        )
    except web.HTTPException as error:
        if error.status < 400:
            raise
        title = f"{request.method} {request.path}: {error.reason}"
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status, "invalid")
        hint = "GET /v1/openapi.json describes everything that is served"
        return problems.answer(ProblemDetails(title, error.status, code, hint=hint))
    except ConnectionResetError:
        log.debug("%s has gone away during %s", request.remote, request.path)
        raise asyncio.CancelledError from None
    except Exception:
        log.exception("a fault while answering %s %s", request.method, request.path)
        return problems.answer(
            ProblemDetails(
                "a fault of borgpy", 500, "fault", hint="the Borgmaster's log has the details"
            )
        )
