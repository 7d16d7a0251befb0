"""Waiting for jobs: until they have come far enough, until they have ended, or until the time is up."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec

from borgpy.cli.progress import Progress, Wait, remaining, standing
from borgpy.client.borgmaster import BorgmasterClient
from borgpy.clock import Clock
from borgpy.errors import BorgError, NotFound, TimedOut, Unreachable
from borgpy.model.api import JobView
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey

LONG_POLL_MS = 1000
LOOK_SECONDS = 0.25
"""A job of 10,000 tasks changes all the time; a person reads four numbers a second at most."""

STUCK_SECONDS = 3.0
"""A job that has not moved for this long is asked why."""

MOST_NOTES = 3

ON_COURSE = (Phase.RUNNING, Phase.HEALTHY)
"""Tasks that nothing holds up; proving oneself healthy takes its time."""


class NotAllPlaced(BorgError):
    """A job was accepted, and the time was up before each of its tasks had a machine."""

    exit_code: ClassVar[int] = 3


class TasksFailed(BorgError):
    """Tasks have failed for good."""


class Detached(BorgError):
    """The user has seen enough; what was begun goes on."""

    exit_code: ClassVar[int] = 130


class Following(msgspec.Struct, frozen=True):
    """What is waited for, with what patience, and where progress is shown."""

    client: BorgmasterClient
    progress: Progress
    clock: Clock
    deadline: float


async def until_reached(
    following: Following, views: Sequence[JobView], wait: Wait
) -> list[JobView]:
    """The jobs once all have come as far as ``wait``. `NotAllPlaced`, `TasksFailed` or `TimedOut` if they do not."""

    def is_done(view: JobView) -> bool:
        now = standing(view)
        return now.has_reached(wait) or now.is_hopeless(wait)

    final = await _watch(following, views, is_done)
    for view in final:
        now = standing(view)
        if view.stopped:
            raise TasksFailed(f"{view.key} was told to stop meanwhile")
        if now.is_hopeless(wait):
            raise TasksFailed(
                f"{now.failed:,} of {now.desired:,} tasks of {view.key} failed",
                hint=f"see borgcfg status {view.key}, borgcfg logs {view.key}/0",
            )
        if now.has_reached(wait):
            continue
        if now.placed < now.desired:
            raise NotAllPlaced(
                f"{view.key} is accepted, and {now.placed:,} of {now.desired:,} tasks are placed",
                hint=f"borgcfg why {view.key} tells what the others wait for",
            )
        raise TimedOut(
            f"{view.key} is not all {wait.value} yet: {now}",
            hint=f"it goes on; see borgcfg status {view.key}",
        )
    return final


async def until_ended(following: Following, views: Sequence[JobView]) -> None:
    """Return once no task of the stopped jobs is left. `TimedOut` if the time is up before."""
    final = await _watch(following, views, lambda view: view.stopped and not remaining(view))
    left = sum(remaining(view) for view in final if view.stopped)
    if left:
        raise TimedOut(f"{left:,} tasks are still ending", hint="they go on to; see borgcfg status")


async def _watch(
    following: Following, views: Sequence[JobView], is_done: Callable[[JobView], bool]
) -> list[JobView]:
    """The jobs as they are when all are done, or at the deadline."""
    present = {view.key: view for view in views}
    moved = dict.fromkeys(present, following.clock.steady_seconds())
    notes: dict[JobKey, Sequence[str]] = {}
    while True:
        following.progress.show(list(present.values()), notes)
        waiting = [view for view in present.values() if not is_done(view)]
        now = following.clock.steady_seconds()
        if not waiting or now >= following.deadline:
            return list(present.values())
        await asyncio.sleep(LOOK_SECONDS)
        try:
            wait_ms = round(max(0.0, min(LONG_POLL_MS, (following.deadline - now) * 1000)))
            fresh = await asyncio.gather(
                *(_look(following.client, view, wait_ms) for view in waiting)
            )
            notes = await _notes(following, fresh, moved, present)
        except Unreachable as error:
            # A Borgmaster that is started again knows the job as it was; nothing is lost by waiting for it.
            notes = {view.key: (f"{error.message}; trying again",) for view in waiting}
            continue
        present |= {view.key: view for view in fresh}


async def _look(client: BorgmasterClient, view: JobView, wait_ms: int) -> JobView:
    try:
        return await client.job(view.key, after=view.seq, wait_ms=wait_ms)
    except NotFound:
        if not view.stopped:
            raise
        return msgspec.structs.replace(view, phases={}, running=0, healthy=0, pending=0)


async def _notes(
    following: Following,
    fresh: Sequence[JobView],
    moved: dict[JobKey, float],
    before: Mapping[JobKey, JobView],
) -> dict[JobKey, Sequence[str]]:
    """What holds up the jobs that have not moved for a while."""
    now = following.clock.steady_seconds()
    notes: dict[JobKey, Sequence[str]] = {}
    for view in fresh:
        if _has_moved(before[view.key], view):
            moved[view.key] = now
        elif now - moved[view.key] >= STUCK_SECONDS and not view.stopped:
            reasons = await following.client.why(view.key)
            notes[view.key] = [
                f"task {why.index} {why.phase.value.replace('_', ' ')}: {why.sentences[0]}"
                for why in reasons
                if why.sentences and why.phase not in ON_COURSE
            ][:MOST_NOTES]
    return notes


def _has_moved(before: JobView, after: JobView) -> bool:
    """Whether more tasks are placed, healthy or failed. A task that keeps crashing runs now and then, and gets nowhere."""
    was, now = standing(before), standing(after)
    return now.placed > was.placed or now.healthy > was.healthy or now.failed > was.failed
