"""Machines over HTTP: joining, looking, removing."""

from aiohttp import web

from borgpy.admission.numbered import pool_refusal
from borgpy.errors import InvalidConfig, NotFound
from borgpy.master.views import machine_view
from borgpy.model.api import MachineView
from borgpy.model.operations import JoinMachines, RemoveMachine
from borgpy.model.orders import MAX_MACHINES_PER_POLL, Join, Joined
from borgpy.model.refusal import Accepted, Refusal
from borgpy.server import problems
from borgpy.server.auth import Right
from borgpy.server.route import Call, Query, Route, reply
from borgpy.server.services import Services

MAX_MACHINES = 1000


class MachinesApi:
    """Handlers about machines."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/v1/machines",
                handler=self.list_machines,
                summary="The cell's machines, by name",
                answer=tuple[MachineView, ...],
                query=(
                    Query("offset", int, "skip so many machines"),
                    Query("limit", int, f"at most so many, {MAX_MACHINES} without it"),
                ),
            ),
            Route(
                method="GET",
                path="/v1/machines/{name}",
                handler=self.show,
                summary="One machine",
                answer=MachineView,
            ),
            Route(
                method="POST",
                path="/v1/machines",
                handler=self.join,
                summary="A Borglet joins with its machines",
                rights=(Right.JOIN,),
                body=Join,
                answer=Joined,
            ),
            Route(
                method="DELETE",
                path="/v1/machines/{name}",
                handler=self.remove,
                summary="Forget a machine that runs nothing",
                rights=(Right.ADMIN,),
                answer=Accepted,
                idempotent_key=True,
            ),
        )

    async def list_machines(self, call: Call) -> web.Response:
        cell = self._services.cell
        offset = call.integer("offset", 0)
        limit = call.integer("limit", MAX_MACHINES, 1, MAX_MACHINES)
        names = sorted(cell.machines)[offset : offset + limit]
        return reply([machine_view(cell, name) for name in names], seq=cell.seq)

    async def show(self, call: Call) -> web.Response:
        cell, name = self._services.cell, call.path("name")
        if name not in cell.machines:
            raise NotFound(f"there is no machine {name} in cell {cell.name}")
        return reply(machine_view(cell, name), seq=cell.seq)

    async def join(self, call: Call) -> web.Response:
        join = await call.body(Join)
        if len(join.machines) > MAX_MACHINES_PER_POLL:
            raise InvalidConfig(
                f"{len(join.machines)} machines at once; at most {MAX_MACHINES_PER_POLL} may join",
                hint="join in several requests",
            )
        refusal = pool_refusal(join.machines)
        if refusal is not None:
            return problems.of_refusal(refusal)
        operation = JoinMachines(at=0, by=call.principal.user, machines=join.machines)
        # A Borglet that joins again brings nothing new most of the time; the journal need not know.
        outcome = self._services.master.preview(operation)
        if isinstance(outcome, Accepted) and outcome.created:
            outcome = await self._services.request(operation)
        if isinstance(outcome, Refusal):
            return problems.of_refusal(outcome)
        cell = self._services.cell
        return reply(Joined(cell.name, cell.epoch, self._services.credential), seq=cell.seq)

    async def remove(self, call: Call) -> web.Response:
        outcome = await self._services.request(
            RemoveMachine(
                at=0,
                by=call.principal.user,
                request_id=call.request_id,
                machine=call.path("name"),
            )
        )
        return problems.of_outcome(outcome, call, self._services.cell.seq)
