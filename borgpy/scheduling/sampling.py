"""Borg's relaxed randomisation: some machines that can take a task, found from a random one on (Borg §3.4)."""

from hashlib import blake2b
from math import gcd

import msgspec
import numpy as np

from borgpy.model.policy import Policy
from borgpy.scheduling.domains import Ties
from borgpy.scheduling.own import Board
from borgpy.scheduling.scores import Scores
from borgpy.scheduling.scoring import UNIT
from borgpy.scheduling.shapes import Shape
from borgpy.scheduling.snapshot import Floats, Rows

FIRST_LOOK = 256
"""Machines looked at first where the policy asks for no sample but for a good enough machine."""

MOST_AT_ONCE = 8192


class Pool(msgspec.Struct, eq=False):
    """A sample that is kept for further tasks of its class: ``left`` of them, then there is another."""

    board: Board
    rows: Rows
    seen: int
    left: int


class Samples:
    """Draws samples; where a search begins follows from the pass's seed and how many there were before."""

    def __init__(self, scores: Scores, policy: Policy, machines: int, seed: int) -> None:
        self._scores = scores
        self._policy = policy
        self._machines = machines
        self._seed = seed
        self._stride = _stride(machines)
        self._drawn = 0
        self._pools: dict[int, Pool] = {}

    def pool(self, shape: Shape) -> Pool | None:
        """The sample that serves tasks of a class now, up to date; none if none of its machines can take one."""
        if self._policy.good_enough:
            return None
        pool = self._pools.get(shape.number)
        if pool is None or not pool.left:
            board = self.draw(shape, None)
            if board.rows is None or not len(board.rows):
                return None
            left = max(1, len(board.rows) // 2)
            pool = self._pools[shape.number] = Pool(board, board.rows, self._scores.changes, left)
        else:
            stale = np.flatnonzero(self._scores.changed_since(pool.seen, pool.rows))
            if stale.size:
                pool.board.scores[stale] = self._scores.of(shape, pool.rows[stale])
            pool.seen = self._scores.changes
        return pool

    def draw(self, shape: Shape, ties: Ties | None) -> Board:
        """Machines that can take a task of the class with these ties, as many as the policy wants, or all there are."""
        wanted = self._policy.sample or self._machines
        worse = None if ties is None else ties.worse(self._machines)
        enough = self._policy.good_enough / 1000 * UNIT
        start, size = self._start(), max(32, 2 * self._policy.sample or FIRST_LOOK)
        found: list[Rows] = []
        scores: list[Floats] = []
        seen = number = 0
        while seen < self._machines and number < wanted:
            steps = np.arange(seen, min(self._machines, seen + size))
            block = (start + steps * self._stride) % self._machines
            seen += len(block)
            size = min(MOST_AT_ONCE, 2 * size)
            score = self._scores.of(shape, block)
            if worse is not None:
                score = score + worse[block]
            able = np.flatnonzero(score < np.inf)[: wanted - number]
            if not able.size:
                continue
            number += len(able)
            found.append(block[able])
            scores.append(score[able])
            if self._policy.good_enough and float(scores[-1].min()) <= enough:
                good = np.flatnonzero(scores[-1] <= enough)[:1]
                return Board(scores[-1][good], found[-1][good])
        if not found:
            return Board(np.zeros(0), np.zeros(0, np.intp))
        rows, score = np.concatenate(found), np.concatenate(scores)
        order = np.argsort(rows)
        return Board(score[order], rows[order])

    def _start(self) -> int:
        self._drawn += 1
        draw = blake2b(f"{self._seed}/{self._drawn}".encode(), digest_size=8).digest()
        return int.from_bytes(draw, "big") % self._machines


def _stride(machines: int) -> int:
    """How far to step so that all machines are met once, and those met one after the other are in different racks.

    Neighbours in the order of names often share a rack, so that a sample of them would leave a job no racks to be spread
    over. Steps of the golden section leave no large gaps, however many there are.
    """
    stride = max(1, int(0.618 * machines))
    while gcd(stride, machines) > 1:
        stride += 1
    return stride
