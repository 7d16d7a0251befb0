"""What tasks use: the latest sample of each, and now and then one for the history."""

from collections.abc import Sequence

from borgpy.model.cell import CellView
from borgpy.model.names import JobKey
from borgpy.model.orders import TaskUsage, Usage
from borgpy.store.faces import UsageSample

HISTORY_EVERY_MS = 5 * 60 * 1000
"""The history keeps one sample of a task in this time, as Google's traces do; Borglets report every few seconds."""

_Run = tuple[JobKey, int, int]


class UsageBook:
    """Samples by task and incarnation."""

    def __init__(self) -> None:
        self._latest: dict[_Run, Usage] = {}
        self._kept_at: dict[_Run, int] = {}

    def latest(self, job: JobKey, index: int, incarnation: int) -> Usage | None:
        """The newest sample of one incarnation, if there was any."""
        return self._latest.get((job, index, incarnation))

    def take(self, machine: str, samples: Sequence[TaskUsage], now: int) -> list[UsageSample]:
        """Take samples in; those that the history should have are returned."""
        kept = []
        for sample in samples:
            run = (sample.job, sample.index, sample.incarnation)
            self._latest[run] = sample.usage
            if now - self._kept_at.get(run, now - HISTORY_EVERY_MS) >= HISTORY_EVERY_MS:
                self._kept_at[run] = now
                kept.append(UsageSample(now, sample.job, sample.index, machine, sample.usage))
        return kept

    def forget_the_past(self, cell: CellView) -> None:
        """Forget the incarnations that are no longer."""
        past = [run for run in self._latest if not _is_present(cell, *run)]
        for run in past:
            del self._latest[run]
            self._kept_at.pop(run, None)


def _is_present(cell: CellView, key: JobKey, index: int, incarnation: int) -> bool:
    job = cell.jobs.get(key)
    task = job.tasks.get(index) if job else None
    return task is not None and task.incarnation == incarnation
