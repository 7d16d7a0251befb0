"""What becomes of the sandboxes of incarnations that are over."""

import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from borgpy.borglet.facts import Instance
from borgpy.borglet.files import read_or_nothing, write_whole
from borgpy.borglet.sandbox import Sandbox, all_sandboxes

log = logging.getLogger(__name__)

HOUR_MS = 3600 * 1000
KEPT_MS = 24 * HOUR_MS
KEPT_AT_LEAST_MS = 1 * HOUR_MS
KEPT_MOST = 100
"""The newest dead are kept for a day, more of them only for the hour in which somebody may want their logs."""


def mark_dead(sandbox: Sandbox, at: int) -> None:
    """From now on it may be collected after a while."""
    if sandbox.root.is_dir() and not sandbox.dead_mark.exists():
        write_whole(sandbox.dead_mark, str(at).encode())


def collect_garbage(data: Path, alive: Collection[Instance], at: int) -> list[Instance]:
    """Remove the sandboxes that are due; which. What is dead without a mark gets one."""
    dead: list[tuple[int, Instance, Sandbox]] = []
    for task, sandbox in all_sandboxes(data):
        if task in alive:
            continue
        mark_dead(sandbox, at)
        died_at = int(read_or_nothing(sandbox.dead_mark) or at)
        dead.append((died_at, task, sandbox))
    dead.sort(key=lambda one: -one[0])
    collected = []
    for rank, (died_at, task, sandbox) in enumerate(dead):
        age = at - died_at
        if age > KEPT_MS or (rank >= KEPT_MOST and age > KEPT_AT_LEAST_MS):
            shutil.rmtree(sandbox.root, ignore_errors=True)
            collected.append(task)
    return collected
