"""The cell as a whole over HTTP: its state, quota, history, snapshot and checkpoint."""

import asyncio

import msgspec
from aiohttp import web

from borgpy.errors import InvalidConfig, StoreUnavailable
from borgpy.master.story import sentence
from borgpy.master.views import cell_summary, quota_views
from borgpy.model.api import CellView, EventView, QuotaView
from borgpy.model.events import Record
from borgpy.model.names import JobKey
from borgpy.model.operations import SetQuota
from borgpy.model.priority import Band
from borgpy.model.quota import Quota
from borgpy.model.refusal import Accepted
from borgpy.model.resources import Resources
from borgpy.scheduling.snapshot import SnapshotFacts
from borgpy.server import problems
from borgpy.server.auth import Right
from borgpy.server.route import Call, Query, Route, reply
from borgpy.server.services import Services

PAGE = 500
"""Events encoded at a stretch."""

PIECE_BYTES = 1 << 18
"""Of a checkpoint sent at a stretch: it may have tens of megabytes."""

HEARTBEAT_SECONDS = 10.0
"""A silent stream says that it lives, so that both ends notice when it does not."""


class CellApi:
    """Handlers about the cell."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/v1/cell",
                handler=self.show,
                summary="The cell as a whole",
                answer=CellView,
            ),
            Route(
                method="GET",
                path="/v1/quota",
                handler=self.list_quota,
                summary="Quota and what is charged to it",
                answer=tuple[QuotaView, ...],
                query=(Query("user", str, "only this user's"),),
            ),
            Route(
                method="PUT",
                path="/v1/quota/{user}/{band}",
                handler=self.set_quota,
                summary="Set a user's limit in one band",
                rights=(Right.ADMIN,),
                body=Resources,
                answer=Accepted,
                idempotent_key=True,
            ),
            Route(
                method="GET",
                path="/v1/events",
                handler=self.events,
                summary="What happened, one JSON object a line; empty objects are heart-beats",
                answer=EventView,
                media="application/x-ndjson",
                query=(
                    Query("after", int, "resume behind this journal sequence"),
                    Query("job", str, "only events about this job, as user/job"),
                    Query("follow", bool, "go on with what happens, until the caller leaves"),
                    Query("limit", int, "end after about so many; a sequence is never torn apart"),
                ),
            ),
            Route(
                method="GET",
                path="/v1/snapshot",
                handler=self.snapshot,
                summary="Machines and pending tasks, as the scheduler sees them",
                answer=SnapshotFacts,
            ),
            Route(
                method="GET",
                path="/v1/checkpoint",
                handler=self.checkpoint,
                summary="A checkpoint of the present state, for Fauxmaster",
                rights=(Right.ADMIN,),
                media="application/octet-stream",
            ),
        )

    async def show(self, _call: Call) -> web.Response:
        return reply(cell_summary(self._services.cell), seq=self._services.cell.seq)

    async def list_quota(self, call: Call) -> web.Response:
        cell = self._services.cell
        return reply(quota_views(cell, call.text("user")), seq=cell.seq)

    async def set_quota(self, call: Call) -> web.Response:
        try:
            band = Band(call.path("band"))
        except ValueError as error:
            bands = ", ".join(band.value for band in Band)
            raise InvalidConfig(f"{call.path('band')!r} is no band", hint=bands) from error
        outcome = await self._services.request(
            SetQuota(
                at=0,
                by=call.principal.user,
                request_id=call.request_id,
                quota=Quota(call.path("user"), band, await call.body(Resources)),
            )
        )
        return problems.of_outcome(outcome, call, self._services.cell.seq)

    async def events(self, call: Call) -> web.StreamResponse:
        after, job = call.integer("after", 0), call.text("job")
        limit, follow = call.integer("limit", 1 << 62, 1), call.flag("follow")
        historian = self._services.historian
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(call.request)
        while limit > 0:
            flushed = historian.flushed
            records = await self._read(after, job, min(limit, PAGE))
            if records:
                await response.write(b"".join(map(_line, records)))
                after, limit = records[-1].seq, limit - len(records)
            elif not follow:
                if flushed >= self._services.cell.seq:
                    break
                await historian.progress.wait(1.0)  # what has been answered is told
            elif historian.flushed == flushed and not await historian.progress.wait(
                HEARTBEAT_SECONDS
            ):
                await response.write(b"{}\n")
            else:
                after = max(after, flushed)
        await response.write_eof()
        return response

    async def snapshot(self, _call: Call) -> web.Response:
        taken = self._services.scheduler.facts()
        body = await asyncio.to_thread(msgspec.json.encode, taken)
        return web.Response(
            body=body,
            content_type="application/json",
            headers={"X-Borg-Index": str(taken.seq)},
        )

    async def checkpoint(self, call: Call) -> web.StreamResponse:
        seq = await self._services.take_checkpoint()
        saved = await asyncio.to_thread(self._services.store.checkpoints.newest)
        if saved is None or saved.seq < seq:
            raise StoreUnavailable("the checkpoint was not kept")
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Length": str(len(saved.blob)),
                "X-Borg-Index": str(saved.seq),
                "X-State-Hash": saved.state_hash,
            }
        )
        await response.prepare(call.request)
        for start in range(0, len(saved.blob), PIECE_BYTES):
            await response.write(saved.blob[start : start + PIECE_BYTES])
        await response.write_eof()
        return response

    async def _read(self, after: int, job: str | None, limit: int) -> list[Record]:
        key = None if job is None else JobKey(job)
        return await asyncio.to_thread(self._services.store.history.read, after, key, limit)


def _line(record: Record) -> bytes:
    view = EventView(record.seq, record.ordinal, record.at, sentence(record.event), record.event)
    return msgspec.json.encode(view) + b"\n"
