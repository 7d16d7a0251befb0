"""Tasks follow their alloc: what else happens when an alloc stops or goes, or when the last task in it has left.

An alloc that is to stop, for whatever reason, first has the tasks in it stopped; once they have ended, it is gone. It
has no process of its own, so that one with nothing in it goes at once.
"""

from collections.abc import Iterator, Sequence

from borgpy.master import moves
from borgpy.model.cell import CellView
from borgpy.model.events import Event, TaskEnded, TaskEvicted, TaskStopping
from borgpy.model.lifecycle import EvictionCause, TaskEvent, TaskState
from borgpy.model.names import JobKey
from borgpy.model.task import Task

Place = tuple[JobKey, int]
"""A task, or an alloc: its job and its index."""


def with_followers(cell: CellView, events: list[Event]) -> list[Event]:
    """``events``, none of which has changed the cell yet, and what follows from them for allocs and tasks in these."""
    if not cell.allocs:
        return events
    return list(_Following(cell, events).events())


def count_followers(cell: CellView, before: Sequence[Event], after: Sequence[Event]) -> int:
    """How many running tasks are told to leave by ``after`` which were not by ``before``."""

    def told(events: Sequence[Event]) -> int:
        return sum(
            isinstance(event, TaskStopping) and bool(cell.jobs[event.job].spec.alloc)
            for event in events
        )

    return told(after) - told(before)


class _Following:
    """One operation's events, looked at together."""

    def __init__(self, cell: CellView, events: Sequence[Event]) -> None:
        self._cell = cell
        self._events = events
        self._leaving = {
            (event.job, event.index)
            for event in events
            if isinstance(event, TaskEvicted | TaskEnded)
        }
        self._told = {
            (event.job, event.index) for event in events if isinstance(event, TaskStopping)
        }
        self._left: dict[Place, int] = {}

    def events(self) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, TaskStopping):
                yield from self._stopping(event)
            elif isinstance(event, TaskEvicted | TaskEnded):
                yield event
                yield from self._gone(event)
            else:
                yield event

    def _stopping(self, event: TaskStopping) -> Iterator[Event]:
        if not self._cell.jobs[event.job].spec.is_alloc_set:
            yield event
            return
        inside = self._inside(event.job, event.index)
        if not inside:
            yield self._end(event)
            return
        yield event
        for job, index in inside:
            task = self._task(job, index)
            if task.stopping is None and (job, index) not in self._told:
                reason = f"its alloc {event.job}/{event.index} is stopping: {event.reason}"
                cause = event.cause or EvictionCause.OTHER
                yield moves.stop(job, task, TaskEvent.EVICT, reason, cause)

    def _gone(self, event: TaskEvicted | TaskEnded) -> Iterator[Event]:
        job = self._cell.jobs[event.job]
        if job.spec.is_alloc_set:
            cause = event.cause if isinstance(event, TaskEvicted) else EvictionCause.OTHER
            reason = f"its alloc {event.job}/{event.index} is gone: {event.reason}"
            for inner, index in self._inside(event.job, event.index):
                yield moves.gone(inner, self._task(inner, index), cause, reason)
        elif job.spec.alloc and job.tasks[event.index].state is TaskState.RUNNING:
            yield from self._left_behind((job.spec.alloc_key, job.within[event.index]))

    def _left_behind(self, place: Place) -> Iterator[Event]:
        """One more task has left this alloc. If it was the last, and the alloc is stopping, that goes, too."""
        key, index = place
        self._left[place] = self._left.get(place, 0) + 1
        alloc = self._task(key, index)
        last = self._left[place] == len(self._cell.allocs[key][index].charges)
        if last and alloc.stopping is not None and place not in self._leaving:
            yield moves.gone(key, alloc, EvictionCause.OTHER, "")

    def _inside(self, key: JobKey, index: int) -> list[Place]:
        """The tasks in a placed alloc that are there after the events as well."""
        room = self._cell.allocs.get(key, {}).get(index)
        return sorted(room.charges.keys() - self._leaving) if room else []

    def _end(self, event: TaskStopping) -> Event:
        task = self._task(event.job, event.index)
        if event.becomes is TaskEvent.EVICT:
            cause = event.cause or EvictionCause.OTHER
            return moves.evict(event.job, task, cause, event.reason)
        return moves.end(event.job, task, event.becomes, event.reason)

    def _task(self, key: JobKey, index: int) -> Task:
        return self._cell.jobs[key].tasks[index]
