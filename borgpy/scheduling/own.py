"""A job's own penalties within scores, while some of its tasks are placed one after the other."""

import msgspec
import numpy as np

from borgpy.scheduling.domains import Tie, Ties
from borgpy.scheduling.snapshot import Floats, Rows


class Board(msgspec.Struct, frozen=True, eq=False):
    """Scores to choose from: of all machines, or of those in ``rows`` intp[n], ascending."""

    scores: Floats
    rows: Rows | None = None

    def row(self, at: int) -> int:
        """The machine at a position."""
        return at if self.rows is None else int(self.rows[at])

    def places(self, tie: Tie, domain: int) -> Rows | slice:
        """The positions of the machines of a domain."""
        if self.rows is None:
            return tie.domains.rows_of(domain)
        return np.flatnonzero(tie.domains.codes[self.rows] == domain)


class Own:
    """The penalties are written into the scores where the domains of the job's tasks are, and taken out in the end."""

    def __init__(self, board: Board, ties: Ties | None) -> None:
        self._board = board
        self._score = board.scores
        self._ties = () if ties is None else ties.ties
        self._counts = [] if ties is None else ties.counts()
        self._before: list[tuple[Rows | slice, Floats]] = []
        self._bases: dict[int, float] = {}
        for tie, counts in zip(self._ties, self._counts, strict=True):
            for domain, there in counts.items():
                self._add(tie, domain, tie.worse(domain, there))

    def placed(self, at: int, base: float, *, is_last: bool) -> None:
        """A task went to the machine at this position, whose score is ``base`` now, but for the penalties."""
        self._bases[at] = base
        if is_last:
            return
        row = self._board.row(at)
        domains = [int(tie.domains.codes[row]) for tie in self._ties]
        places = list(zip(self._ties, domains, self._counts, strict=True))
        for tie, domain, counts in places:
            base += tie.worse(domain, counts.get(domain, 0))
        self._score[at] = base
        for tie, domain, counts in places:
            there = counts.get(domain, 0)
            counts[domain] = there + 1
            self._add(tie, domain, tie.worse(domain, there + 1) - tie.worse(domain, there))

    def clear(self) -> None:
        """The scores are again what they would be for any other job."""
        for places, scores in reversed(self._before):
            self._score[places] = scores
        for at, base in self._bases.items():
            self._score[at] = base

    def _add(self, tie: Tie, domain: int, worse: float) -> None:
        if worse:
            places = self._board.places(tie, domain)
            self._before.append((places, self._score[places].copy()))
            self._score[places] += worse
