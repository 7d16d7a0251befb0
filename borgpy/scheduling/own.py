"""A job's own penalties within scores, while some of its tasks are placed one after the other."""

import msgspec
import numpy as np

from borgpy.scheduling.domains import Tie, Ties
from borgpy.scheduling.merge import NO_LIMIT
from borgpy.scheduling.snapshot import Floats, Rows


class Board(msgspec.Struct, frozen=True, eq=False):
    """Scores to choose from: of all machines, or of those in ``rows`` intp[n], ascending.

    ``lasts`` says that somebody will look at them again.
    """

    scores: Floats
    rows: Rows | None = None
    lasts: bool = True

    def row(self, at: int) -> int:
        """The machine at a position."""
        return at if self.rows is None else int(self.rows[at])

    def places(self, tie: Tie, domain: int) -> Rows | slice:
        """The positions of the machines of a domain."""
        if self.rows is None:
            return tie.domains.rows_of(domain)
        return np.flatnonzero(tie.domains.codes[self.rows] == domain)


class Own:
    """The penalties are written into the scores where the domains of the job's tasks are, and taken out in the end.

    Scores are whole numbers, so that what was added can be subtracted. Only what is barred is infinite, and is copied.
    """

    def __init__(self, board: Board, ties: Ties | None) -> None:
        self._board = board
        self._score = board.scores
        self._ties = () if ties is None else ties.ties
        self._counts = [] if ties is None else ties.counts()
        self._added: dict[tuple[int, int], float] = {}
        self._barred: list[tuple[Rows | slice, Floats]] = []
        self._bars = any(tie.limit < NO_LIMIT for tie in self._ties)
        self._bases: dict[int, float] = {}
        for number, counts in enumerate(self._counts):
            for domain, there in counts.items():
                self._add(number, domain, self._ties[number].worse(domain, there))

    def placed(self, at: int, base: float, *, is_last: bool) -> None:
        """A task went to the machine at this position, whose score is ``base`` now, but for the penalties."""
        self._bases[at] = base
        if is_last:
            return
        row = self._board.row(at)
        more: list[tuple[int, int, float]] = []
        for number, (tie, counts) in enumerate(zip(self._ties, self._counts, strict=True)):
            domain = int(tie.domains.codes[row])
            there = counts.get(domain, 0)
            counts[domain] = there + 1
            now, then = tie.worse(domain, there), tie.worse(domain, there + 1)
            base += now
            more.append((number, domain, then - now))
        self._score[at] = base
        for number, domain, worse in more:
            self._add(number, domain, worse)

    def clear(self) -> None:
        """The scores are again what they would be for any other job."""
        for places, scores in reversed(self._barred):
            self._score[places] = scores
        for (number, domain), worse in self._added.items():
            self._score[self._board.places(self._ties[number], domain)] -= worse
        for at, base in self._bases.items():
            self._score[at] = base

    def _add(self, number: int, domain: int, worse: float) -> None:
        if not worse:
            return
        places = self._board.places(self._ties[number], domain)
        if self._bars:
            self._barred.append((places, self._score[places].copy()))
        else:
            self._added[number, domain] = self._added.get((number, domain), 0.0) + worse
        self._score[places] += worse
