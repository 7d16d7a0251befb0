"""A machine under orders: what the server sees of it, and this machine, whose tasks are processes."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol

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
from borgpy.borglet.agent import Agent
from borgpy.borglet.facts import (
    Fact,
    HealthAnswered,
    Instance,
    PackageFailed,
    PackageReady,
    StartFailed,
)
from borgpy.borglet.garbage import collect_garbage, mark_dead
from borgpy.borglet.health import HealthChecker
from borgpy.borglet.life import LIVE
from borgpy.borglet.packages import PackageCache
from borgpy.borglet.runner_process import ProcessRunner
from borgpy.borglet.sandbox import Sandbox, all_sandboxes, sandbox_of
from borgpy.borglet.state import BorgletFiles
from borgpy.borglet.usage import (
    SAMPLE_SECONDS,
    WATCH_SECONDS,
    Sample,
    over_limit,
    over_watched_memory,
    sample,
    usage_between,
)
from borgpy.clock import Clock
from borgpy.errors import BorgError
from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey
from borgpy.model.orders import MachineReport, TaskUsage
from borgpy.model.spec import TaskSpec

log = logging.getLogger(__name__)

GARBAGE_SECONDS = 600

NO_ORDERS = 0
"""Journal sequences begin at 1."""

EMPTYING_SECONDS = 0.05

Orders = Sequence[tuple[Instance, TaskSpec]]


class Machine(Protocol):
    """A machine that a Borglet stands for. Nothing here waits: the poll that calls it is answered at once."""

    spec: MachineSpec

    def adopt(self, cell: str, orders_seq: int, run: Orders) -> None: ...

    def held(self) -> int:
        """The version of the orders it holds."""
        ...

    def report(self, known: str) -> MachineReport: ...


class LocalMachine:
    """This machine: an `Agent` and what carries out its actions, kept on disk so that a new Borglet goes on from there."""

    def __init__(
        self,
        spec: MachineSpec,
        files: BorgletFiles,
        packages: PackageCache,
        health: HealthChecker,
        clock: Clock,
    ) -> None:
        self.spec = spec
        self.runner: ProcessRunner
        self._files = files
        self._packages = packages
        self._health = health
        self._clock = clock
        self._born_at = clock.now() - int(clock.steady_seconds() * 1000)
        self._agent = Agent(files.load_agent())
        self._cell = ""
        self._saved = b""
        self._saving = asyncio.Lock()
        self._actions: list[Action] = []
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._samples: dict[Instance, Sample] = {}
        self._usage: tuple[TaskUsage, ...] = ()
        self._usage_told = True

    async def open(self, runner: ProcessRunner, cell: str) -> None:
        """Take back what an earlier Borglet left running, and go on."""
        self.runner, self._cell = runner, cell
        lives = list(self._agent.lives())
        await runner.clean(lives)
        for life in lives:
            if life.stage in LIVE:
                self.observe(await runner.find(life))
        self._take(self._agent.resume(self._now()))
        loops = (self._perform(), self._sample(), self._watch_memory(), self._collect_garbage())
        self._loops = [asyncio.create_task(loop) for loop in loops]
        for task in self._loops:
            task.add_done_callback(_tell_fault)

    async def close(self) -> None:
        """Stop working on this machine; its tasks run on."""
        if self._timer:
            self._timer.cancel()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._packages.close()
        # A start that is under way is seen through, as its process would otherwise begin unwatched.
        await asyncio.gather(*self._jobs, return_exceptions=True)
        await self.runner.close()
        await self._health.close()
        await self._save()

    async def empty(self) -> None:
        """Stop every task, each with its notice, and wait until nothing of them is left.

        No orders are held afterwards, so that the Borgmaster gives them anew to whoever comes next.
        """
        self.adopt(self._cell, NO_ORDERS, ())
        while True:
            await asyncio.sleep(EMPTYING_SECONDS)
            if not self._jobs and not any(life.stage in LIVE for life in self._agent.lives()):
                return

    def adopt(self, cell: str, orders_seq: int, run: Orders) -> None:
        self._cell = cell
        self._take(self._agent.adopt(orders_seq, run, self._now()))

    def held(self) -> int:
        return self._agent.orders_seq

    def report(self, known: str) -> MachineReport:
        """Usage is told once for each sample."""
        orders_seq, version, tasks = self._agent.report()
        usage, self._usage_told = () if self._usage_told else self._usage, True
        unchanged = version == known
        return MachineReport(
            self.spec.name, orders_seq, version, None if unchanged else tasks, usage
        )

    def observe(self, fact: Fact) -> None:
        """Something happened here."""
        self._take(self._agent.observe(fact, self._now()))

    def sandbox(self, job: JobKey, index: int, incarnation: int) -> Sandbox | None:
        """Where the logs of a task are kept; incarnation 0 is the newest there is."""
        data = self._files.data
        if incarnation:
            asked = sandbox_of(data, Instance(job, index, incarnation))
            return asked if asked.logs.is_dir() else None
        kept = [
            (task.incarnation, sandbox)
            for task, sandbox in all_sandboxes(data)
            if task.key == (job, index) and sandbox.logs.is_dir()
        ]
        return max(kept, key=lambda one: one[0])[1] if kept else None

    def exists(self, sandbox: Sandbox) -> bool:
        """Whether the incarnation may still write to its logs."""
        data = self._files.data
        return any(sandbox_of(data, life.task) == sandbox for life in self._agent.lives())

    def _now(self) -> int:
        """The agent's time: the wall clock as it was at our start, and steady from there, whatever is done to it."""
        return self._born_at + int(self._clock.steady_seconds() * 1000)

    # From decisions to deeds

    def _take(self, actions: list[Action]) -> None:
        self._actions += actions
        self._changed.set()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        due = self._agent.due_at()
        delay = None if due is None else max(due - self._now(), 0) / 1000
        loop = asyncio.get_running_loop()
        self._timer = None if delay is None else loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._take(self._agent.tick(self._now()))

    async def _perform(self) -> None:
        """A start is on disk before it is done, so that no later Borglet meets a run that it does not know of."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            actions, self._actions = self._actions, []
            try:
                await self._save()
            except OSError as error:
                log.error("the state cannot be written: %s", error)
                reason = f"the Borglet cannot write its state: {error.strerror}"
                for start in [a for a in actions if isinstance(a, StartTask)]:
                    actions.remove(start)
                    self.observe(StartFailed(start.task, start.run, reason))
            for action in actions:
                self._spawn(self._do(action))

    async def _save(self) -> None:
        async with self._saving:
            encoded = msgspec.msgpack.encode(self._agent.state())
            if encoded != self._saved:
                await asyncio.to_thread(self._files.save_agent, encoded)
                self._saved = encoded

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(_tell_fault)
        task.add_done_callback(self._jobs.discard)

    async def _do(self, action: Action) -> None:
        if isinstance(action, FetchPackage):
            await self._fetch(action)
        elif isinstance(action, StartTask):
            packages = (action.spec.package, *action.spec.packages)
            files = {package.name: self._packages.path(package) for package in packages}
            await self.runner.start(action, self._cell, files)
        elif isinstance(action, StopTask):
            await self.runner.stop(action)
        elif isinstance(action, KillTask):
            await self.runner.kill(action)
        elif isinstance(action, CheckHealth):
            wrong = await self._health.check(action.check, action.port)
            self.observe(HealthAnswered(action.task, action.run, not wrong, wrong))
        elif isinstance(action, ForgetTask):
            await self._forget(action)

    async def _fetch(self, action: FetchPackage) -> None:
        try:
            for package in (action.package, *action.more):
                await self._packages.fetch(package)
        except (BorgError, OSError) as error:
            reason = error.message if isinstance(error, BorgError) else str(error)
            log.warning("%s: %s", action.task, reason)
            self.observe(PackageFailed(action.task, reason))
        else:
            self.observe(PackageReady(action.task))

    async def _forget(self, action: ForgetTask) -> None:
        self._samples.pop(action.task, None)
        sandbox = sandbox_of(self._files.data, action.task)
        try:
            await asyncio.to_thread(mark_dead, sandbox, self._clock.now())
        except OSError as error:  # the next collection marks it
            log.warning("%s is not marked as dead: %s", sandbox.root, error)

    # What is done again and again

    async def _sample(self) -> None:
        while True:
            processes = self.runner.processes()
            steady_ns = int(self._clock.steady_seconds() * 1e9)
            samples = await asyncio.to_thread(sample, processes, steady_ns)
            before, self._samples = self._samples, samples
            self._usage = tuple(
                TaskUsage(
                    task.job, task.index, task.incarnation, usage_between(before.get(task), now)
                )
                for task, now in samples.items()
            )
            self._usage_told = False
            for process in processes:
                over = over_limit(process, samples[process.task])
                if over:
                    self.observe(over)
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _watch_memory(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            watched = [p for p in self.runner.processes() if not p.group.directories]
            if watched:
                for over in await asyncio.to_thread(over_watched_memory, watched):
                    self.observe(over)

    async def _collect_garbage(self) -> None:
        while True:
            lives = list(self._agent.lives())
            alive = {life.task for life in lives}
            try:
                await asyncio.to_thread(collect_garbage, self._files.data, alive, self._clock.now())
                await self._packages.collect({file for life in lives for file in life.spec.files()})
            except OSError as error:
                log.warning("garbage is not collected: %s", error)
            await asyncio.sleep(GARBAGE_SECONDS)


def _tell_fault(task: asyncio.Task[None]) -> None:
    """What should go on for ever has not: a fault of ours, which must not pass in silence."""
    if not task.cancelled() and task.exception():
        log.critical("a part of the Borglet has stopped", exc_info=task.exception())


def data_folder(path: Path) -> Path:
    """Make the Borglet's directory, which nobody else may look into."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.resolve()
