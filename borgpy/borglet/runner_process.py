"""Runs tasks as processes of this machine, each beside its shim."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from borgpy.borglet.actions import KillTask, StartTask, StopTask
from borgpy.borglet.cgroups import reopen
from borgpy.borglet.facts import Fact, Instance, StartFailed, StartInterrupted, TaskStarted
from borgpy.borglet.launch import START_SECONDS, Process, RunnerSettings, launch
from borgpy.borglet.life import Life
from borgpy.borglet.limits import Limits
from borgpy.borglet.ports import PortBook
from borgpy.borglet.remains import clean, collect, exited
from borgpy.borglet.run import (
    RunConfig,
    Started,
    boot_id,
    is_alive,
    read_config,
    read_started,
    start_ticks,
    write_stop,
)
from borgpy.borglet.sandbox import Sandbox, sandbox_of
from borgpy.borglet.survivors import kill_survivors
from borgpy.clock import Clock
from borgpy.errors import BorgError

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

STARTS_AT_A_TIME = 4

SHIM_WAIT_SECONDS = 0.02


class ProcessRunner:
    """Carries out the actions of one machine's agent, and tells what came of them.

    Work on files and waiting for a shim happen in threads of its own; ``tell`` is called on the event loop.
    """

    def __init__(
        self,
        settings: RunnerSettings,
        limits: Limits,
        ports: PortBook,
        clock: Clock,
        tell: Callable[[Fact], None],
    ) -> None:
        self._settings = settings
        self._limits = limits
        self._ports = ports
        self._clock = clock
        self._tell = tell
        self._threads = ThreadPoolExecutor(STARTS_AT_A_TIME, "borglet-runner")
        self._processes: dict[Instance, Process] = {}
        self._endings: set[asyncio.Task[None]] = set()

    def processes(self) -> list[Process]:
        """The runs that live."""
        return list(self._processes.values())

    async def start(self, action: StartTask, cell: str, files: Mapping[str, Path]) -> None:
        """Answered by `TaskStarted` or `StartFailed`. ``files`` are the task's packages in the cache, by name."""
        ports: dict[str, int] = {}
        try:
            ports = self._ports.take(action.spec.ports, action.ports, action.spec.fixed_ports)
            process = await self._in_thread(
                launch, self._settings, self._limits, action, cell, files, ports
            )
            self._watch(process)
        except (OSError, ValueError, KeyError, BorgError) as error:
            self._ports.give_back(ports)
            log.warning("%s run %d did not start: %s", action.task, action.run, error)
            self._tell(StartFailed(action.task, action.run, _words(error)))
            return
        log.info("%s run %d started as pid %d", action.task, action.run, process.started.pid)
        self._tell(_started_fact(process))

    async def stop(self, action: StopTask) -> None:
        """SIGTERM, and SIGKILL after the notice, by the shim, whatever becomes of this Borglet."""
        process = self._processes.get(action.task)
        if process is None or process.run != action.run:
            return
        log.info("%s run %d is stopped: %s", action.task, action.run, action.reason)
        try:
            await self._in_thread(write_stop, process.folder, action.notice_ms, action.reason)
        except OSError as error:  # a full disk: the shim then gives the notice of the spec
            log.warning("%s: the reason of its stop is not on disk: %s", action.task, error)
        _signal(process, signal.SIGTERM)

    async def kill(self, action: KillTask) -> None:
        """By every means: the shim, too, is ended, as it should have done it long ago."""
        process = self._processes.get(action.task)
        if process is None or process.run != action.run:
            return
        log.warning("%s run %d outlived its notice, and is killed", action.task, action.run)
        await self._in_thread(kill_survivors, process.config.run_id, process.started, process.group)
        _signal(process, signal.SIGKILL)

    async def find(self, life: Life) -> Fact:
        """What became of a live run that an earlier Borglet started."""
        sandbox = sandbox_of(self._settings.data, life.task)
        folder = sandbox.run(life.run)
        config = read_config(folder)
        for _ in range(int(START_SECONDS / SHIM_WAIT_SECONDS)):
            if config is None or not await self._in_thread(is_alive, folder):
                break
            started = read_started(folder)
            if started is not None and self._take_back(life, sandbox, config, started):
                log.info("%s run %d taken back, pid %d", life.task, life.run, started.pid)
                return _started_fact(self._processes[life.task])
            await asyncio.sleep(SHIM_WAIT_SECONDS)  # it starts, or ends, at this moment
        if config is None:
            return StartInterrupted(life.task, life.run)
        limit = life.spec.requirements
        end = await self._in_thread(collect, folder, config, limit, self._clock.now())
        return exited(life.task, life.run, end)

    async def clean(self, lives: Iterable[Life]) -> None:
        """End runs that nobody knows of, and remove the groups of those that are gone."""
        await self._in_thread(clean, self._settings.data, self._limits, list(lives))

    async def close(self) -> None:
        """Let go of everything. Tasks and their shims live on."""
        for process in self._processes.values():
            _forget(process)
        self._processes.clear()
        for ending in list(self._endings):
            with suppress(asyncio.CancelledError):
                await ending
        await asyncio.to_thread(self._limits.leave)
        self._threads.shutdown(wait=True)

    def _take_back(self, life: Life, sandbox: Sandbox, config: RunConfig, started: Started) -> bool:
        """Whether it could be: not when the shim ended just now."""
        try:
            pidfd = os.pidfd_open(started.shim)
        except ProcessLookupError:
            return False
        if config.boot_id != boot_id() or start_ticks(started.shim) != started.shim_ticks:
            os.close(pidfd)
            return False
        process = Process(
            task=life.task,
            run=life.run,
            limit=life.spec.requirements,
            folder=sandbox.run(life.run),
            work=sandbox.work,
            config=config,
            started=started,
            group=reopen(config.groups),
            pidfd=pidfd,
        )
        self._ports.keep(config.ports)
        self._watch(process)
        return True

    # Ending

    def _watch(self, process: Process) -> None:
        """A pidfd becomes readable when its process ends, whoever's child it is."""
        self._processes[process.task] = process
        loop = asyncio.get_running_loop()
        loop.add_reader(process.pidfd, self._shim_ended, process)

    def _shim_ended(self, process: Process) -> None:
        _forget(process)
        self._processes.pop(process.task, None)
        ending = asyncio.get_running_loop().create_task(self._bury(process))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def _bury(self, process: Process) -> None:
        task, run = process.task, process.run
        folder, config, limit = process.folder, process.config, process.limit
        end = await self._in_thread(collect, folder, config, limit, self._clock.now())
        self._ports.give_back(config.ports)
        log.info("%s run %d ended: exit code %s %s", task, run, end.code, end.reason)
        self._tell(exited(task, run, end))

    async def _in_thread(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *args, **kwargs))


def _started_fact(process: Process) -> TaskStarted:
    return TaskStarted(
        task=process.task,
        run=process.run,
        pid=process.started.pid,
        ports=process.config.ports,
        started_at=process.started.at,
    )


def _signal(process: Process, number: signal.Signals) -> None:
    """By pidfd: a number that was given to somebody else meanwhile is never hit."""
    with suppress(OSError):
        signal.pidfd_send_signal(process.pidfd, number)


def _forget(process: Process) -> None:
    asyncio.get_running_loop().remove_reader(process.pidfd)
    os.close(process.pidfd)
    if process.child is not None and process.child.poll() is None:
        process.child.returncode = 0  # it is not waited for: the shim outlives us


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"cannot start: {error.strerror}{where}"
    return error.message if isinstance(error, BorgError) else f"cannot start: {error}"
