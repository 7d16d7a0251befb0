"""The Borgmaster: a cell and the one door through which it changes.

State is the fold of `Borgmaster.apply` over the journal. Everything else here only reads. The class knows nothing of
sockets, clocks, databases or threads: `borgpy.server` and the tests give it a body.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from borgpy.master import apply_jobs, apply_machines
from borgpy.master.apply_plan import apply_plan
from borgpy.master.apply_policy import set_policy
from borgpy.master.apply_reports import observe
from borgpy.master.due import collect_garbage
from borgpy.master.evolve import evolve, settle
from borgpy.master.following import count_followers, with_followers
from borgpy.master.updates import replace_tasks
from borgpy.model import operations as o
from borgpy.model.cell import Cell, CellView
from borgpy.model.events import Answered, EpochBegun, Event, Faulted, RulesAdopted
from borgpy.model.refusal import Accepted, Outcome, Problem, Refusal, RefusalCode

RULES = 2
"""The rules by which this release applies entries. It knows all earlier ones, so old journals fold for ever.

2: the tasks of a lost machine are told in the order of their keys. Before, it was the order in which they had come, which
a checkpoint does not hold, so that the chain of a cell depended on whether it had been restarted.
"""

_encoder = msgspec.msgpack.Encoder()


class Borgmaster:
    """One cell's mind."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    @property
    def cell(self) -> CellView:
        """The cell, to look at."""
        return self._cell

    def check(self) -> None:
        """Assert the invariants of the cell."""
        self._cell.check()

    def take_touched(self, limit: int) -> list[str]:
        """At most ``limit`` of the machines that changed and were not taken yet: what a snapshot has to look at again."""
        touched = self._cell.touched
        return [touched.pop() for _ in range(min(limit, len(touched)))]

    def apply(self, operation: o.Operation) -> list[Event]:
        """Take the next entry of the journal, and say what happened.

        It decides here, at its own sequence, whatever was found out before. A fault of ours changes nothing and is an
        event, so that an entry which we cannot apply never becomes a crash loop.
        """
        cell = self._cell
        seq = cell.seq + 1
        try:
            events = self._decide(seq, operation)
        except Exception as error:  # noqa: BLE001 - the fold must go on; the event tells
            events = [Faulted(type(operation).__name__, f"{type(error).__name__}: {error}")]
        cell.seq = seq
        cell.at = max(cell.at, operation.at)
        cell.chain = _link(cell.chain, operation, events)
        evolve(cell, events)
        settle(cell)
        return events

    def preview(self, request: o.Request) -> Outcome:
        """What a request would come to as things stand, found without changing anything; sequence 0 if accepted.

        It spares the journal hopeless entries, and answers dry runs. `apply` decides again, at its own sequence.
        """
        known = self._cell.answers.get(request.request_id)
        if known is not None and known.fingerprint == _fingerprint(request):
            return known.outcome
        outcome, _ = _answer(self._cell, 0, request)
        return outcome

    def _decide(self, seq: int, operation: o.Operation) -> list[Event]:
        if isinstance(operation, o.Request):
            return self._answer(seq, operation)
        return with_followers(self._cell, _DECISIONS[type(operation)](self._cell, operation))

    def _answer(self, seq: int, request: o.Request) -> list[Event]:
        fingerprint = _fingerprint(request)
        known = self._cell.answers.get(request.request_id)
        if known is not None:
            outcome = known.outcome if known.fingerprint == fingerprint else _reused(request)
            return [Answered(request.by, outcome)]
        outcome, events = _answer(self._cell, seq, request)
        return [*events, Answered(request.by, outcome, request.request_id, fingerprint)]


def outcome_of(events: list[Event]) -> Outcome:
    """The answer to the request which caused ``events``."""
    for event in events:
        if isinstance(event, Answered):
            return event.outcome
        if isinstance(event, Faulted):
            return Refusal(RefusalCode.FAULT, f"a fault of borgpy: {event.error}")
    raise AssertionError("only requests have an outcome")


def _answer(cell: CellView, seq: int, request: o.Request) -> tuple[Outcome, list[Event]]:
    """What a request comes to, with all that follows from it."""
    outcome, events = _ANSWERS[type(request)](cell, seq, request)
    all_events = with_followers(cell, events)
    followed = count_followers(cell, events, all_events) if cell.allocs else 0
    if followed and isinstance(outcome, Accepted):
        outcome = msgspec.structs.replace(outcome, followed=followed)
    return outcome, all_events


def _link(chain: str, operation: o.Operation, events: list[Event]) -> str:
    digest = hashlib.sha256(chain.encode())
    digest.update(_encoder.encode(operation))
    digest.update(_encoder.encode(events))
    return digest.hexdigest()


def _fingerprint(request: o.Request) -> str:
    """What makes two requests the same: everything but when they arrived."""
    return hashlib.sha256(_encoder.encode(msgspec.structs.replace(request, at=0))).hexdigest()[:32]


def _reused(request: o.Request) -> Refusal:
    problem = Problem(
        "Idempotency-Key",
        "this request id was used for another request",
        hint="take a fresh id for each request, and repeat it only with the same content",
        got=request.request_id,
    )
    return Refusal(RefusalCode.CONFLICT, "request id used twice", (problem,))


def _leader_elected(cell: CellView, op: o.LeaderElected) -> list[Event]:
    return [EpochBegun(op.epoch, op.holder)] if op.epoch > cell.epoch else []


def _rules_changed(_cell: CellView, op: o.RulesChanged) -> list[Event]:
    return [RulesAdopted(op.rules)]


_DECISIONS: Mapping[type[o.Operation], Callable[[CellView, Any], list[Event]]] = {
    o.LeaderElected: _leader_elected,
    o.RulesChanged: _rules_changed,
    o.LoseMachines: apply_machines.lose_machines,
    o.Observe: observe,
    o.ApplyPlan: apply_plan,
    o.ReplaceTasks: replace_tasks,
    o.CollectGarbage: collect_garbage,
}

_ANSWERS: Mapping[
    type[o.Request], Callable[[CellView, int, Any], tuple[Accepted | Refusal, list[Event]]]
] = {
    o.SubmitJob: apply_jobs.submit_job,
    o.StopTasks: apply_jobs.stop_tasks,
    o.SetQuota: apply_jobs.set_quota,
    o.SetPolicy: set_policy,
    o.JoinMachines: apply_machines.join_machines,
    o.RemoveMachine: apply_machines.remove_machine,
}
