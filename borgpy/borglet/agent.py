"""The mind of a Borglet: orders and facts of one machine in, actions and a report out.

It does no I/O and reads no clock. Each task has at most one `Life` here, whatever its incarnation, so that two
incarnations are never alive at once: the next one begins when the shell has said that the last one is wholly gone.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from borgpy.borglet.actions import (
    Action,
    CheckHealth,
    FetchPackage,
    ForgetTask,
    KillTask,
    StartTask,
    StopTask,
)
from borgpy.borglet.facts import (
    Fact,
    HealthAnswered,
    Instance,
    LimitReached,
    PackageFailed,
    PackageReady,
    StartFailed,
    StartInterrupted,
    TaskExited,
    TaskStarted,
)
from borgpy.borglet.life import LIVE, Life, Stage
from borgpy.borglet.restarts import (
    QUICK_FAILURES_ALLOWED,
    QUICK_MS,
    back_off_ms,
    exit_words,
    quick_failures,
    restarts,
)
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey
from borgpy.model.orders import TaskReport
from borgpy.model.spec import HEALTHY_AFTER_MS, SECOND_MS, HealthCheck, TaskSpec
from borgpy.model.task import TaskStatus

PROBE_MS = SECOND_MS // 2
"""Until its first success within the grace period a task is asked this often, so that it counts as soon as it serves."""

STOP_SLACK_MS = 5 * SECOND_MS
"""A run is told again, harder, when it is still there this long after its notice ran out."""


class AgentState(msgspec.Struct, omit_defaults=True):
    """All that an `Agent` knows: what it was ordered to run, and what exists."""

    orders_seq: int = 0
    wanted: list[tuple[Instance, TaskSpec]] = []
    lives: list[Life] = []


class Agent:
    """Decides for one machine. Every method that takes ``at`` may return actions, to be carried out by the shell."""

    def __init__(self, state: AgentState | None = None) -> None:
        state = state or AgentState()
        self.orders_seq = state.orders_seq
        self._wanted = {task.key: (task, spec) for task, spec in state.wanted}
        self._lives = {life.task.key: life for life in state.lives}
        self._report: tuple[str, tuple[TaskReport, ...]] | None = None

    def state(self) -> AgentState:
        """Everything; `Agent(state)` goes on from there."""
        return AgentState(self.orders_seq, list(self._wanted.values()), list(self._lives.values()))

    def lives(self) -> Iterable[Life]:
        """What exists on the machine, to look at and not to touch."""
        return self._lives.values()

    def adopt(
        self, orders_seq: int, run: Sequence[tuple[Instance, TaskSpec]], at: int
    ) -> list[Action]:
        """From here on exactly these tasks are to run."""
        self._report = None
        self.orders_seq = orders_seq
        self._wanted = {task.key: (task, spec) for task, spec in run}
        actions: list[Action] = []
        for life in list(self._lives.values()):
            if not self._is_wanted(life):
                actions += self._drop(life, at)
        for key, (task, spec) in self._wanted.items():
            if key not in self._lives:
                actions += self._begin(task, spec, {})
        return actions

    def resume(self, at: int) -> list[Action]:
        """To be called once on a restored `Agent`, after a fact was observed for every life in `LIVE`."""
        self._report = None
        actions: list[Action] = []
        for life in list(self._lives.values()):
            life.checking = False
            if life.stage is Stage.FETCHING:
                actions.append(_fetch(life.task, life.spec))
            elif life.stage is Stage.STOPPING:
                actions += self._stop(life, life.spec.notice_ms, life.stop_reason, at)
        for key, (task, spec) in self._wanted.items():
            if key not in self._lives:
                actions += self._begin(task, spec, {})
        return actions

    def observe(self, fact: Fact, at: int) -> list[Action]:
        """Take in a fact. One about a task or a run that is no longer here changes nothing."""
        life = self._lives.get(fact.task.key)
        if life is None or life.task != fact.task:
            return []
        run = getattr(fact, "run", None)
        if run is not None and run != life.run:
            return []
        self._report = None
        return _TAKE_IN[type(fact)](self, life, fact, at)

    def tick(self, at: int) -> list[Action]:
        """Do what has become due."""
        actions: list[Action] = []
        for life in list(self._lives.values()):
            due = life.due_at()
            if due is not None and due <= at:
                self._report = None
                actions += self._due(life, at)
        return actions

    def due_at(self) -> int | None:
        """When `tick` is wanted next, should nothing else happen before."""
        return min(
            (due for life in self._lives.values() if (due := life.due_at()) is not None),
            default=None,
        )

    def report(self) -> tuple[int, str, tuple[TaskReport, ...]]:
        """The orders held, a name for exactly this content, and every task that exists or is ordered here."""
        if self._report is None:
            tasks = tuple(self._reports())
            digest = hashlib.blake2b(msgspec.msgpack.encode(tasks), digest_size=8)
            self._report = (digest.hexdigest(), tasks)
        return (self.orders_seq, *self._report)

    def _reports(self) -> Iterable[TaskReport]:
        for life in self._lives.values():
            yield _report_of(life.task, life.status())
        for key, (task, _) in self._wanted.items():
            life_here = self._lives.get(key)
            if life_here is not None and life_here.task != task:
                reason = f"waiting for incarnation {life_here.task.incarnation} to end"
                yield _report_of(task, TaskStatus(Phase.STARTING, reason=reason))

    # What is wanted, begins and ends

    def _is_wanted(self, life: Life) -> bool:
        wanted = self._wanted.get(life.task.key)
        return wanted is not None and wanted[0] == life.task

    def _begin(self, task: Instance, spec: TaskSpec, ports: dict[str, int]) -> list[Action]:
        kept = {name: port for name, port in ports.items() if name in spec.ports}
        self._lives[task.key] = Life(task, spec, Stage.FETCHING, ports=kept)
        return [_fetch(task, spec)]

    def _drop(self, life: Life, at: int) -> list[Action]:
        """No longer wanted. What is starting just now is stopped once it has started."""
        if life.stage is Stage.RUNNING:
            return self._stop(life, life.spec.notice_ms, "told to stop", at)
        return [] if life.stage in LIVE else self._gone(life)

    def _gone(self, life: Life) -> list[Action]:
        """Nothing of it is left; another incarnation may have waited for that."""
        del self._lives[life.task.key]
        actions: list[Action] = [ForgetTask(life.task)]
        wanted = self._wanted.get(life.task.key)
        return actions + self._begin(*wanted, life.ports) if wanted else actions

    def _start(self, life: Life) -> list[Action]:
        life.run += 1
        life.stage = Stage.STARTING
        life.pid = 0
        return [StartTask(life.task, life.run, life.spec, dict(life.ports))]

    def _stop(self, life: Life, notice_ms: int, reason: str, at: int) -> list[Action]:
        life.stage = Stage.STOPPING
        life.stop_reason = life.reason = reason
        life.stop_by = at + notice_ms + STOP_SLACK_MS
        return [StopTask(life.task, life.run, notice_ms, reason)]

    def _wait(self, life: Life, delay_ms: int, at: int) -> list[Action]:
        life.stage = Stage.WAITING
        life.retry_at = at + delay_ms
        return []

    def _end(self, life: Life, phase: Phase, reason: str) -> list[Action]:
        life.stage, life.phase, life.reason = Stage.ENDED, phase, reason
        return []

    # What facts change

    def _package_ready(self, life: Life, fact: PackageReady, at: int) -> list[Action]:
        if life.stage is not Stage.FETCHING:
            return []
        life.fetched, life.fetch_failures, life.reason = True, 0, ""
        return self._start(life)

    def _package_failed(self, life: Life, fact: PackageFailed, at: int) -> list[Action]:
        if life.stage is not Stage.FETCHING:
            return []
        life.fetch_failures += 1
        life.reason = fact.reason
        return self._wait(life, back_off_ms(life.fetch_failures), at)

    def _started(self, life: Life, fact: TaskStarted, at: int) -> list[Action]:
        if life.stage not in LIVE:
            return []
        life.pid, life.ports, life.started_at = fact.pid, fact.ports, fact.started_at
        if life.stage is not Stage.STARTING:
            return []
        life.stage, life.phase, life.health_failures = Stage.RUNNING, Phase.RUNNING, 0
        life.checking, life.reason = False, _story(life)
        life.began_at = at
        life.check_at = at + (PROBE_MS if life.spec.health else HEALTHY_AFTER_MS)
        if not self._is_wanted(life):
            return self._drop(life, at)
        return []

    def _start_interrupted(self, life: Life, fact: StartInterrupted, at: int) -> list[Action]:
        if life.stage not in LIVE:
            return []
        life.run -= 1
        if not self._is_wanted(life):
            return self._gone(life)
        return self._wait(life, 0, at)

    def _start_failed(self, life: Life, fact: StartFailed, at: int) -> list[Action]:
        if life.stage is not Stage.STARTING:
            return []
        return self._ended(life, None, fact.reason, 0, at)

    def _exited(self, life: Life, fact: TaskExited, at: int) -> list[Action]:
        if life.stage not in LIVE:
            return []
        life.exit_code = fact.exit_code
        reason = fact.reason or life.stop_reason or exit_words(fact.exit_code)
        return self._ended(life, fact.exit_code, reason, fact.exited_at - life.started_at, at)

    def _ended(
        self, life: Life, exit_code: int | None, reason: str, ran_ms: int, at: int
    ) -> list[Action]:
        stopped = life.stop_reason
        life.pid, life.check_at, life.stop_by, life.stop_reason = 0, 0, 0, ""
        life.reason = life.last_end = reason
        if not self._is_wanted(life):
            return self._gone(life)
        # What a person or the kernel ended did not end well, even if it then left with status 0.
        how = None if stopped else exit_code
        if not restarts(life.spec.restart, how):
            return self._end(life, Phase.FINISHED if how == 0 else Phase.FAILED, reason)
        life.failures = quick_failures(life.failures, ran_ms)
        if life.failures >= QUICK_FAILURES_ALLOWED:
            return self._end(life, Phase.FAILED, _gave_up(life.failures, reason))
        return self._wait(life, back_off_ms(life.failures), at)

    def _health_answered(self, life: Life, fact: HealthAnswered, at: int) -> list[Action]:
        check = life.spec.health
        if life.stage is not Stage.RUNNING or check is None:
            return []
        life.checking = False
        if fact.healthy:
            self._now_healthy(life)
            life.check_at = at + check.interval_ms
            return []
        in_grace = at - life.began_at < check.grace_ms
        life.check_at = at + _pause_ms(check, life.phase, in_grace)
        if in_grace:
            return []
        life.health_failures += 1
        reason = f"health check failed: {fact.detail}"
        if life.health_failures > check.failures_allowed:
            return self._stop(life, life.spec.notice_ms, reason, at)
        if life.phase is Phase.HEALTHY:
            life.phase = Phase.UNHEALTHY
        life.reason = reason
        return []

    def _now_healthy(self, life: Life) -> None:
        if life.phase is Phase.HEALTHY:
            return
        life.phase, life.health_failures = Phase.HEALTHY, 0
        life.reason = _story(life)

    def _limit_reached(self, life: Life, fact: LimitReached, at: int) -> list[Action]:
        return [] if life.stage is not Stage.RUNNING else self._stop(life, 0, fact.reason, at)

    # What time changes

    def _due(self, life: Life, at: int) -> list[Action]:
        if life.stage is Stage.WAITING:
            if life.fetched:
                return self._start(life)
            life.stage = Stage.FETCHING
            return [_fetch(life.task, life.spec)]
        if life.stage is Stage.STOPPING:
            life.stop_by = at + STOP_SLACK_MS
            return [KillTask(life.task, life.run)]
        if life.spec.health is None:
            self._now_healthy(life)
            life.check_at = 0
            return []
        life.checking = True
        port = life.ports.get(life.spec.health.port, 0)
        return [CheckHealth(life.task, life.run, port, life.spec.health)]


_TAKE_IN: dict[type, Callable[[Agent, Life, Any, int], list[Action]]] = {
    PackageReady: Agent._package_ready,
    PackageFailed: Agent._package_failed,
    TaskStarted: Agent._started,
    StartFailed: Agent._start_failed,
    StartInterrupted: Agent._start_interrupted,
    TaskExited: Agent._exited,
    HealthAnswered: Agent._health_answered,
    LimitReached: Agent._limit_reached,
}


def _fetch(task: Instance, spec: TaskSpec) -> FetchPackage:
    return FetchPackage(task, spec.package, spec.packages)


def _report_of(task: Instance, status: TaskStatus) -> TaskReport:
    return TaskReport(JobKey(task.job), task.index, task.incarnation, status)


def _story(life: Life) -> str:
    return f"started again after: {life.last_end}" if life.last_end else ""


def _gave_up(failures: int, last: str) -> str:
    return f"exited {failures} times in a row within {QUICK_MS // 60_000} min of starting; last: {last}"


def _pause_ms(check: HealthCheck, phase: Phase, in_grace: bool) -> int:
    """A task that has yet to come up is asked often; one that is up, at its interval."""
    return (
        min(PROBE_MS, check.interval_ms)
        if in_grace and phase is Phase.RUNNING
        else check.interval_ms
    )
