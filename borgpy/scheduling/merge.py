"""Many equal tasks at a time: exactly what placing them one by one on the best machine would give, without the loop.

A machine's tasks come in a queue: the score of its next task, once it has the ones before. Placing one by one always
takes the queue whose head is best. What it takes is therefore the sorted order of all queued tasks by the *running
maximum* of their queue: a task that scores better than the one before it in its queue follows it at once, for nothing
else can be better than what was just best. Ties go to the lower row, which is part of the sorting key.

Failure domains nest: the tasks of a rack's machines, in the order that this gives, are a queue again, to whose heads
the rack's own penalty is added; then those of the power domains' racks; and in the end those of the whole cell.

Nobody knows at first how far down a queue one has to look. So one looks at a few tasks of the best machines, and again
at twice as many wherever the result has used a queue up; what was not looked at stood behind something not taken.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from borgpy.scheduling.snapshot import Floats, Ints, Mask, Rows

ScoreAt = Callable[[Rows, Ints], Floats]
"""Given machines and how many tasks of this kind each has taken before, the score of one more, in whole units."""


FitsOn = Callable[[Rows], Ints]
"""Given machines that can take a task, how many they can take."""

NO_LIMIT = 1 << 62

FEWEST = 64
"""Machines to look at first; fewer are no quicker."""


class Level(msgspec.Struct, frozen=True, eq=False):
    """A failure domain of a job, or the machine itself: what its own tasks there do to the next one.

    ``codes`` int64[machines] say in which domain a machine is, ``counts`` int64[domains] how many tasks the job has there.
    With j there, a further one is worse by ``unit[domain] * j``, and by ``step`` from j = ``step_at`` on; it cannot be
    where j has reached ``limit``. ``free`` bool[domains] are those of
    machines without the attribute: there is no limit in them, and their unit is 0. ``machines`` says that each
    machine is a domain of its own.
    """

    codes: Ints
    counts: Ints
    unit: Floats
    limit: int = NO_LIMIT
    step_at: int = NO_LIMIT
    step: float = 0.0
    free: Mask | None = None
    machines: bool = False

    def penalty(self, domains: Ints, there: Ints) -> Floats:
        """float64[n]: for a task in each of ``domains`` that finds so many ``there``."""
        worse: Floats = self.unit[domains] * there
        if self.step:
            worse = worse + np.where(there >= self.step_at, self.step, 0.0)
        return worse

    def barred(self, domains: Ints, there: Ints) -> Mask:
        """bool[n]: where a further task cannot be."""
        full = there >= self.limit
        if self.free is not None:
            full &= ~self.free[domains]
        return full


def merge(
    score: ScoreAt, rows: Rows, heads: Floats, fits: FitsOn, count: int, levels: Sequence[Level] = ()
) -> Rows:
    """The machine of each of up to ``count`` tasks, in the order in which one by one would place them.

    ``rows`` are the machines that can take a task, ascending, ``heads`` the score of the first on each, ``fits`` tells
    how many each can take; ``levels`` nest, the smallest first. Fewer than ``count`` are returned only if there is no
    more room.
    """
    if not len(rows) or count < 1:
        return rows[:0]
    # Without levels no more machines are needed than there are tasks, and those with the best heads.
    size = max(FEWEST, 2 * count if levels else count)
    while True:
        near, bound = _nearest(rows, heads, size)
        taken, worst = _among(score, rows[near], heads[near], fits, count, levels)
        if bound is None or (len(taken) == count and worst < bound):
            return taken
        size = max(4 * size, int(np.count_nonzero(heads <= worst[0])))


def _nearest(rows: Rows, heads: Floats, size: int) -> tuple[Rows | slice, tuple[float, int] | None]:
    """The positions of the ``size`` best heads, ascending, and the (head, row) of the best that is left out."""
    if size >= len(heads):
        return slice(None), None
    bound = np.partition(heads, size)[size]
    better = heads < bound
    ties = np.flatnonzero(heads == bound)
    inside = size - int(np.count_nonzero(better))
    better[ties[:inside]] = True
    return np.flatnonzero(better), (float(bound), int(rows[ties[inside]]))


def _among(
    score: ScoreAt, rows: Rows, heads: Floats, fits: FitsOn, count: int, levels: Sequence[Level]
) -> tuple[Rows, tuple[float, int]]:
    """The machines of the tasks as if there were only these, and the worst (score, row) among them."""
    room = np.minimum(fits(rows), count)
    depth = _first_depth(heads, room, count)
    while True:
        looked = np.flatnonzero(depth)
        queue = _Queue(score, rows, heads, looked, depth[looked])
        taken, worst = _take(queue, levels, count)
        used = np.bincount(queue.machine[taken], minlength=len(rows))
        further = (used >= depth) & (depth < room)
        if len(taken) == count:
            further &= (depth > 0) | _sooner(heads, rows, worst)
        if not further.any():
            return queue.rows[taken], worst
        # Those that were taken from first go on to be, as far as they have room: most others will not be needed.
        depth[further] = np.minimum(room[further], np.maximum(1, depth[further] * 2))
        spent, since = np.unique(queue.machine[taken], return_index=True)
        spent = spent[np.argsort(since)]
        spent = spent[further[spent]][: max(8, -(-2 * count // max(1, int(np.median(room)))))]
        depth[spent] = room[spent]


def _sooner(heads: Floats, rows: Rows, worst: tuple[float, int]) -> Mask:
    score, row = worst
    sooner: Mask = (heads < score) | ((heads == score) & (rows < row))
    return sooner


def _first_depth(heads: Floats, room: Ints, count: int) -> Ints:
    """For each machine, how many of its queue to look at first: what could be enough, if no domain stood against it."""
    near = max(8, -(-2 * count // max(1, int(np.median(room)))))
    if near >= len(heads):
        return np.minimum(room, max(1, -(-2 * count // len(heads))))
    best, _ = _nearest(np.arange(len(heads)), heads, near)
    depth = np.zeros(len(heads), np.int64)
    depth[best] = np.minimum(room[best], max(2, -(-2 * count // near)))
    return depth


class _Queue:
    """The tasks that are looked at, by machine and turn: for each its machine (a position in ``rows``), row and score."""

    def __init__(
        self, score: ScoreAt, rows: Rows, heads: Floats, machines: Rows, depth: Ints
    ) -> None:
        starts = np.cumsum(depth) - depth
        self.machine = np.repeat(machines, depth)
        self.rows = rows[self.machine]
        nth = np.arange(len(self.machine)) - np.repeat(starts, depth)
        self.values = np.empty(len(self.machine))
        self.values[starts] = heads[machines]
        deep = np.flatnonzero(nth)
        if deep.size:
            self.values[deep] = score(self.rows[deep], nth[deep])


def _take(queue: _Queue, levels: Sequence[Level], count: int) -> tuple[Rows, tuple[float, int]]:
    """The first ``count`` positions in the queue in the order of placing, and the worst (score, row) among them."""
    values = queue.values
    order = np.arange(len(values))
    segments = queue.machine
    for level in levels:
        domains = level.codes[queue.rows]
        if level.machines:
            by_domain = order
        else:
            best = order[_by_running_maximum(values, order, segments[order])]
            by_domain = best[np.argsort(domains[best], kind="stable")]
        there = _nth(domains[by_domain]) + level.counts[domains[by_domain]]
        if level.limit < NO_LIMIT:
            stay = ~level.barred(domains[by_domain], there)
            by_domain, there = by_domain[stay], there[stay]
        values = values.copy()
        values[by_domain] += level.penalty(domains[by_domain], there)
        order, segments = by_domain, domains
    taken = order[_by_running_maximum(values, order, segments[order])[:count]]
    if not len(taken):
        return taken, (0.0, 0)
    worst = values[taken].max()
    return taken, (float(worst), int(queue.rows[taken[values[taken] == worst]].max()))


def _nth(groups: Ints) -> Ints:
    """For each entry its number within its group; equal groups stand together."""
    if not len(groups):
        return groups
    first = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    size = np.diff(np.append(first, len(groups)))
    nth: Ints = np.arange(len(groups)) - np.repeat(first, size)
    return nth


def _by_running_maximum(values: Floats, order: Rows, segments: Ints) -> Rows:
    """Positions in ``order``, sorted by the running maximum of (value, row) along each segment, which stand together.

    ``values`` are in the order of rows and turns, so that a stable sort of them ranks equal ones by row. Ranks, and not
    values, make the maximum stay within its segment by an offset for each; no two segments share one.
    """
    if not len(order):
        return order
    ascending = np.argsort(values, kind="stable")
    rank = np.empty(len(values), np.int64)
    rank[ascending] = np.arange(len(values))
    number = np.zeros(len(order), np.int64)
    np.cumsum(segments[1:] != segments[:-1], out=number[1:])
    number *= len(values)
    running = np.maximum.accumulate(rank[order] + number) - number
    return np.argsort(running, kind="stable")
