"""How a run is started: its folder, its group, its shim."""

import os
import py_compile
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from borgpy.borglet import shim
from borgpy.borglet.actions import StartTask
from borgpy.borglet.facts import Instance
from borgpy.borglet.limits import Group, Limits, rlimits
from borgpy.borglet.run import (
    RUN_VARIABLE,
    RunConfig,
    Started,
    boot_id,
    lock_run,
    parse_started,
    write_config,
)
from borgpy.borglet.sandbox import Place, Sandbox, command, environment, link_files, sandbox_of
from borgpy.clock import new_id
from borgpy.errors import BorgError
from borgpy.model.resources import Resources

START_SECONDS = 30
"""A shim that has not said within this time whether its task runs is given up: it takes some 50 ms."""

RUN_FOLDERS_KEPT = 10

SEGMENT_BYTES = 4 * 1024 * 1024
SEGMENTS_KEPT = 5
"""Each stream of a task keeps its last 16 to 20 MiB."""


class RunnerSettings(msgspec.Struct, frozen=True):
    """Where tasks live, and what they are told of their surroundings."""

    data: Path
    shim: Path
    host: str
    path: str
    segment_bytes: int = SEGMENT_BYTES
    segments_kept: int = SEGMENTS_KEPT


class Process(msgspec.Struct):
    """A run that lives: its shim, and what it takes to watch and end it."""

    task: Instance
    run: int
    limit: Resources
    folder: Path
    work: Path
    config: RunConfig
    started: Started
    group: Group
    pidfd: int
    child: subprocess.Popen[bytes] | None = None  # none when an earlier Borglet started it


def launch(
    settings: RunnerSettings,
    limits: Limits,
    action: StartTask,
    cell: str,
    files: Mapping[str, Path],
    ports: dict[str, int],
) -> Process:
    """Start one run beside its shim; `OSError`, `ValueError`, `KeyError` or `BorgError` say why it does not run."""
    task, spec = action.task, action.spec
    sandbox = sandbox_of(settings.data, task)
    folder = sandbox.prepare(action.run)
    prune_runs(sandbox)
    link_files(sandbox, files)
    place = Place(cell, settings.host, task, sandbox, ports, settings.path)
    run_id = new_id()
    group = limits.create(group_name(task, action.run), spec.requirements)
    try:
        config = RunConfig(
            name=spec.package.name,
            argv=command(spec, place),
            env=environment(spec, place) | {RUN_VARIABLE: run_id},
            sandbox=str(sandbox.work),
            logs=str(sandbox.logs),
            cgroup_procs=group.procs_files(),
            rlimits=rlimits(spec.requirements),
            notice_ms=spec.notice_ms,
            segment_bytes=settings.segment_bytes,
            segments_kept=settings.segments_kept,
            run_id=run_id,
            ports=ports,
            boot_id=boot_id(),
            groups=group.directories,
        )
        write_config(folder, config)
        child, started = start_shim(folder, settings.shim)
    except BaseException:
        group.remove()
        raise
    return Process(
        task=task,
        run=action.run,
        limit=spec.requirements,
        folder=folder,
        work=sandbox.work,
        config=config,
        started=started,
        group=group,
        pidfd=os.pidfd_open(child.pid),
        child=child,
    )


def group_name(task: Instance, run: int) -> str:
    """What the group of a run is called."""
    job = task.job.replace("/", ".")
    return f"{job}.{task.index}.{task.incarnation}.{run}"


def compile_shim(data: Path) -> Path:
    """The shim as byte code below ``data``: compiling it anew would cost each one more than a MiB for good."""
    path = data / "shim.pyc"
    py_compile.compile(
        shim.__file__,
        cfile=str(path),
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    return path


def start_shim(folder: Path, program: Path) -> tuple[subprocess.Popen[bytes], Started]:
    """Start a shim, and wait until it says that its task runs; `BorgError` with what it said instead."""
    lock = lock_run(folder)
    if lock is None:
        raise BorgError(f"{folder} has a shim already")
    ready, ready_end = os.pipe()
    with os.fdopen(ready, "rb") as answer:
        try:
            with (folder / "shim.err").open("wb") as errors:
                child = subprocess.Popen(
                    [
                        sys.executable,
                        *("-I", "-S", "-B"),
                        str(program),
                        "begin",
                        str(folder),
                        str(lock),
                        str(ready_end),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                    cwd="/",
                    env={"LANG": "C.UTF-8"},
                    start_new_session=True,
                    pass_fds=(lock, ready_end),
                )
        finally:
            os.close(lock)
            os.close(ready_end)
        said = _hear(answer.fileno())
    started = parse_started(said)
    if started is not None:
        return child, started
    if not said:
        child.kill()
    child.wait()
    raise BorgError(said or f"its shim failed: {_last_line(folder / 'shim.err')}")


def _hear(fd: int) -> str:
    """What the shim writes until it closes its end; empty when it takes too long."""
    said = b""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while poll.poll(START_SECONDS * 1000):
        part = os.read(fd, 4096)
        if not part:
            return said.decode("utf-8", "replace")
        said += part
    return ""


def _last_line(path: Path) -> str:
    lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
    return lines[-1] if lines else "it said nothing"


def prune_runs(sandbox: Sandbox) -> None:
    for run in sandbox.runs()[:-RUN_FOLDERS_KEPT]:
        folder = sandbox.run(run)
        for entry in folder.iterdir():
            entry.unlink(missing_ok=True)
        folder.rmdir()
