"""Tasks that fitted nowhere until others were placed: near those, or in balance with them."""

from collections.abc import Iterable

from borgpy.model.constraints import HARD, Near, Spread
from borgpy.model.names import JobKey
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.neighbours import other_of
from borgpy.scheduling.room import Room
from borgpy.scheduling.turns import Batch, Grant, Queue, take_turns

MOST_ROUNDS = 8
"""Jobs that wait for one another in a longer chain go on in the next pass."""


class SecondChances:
    """All else only gets worse for a task as a pass goes on; hard Near and Spread are the rules that may come to hold."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Batch, frozenset[JobKey]]] = []

    def add(self, batches: Iterable[Batch]) -> None:
        """Remember those of a priority whose turns are over."""
        self._waiting += [
            (batch, named)
            for batch in batches
            if _waits(batch) and (named := _waits_for(batch.job))
        ]

    def after(self, room: Room, grants: Iterable[Grant]) -> list[Grant]:
        """What can be placed now that these grants were made.

        Asked after each priority, so that what waits for a lower one is served before what is lower still.
        """
        if not self._waiting:
            return []
        late: list[Grant] = []
        placed = _jobs_of(grants)
        for _ in range(MOST_ROUNDS):
            news: list[Grant] = []
            for batch, named in self._waiting:
                if _waits(batch) and not named.isdisjoint(placed):
                    batch.fits_nowhere = False
                    news += take_turns(room, [Queue([batch])])
            late += news
            placed = _jobs_of(news)
            if not placed:
                break
        return late


def _waits(batch: Batch) -> bool:
    return batch.placed < len(batch.indexes)


def _waits_for(job: PendingJob) -> frozenset[JobKey]:
    """The jobs whose placements may make room for this one."""
    hard = [rule for rule in job.constraints if rule.weight == HARD]
    near = [other_of(job, rule) for rule in hard if isinstance(rule, Near)]
    own = [job.job for rule in hard if isinstance(rule, Spread)]
    return frozenset(near + own)


def _jobs_of(grants: Iterable[Grant]) -> set[JobKey]:
    return {batch.job.job for grant in grants for batch, _, _ in grant.shares}
