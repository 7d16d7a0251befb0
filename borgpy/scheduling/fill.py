"""Many equal tasks at a time: what placing them one by one on the best machine would give, without the loop.

A score here is `scoring.leftover`: it falls by the same ``step`` with each task that a machine takes. Machines are
given in the order of their names, and of two with equal scores the first is better.
"""

import numpy as np
from numpy.typing import NDArray

from borgpy.scheduling.snapshot import Ints

Rows = NDArray[np.intp]


def tightest(scores: Ints, count: int) -> Rows:
    """The positions of the ``count`` lowest scores, lowest first.

    A task makes its machine fuller still, so best fit stays with a machine until it has no more room: to place
    ``count`` tasks no more than ``count`` machines are needed, each as full as it gets before the next is begun.
    """
    if count >= len(scores):
        return np.argsort(scores, kind="stable")
    bound = np.partition(scores, count - 1)[count - 1]
    # All that tie at the bound: partition picks any of them, the sort then takes the first by name.
    near: Rows = np.flatnonzero(scores <= bound)
    order = np.argsort(scores[near], kind="stable")[:count]
    return near[order]


def in_turn(fits: Ints, count: int) -> Ints:
    """How many of ``count`` tasks each machine gets if they are filled in this order, ``fits`` tasks each."""
    before = np.cumsum(fits) - fits
    shares: Ints = np.minimum(np.maximum(count - before, 0), fits)
    return shares


def emptiest(scores: Ints, fits: Ints, step: int, count: int) -> Rows:
    """The machine of each task, in order, if each of up to ``count`` goes where the score is highest just then.

    The k-th task on a machine finds the score ``scores - k * step`` there; the tasks that are placed are those with
    the ``count`` highest of all these, down to a level that bisection finds.
    """
    if not len(scores):
        return np.zeros(0, np.intp)

    def above(level: int) -> Ints:
        """How many tasks each machine gets before its score falls below ``level``."""
        tall = scores >= level
        steps = (scores - level) // step + 1 if step else fits
        return np.where(tall, np.minimum(fits, steps), 0)

    low, high = int((scores - (fits - 1) * step).min()), int(scores.max()) + 1
    if above(low).sum() > count:
        # above(low) is more than is wanted or just enough, above(high) is not enough.
        while high - low > 1:
            middle = (low + high) // 2
            if above(middle).sum() >= count:
                low = middle
            else:
                high = middle
        sure = above(high)
        counts = sure + in_turn(above(low) - sure, count - int(sure.sum()))
    else:
        counts = above(low)
    rows = np.repeat(np.arange(len(scores)), counts)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows[np.lexsort((rows, nth * step - scores[rows]))]
