"""What a run leaves when its shim is gone: an exit status, and perhaps processes that must not stay."""

import logging
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from borgpy.borglet.cgroups import reopen
from borgpy.borglet.facts import Instance, TaskExited
from borgpy.borglet.launch import group_name
from borgpy.borglet.life import LIVE, Life
from borgpy.borglet.limits import Group, Limits, NoGroup, out_of_disk, out_of_memory
from borgpy.borglet.run import (
    Exit,
    RunConfig,
    boot_id,
    is_alive,
    read_config,
    read_exit,
    read_started,
    start_ticks,
    write_exit,
)
from borgpy.borglet.sandbox import all_sandboxes
from borgpy.borglet.survivors import kill_survivors
from borgpy.model.resources import Resources

log = logging.getLogger(__name__)


def collect(folder: Path, config: RunConfig, limit: Resources, at: int) -> Exit:
    """How the run in ``folder`` ended; afterwards nothing of it is alive. ``at`` is now, if nobody saw the end."""
    rebooted = config.boot_id != boot_id()
    group: Group = NoGroup() if rebooted else reopen(config.groups)
    exit_ = read_exit(folder)
    if exit_ is None:
        exit_ = _end_without_shim(folder, config, group, at)
    reason = exit_.reason or _cause(exit_.code, group.oom_kills(), limit)
    group.remove()
    return Exit(exit_.code, exit_.at, reason)


def exited(task: Instance, run: int, end: Exit) -> TaskExited:
    return TaskExited(task, run, end.code, end.at, end.reason)


def clean(data: Path, limits: Limits, lives: Iterable[Life]) -> None:
    """End every run that ``lives`` do not tell of, and remove the groups of those that are gone."""
    kept = {group_name(life.task, life.run) for life in lives if life.stage in LIVE}
    for task, sandbox in all_sandboxes(data):
        for run in sandbox.runs():
            config = read_config(sandbox.run(run))
            if config is not None and group_name(task, run) not in kept:
                _end_stray(sandbox.run(run), config)
    for name in limits.sweep(kept):
        log.info("removed the cgroup of a vanished task: %s", name)


def _end_without_shim(folder: Path, config: RunConfig, group: Group, at: int) -> Exit:
    reason = "the machine was restarted"
    if config.boot_id == boot_id():
        killed = kill_survivors(config.run_id, read_started(folder), group)
        reason = f"its shim was killed; {killed} processes that it left were ended"
    exit_ = Exit(-signal.SIGKILL, at, reason)
    with suppress(OSError):  # on a full disk the agent still learns of it, once
        write_exit(folder, exit_)
    return exit_


def _end_stray(folder: Path, config: RunConfig) -> None:
    if config.boot_id != boot_id():
        return
    group = reopen(config.groups)
    if is_alive(folder):
        log.warning("ending a run that nobody ordered: %s", folder)
        started = read_started(folder)
        kill_survivors(config.run_id, started, group)
        if started and start_ticks(started.shim) == started.shim_ticks:
            with suppress(OSError):
                os.kill(started.shim, signal.SIGKILL)
    group.remove()


def _cause(code: int, oom_kills: int, limit: Resources) -> str:
    """What a limit had to do with the end; empty for nothing."""
    if code != 0 and oom_kills:
        return out_of_memory(limit)
    return out_of_disk(limit) if code == -signal.SIGXFSZ else ""
