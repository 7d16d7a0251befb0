"""Over HTTP: by what the cell places tasks, and what the last scheduling passes were."""

from aiohttp import web

from borgpy.master.borgmaster import Borgmaster
from borgpy.model.api import PassesView, PolicyView
from borgpy.model.operations import SetPolicy
from borgpy.model.policy import Policy
from borgpy.model.policy_text import complete
from borgpy.model.refusal import Accepted, Outcome, Problem, Refusal, RefusalCode
from borgpy.server import problems
from borgpy.server.auth import Right
from borgpy.server.route import Call, Query, Route, reply
from borgpy.server.services import Services


class PolicyApi:
    """Handlers about scheduling."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                method="GET",
                path="/v1/policy",
                handler=self.show,
                summary="By what tasks are placed, with every knob",
                answer=PolicyView,
            ),
            Route(
                method="PUT",
                path="/v1/policy",
                handler=self.change,
                summary="Place tasks by another policy; a knob that is left out has its default",
                rights=(Right.ADMIN,),
                body=Policy,
                answer=Accepted,
                query=(
                    Query("if_version", int, "refuse unless the policy has this version"),
                    Query("dry_run", bool, "say whether it could be used, and change nothing"),
                ),
                idempotent_key=True,
            ),
            Route(
                method="GET",
                path="/v1/passes",
                handler=self.passes,
                summary="The last scheduling passes: what they looked at, and how long they took",
                answer=PassesView,
            ),
        )

    async def show(self, _call: Call) -> web.Response:
        cell = self._services.cell
        view = {
            "version": cell.policy_version,
            "policy": complete(cell.policy),
            "plugins": tuple(self._services.passes.book.plugins),
        }
        return reply(view, seq=cell.seq)

    async def change(self, call: Call) -> web.Response:
        policy = await call.body(Policy)
        operation = SetPolicy(
            at=0,
            by=call.principal.user,
            request_id=call.request_id,
            policy=policy,
            if_version=call.integer("if_version", 0) if call.text("if_version") else None,
        )
        missing = self._services.passes.book.problems("plugins", policy.plugins)
        if missing:
            outcome = _with(missing, self._services.master, operation)
        elif call.flag("dry_run"):
            outcome = self._services.master.preview(operation)
        else:
            outcome = await self._services.request(operation)
        return problems.of_outcome(outcome, call, self._services.cell.seq)

    async def passes(self, _call: Call) -> web.Response:
        return reply(self._services.passes.view(), seq=self._services.cell.seq)


def _with(missing: tuple[Problem, ...], master: Borgmaster, operation: SetPolicy) -> Outcome:
    """Everything wrong at once: the plug-ins that are not there, and what the master says besides."""
    preview = master.preview(operation)
    said = preview.problems if isinstance(preview, Refusal) else ()
    return Refusal(RefusalCode.INVALID, "the policy cannot be used", (*said, *missing))
