"""Running scheduling passes beside the event loop, and remembering what the last of them were."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from borgpy.clock import Clock
from borgpy.model.api import PassesView, PassView
from borgpy.model.names import JobKey
from borgpy.model.passes import PassRecord
from borgpy.model.plan import Plan, Veto, VetoKind
from borgpy.model.policy import Policy
from borgpy.scheduling.plugins import words_of
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.room import Kept
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import Snapshot
from borgpy.server.plugins import PluginBook

log = logging.getLogger(__name__)

T = TypeVar("T")

KEPT = 100
"""Passes remembered: some minutes of a busy cell, in some tens of kilobytes."""

PATIENCE_SECONDS = 10.0
"""A pass that takes longer is spoken of, and again each time it has taken twice as long. None of ours does."""


class Passes:
    """One pass at a time. ``passed`` is told of each that has ended."""

    def __init__(
        self,
        clock: Clock,
        book: PluginBook,
        passed: Callable[[PassView], None],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._clock = clock
        self.book = book
        self._passed = passed
        self._patience_seconds = patience_seconds
        self._last: deque[PassView] = deque(maxlen=KEPT)
        self._began: int | None = None
        self._kept = Kept()
        self._refusals: dict[JobKey, tuple[Veto, ...]] = {}

    def view(self) -> PassesView:
        """The last passes, and the one that runs."""
        running = 0 if self._began is None else self._clock.steady_ns() - self._began
        asking = self.book.asking if self._began is not None else ""
        return PassesView(tuple(self._last), running // 1_000_000, asking)

    def plugins_against(self, job: JobKey) -> tuple[Veto, ...]:
        """What plug-ins had against a job's pending tasks in the last pass."""
        return self._refusals.get(job, ())

    def hindrance(self) -> str:
        """What is wrong with passes as a whole, and keeps every task waiting; empty: nothing is."""
        view = self.view()
        if view.running_ms >= self._patience_seconds * 1000:
            waits = f", and waits for the plug-in {view.asking}" if view.asking else ""
            return f"the scheduling pass has been running for {view.running_ms // 1000} s{waits}"
        if view.passes and view.passes[-1].trouble:
            return f"the last scheduling pass failed: {view.passes[-1].trouble}"
        return ""

    async def run(self, snapshot: Snapshot, policy: Policy, seed: int) -> Plan:
        """The plan for this snapshot; whatever a pass raises is raised, and remembered."""
        at, began = self._clock.now(), self._clock.steady_ns()
        recorder = Recorder(self._clock.steady_ns)
        kept, self._kept = (
            self._kept,
            Kept(),
        )  # a pass that fails, or is left behind, leaves nothing

        def work() -> _Done:
            plugins = self.book.plugins
            plan = schedule_pass(
                snapshot, policy, seed, plugins=plugins, recorder=recorder, kept=kept
            )
            return _Done(plan, recorder.record(snapshot, plan), _by_plugins(plan))

        self._began = began
        trouble = "it was cancelled"
        try:
            done = await self._watched(work)
        except Exception as error:
            trouble = words_of(error)
            raise
        else:
            self._refusals, trouble, self._kept = done.by_plugins, "", kept
            return done.plan
        finally:
            self._began = None
            nothing = Plan(snapshot.seq, seed)
            record = recorder.record(snapshot, nothing) if trouble else done.record
            took = self._clock.steady_ns() - began
            self._keep(PassView(at, took, record, trouble=trouble))

    def add_stale(self, count: int) -> None:
        """So many placements of the last pass did not hold any more."""
        last = self._last.pop()
        self._last.append(msgspec.structs.replace(last, stale=last.stale + count))

    def _keep(self, view: PassView) -> None:
        self._last.append(view)
        self._passed(view)
        for fault in dict.fromkeys(view.record.faults):
            log.warning("a pass met a fault: %s", fault)

    async def _watched(self, work: Callable[[], T]) -> T:
        """Wait for the work, and speak up while it does not end."""
        ending = in_a_thread_of_its_own(work)
        waited, patience = 0.0, self._patience_seconds
        while True:
            done, _ = await asyncio.wait({ending}, timeout=patience)
            if done:
                return ending.result()
            waited += patience
            plugin = self.book.asking
            waits = f"; it waits for the plug-in {plugin}" if plugin else ""
            log.warning("a scheduling pass has not ended after %g s%s", waited, waits)
            patience = waited


class _Done(msgspec.Struct, frozen=True, eq=False):
    """What a pass came to, all of it found out beside the event loop: plans may be long."""

    plan: Plan
    record: PassRecord
    by_plugins: dict[JobKey, tuple[Veto, ...]]


def _by_plugins(plan: Plan) -> dict[JobKey, tuple[Veto, ...]]:
    """What plug-ins have against the tasks that are left, by job."""
    found: dict[JobKey, tuple[Veto, ...]] = {}
    for left in plan.unplaced:
        vetoes = tuple(veto for veto in left.vetoes if veto.kind is VetoKind.PLUGIN)
        if vetoes:
            found[left.job] = vetoes
    return found


def in_a_thread_of_its_own(work: Callable[[], T]) -> asyncio.Future[T]:
    """The outcome of ``work``, done in a thread that nobody waits for at the end of the process.

    `asyncio.to_thread` would: a plug-in that never returns would then keep the Borgmaster from ending, too.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(action: Callable[[Any], None], value: object) -> None:
        if not future.done():  # nobody may be waiting any more
            action(value)

    def tell_the_loop(action: Callable[[Any], None], value: object) -> None:
        with suppress(RuntimeError):  # it has ended meanwhile
            loop.call_soon_threadsafe(tell, action, value)

    def run() -> None:
        try:
            outcome = work()
        except Exception as error:  # noqa: BLE001 - it is raised where the outcome is awaited
            tell_the_loop(future.set_exception, error)
        except BaseException as error:  # noqa: BLE001 - a plug-in that calls sys.exit must not end the cell
            fault = RuntimeError(f"{type(error).__name__}: {error}")
            tell_the_loop(future.set_exception, fault)
        else:
            tell_the_loop(future.set_result, outcome)

    threading.Thread(target=run, name="scheduling pass", daemon=True).start()
    return future
