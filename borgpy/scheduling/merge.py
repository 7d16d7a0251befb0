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
            over = there >= self.step_at
            if self.free is not None:
                over = over & ~self.free[domains]
            worse = worse + np.where(over, self.step, 0.0)
        return worse

    def barred(self, domains: Ints, there: Ints) -> Mask:
        """bool[n]: where a further task cannot be."""
        full = there >= self.limit
        if self.free is not None:
            full &= ~self.free[domains]
        return full


def merge(
    score: ScoreAt,
    rows: Rows,
    heads: Floats,
    fits: FitsOn,
    count: int,
    levels: Sequence[Level] = (),
) -> Rows:
    """The machine of each of up to ``count`` tasks, in the order in which one by one would place them.

    ``rows`` are the machines that can take a task, ascending, ``heads`` the score of the first on each, ``fits`` tells
    how many each can take; ``levels`` nest, the smallest first. Fewer than ``count`` are returned only if there is no
    more room.
    """
    inner, open_ = heads, np.ones(len(rows), np.bool_)
    for level in levels:
        if level.machines:
            there = level.counts[rows]
            inner = inner + level.penalty(rows, there)
            open_ &= ~level.barred(rows, there)
    rows, heads, inner = rows[open_], heads[open_], inner[open_]
    best = _Best(rows, inner, next((level for level in levels if not level.machines), None))
    if not len(rows) or count < 1:
        return rows[:0]
    best.widen(count)
    while True:
        near = best.near()
        taken = _among(score, rows[near], heads[near], fits, count, levels)
        if not best.missed(taken, count):
            return taken.rows


class _Best:
    """The machines that are looked at: in each of the smallest domains those with the best heads, so many of them."""

    def __init__(self, rows: Rows, heads: Floats, level: Level | None) -> None:
        self._rows = rows
        self._heads = heads
        self._level = level
        self._all = len(heads)
        if level is not None:
            domains = level.codes[rows]
            self._order = np.lexsort((heads, domains))
            self._domain = domains[self._order]
            self._nth = _nth(self._domain)
            self._size = np.zeros(len(level.counts), np.int64)

    def widen(self, count: int) -> None:
        """Look at as many as might be enough for so many tasks."""
        if self._level is None:
            # No more machines are needed than there are tasks.
            self._wanted = max(FEWEST, count)
        else:
            domains = 1 + int(np.count_nonzero(self._nth == 0))
            self._size[:] = max(2, -(-count // (8 * domains)))

    def near(self) -> Rows:
        """Positions in ``rows``, ascending."""
        if self._level is None:
            near, self._bound = _nearest(self._rows, self._heads, self._wanted)
            return near
        return np.sort(self._order[self._nth < self._size[self._domain]])

    def missed(self, taken: "_Taken", count: int) -> bool:
        """Whether a machine that was left out might have been better than one that was taken; it is then looked at."""
        if self._level is None:
            if self._bound is None or (len(taken.rows) == count and taken.worst() < self._bound):
                return False
            self._wanted *= 4
            return True
        out = self._order[
            self._nth == self._size[self._domain]
        ]  # the best that is left out of each domain
        domains = self._level.codes[self._rows[out]]
        if len(taken.rows) < count:
            again = np.ones(len(out), np.bool_)
        else:
            worst, row = taken.worst_of(self._level)
            best, first = taken.best_left(self._level)
            head, at = self._heads[out], self._rows[out]
            again = (head < worst[domains]) | ((head == worst[domains]) & (at < row[domains]))
            again |= (head < best[domains]) | ((head == best[domains]) & (at < first[domains]))
        self._size[domains[again]] *= 4
        return bool(again.any())


def _nearest(rows: Rows, heads: Floats, size: int) -> tuple[Rows, tuple[float, int] | None]:
    """The positions of the ``size`` best heads, ascending, and the (head, row) of the best that is left out."""
    if size >= len(heads):
        return np.arange(len(heads)), None
    bound = np.partition(heads, size)[size]
    better = heads < bound
    ties = np.flatnonzero(heads == bound)
    inside = size - int(np.count_nonzero(better))
    better[ties[:inside]] = True
    return np.flatnonzero(better), (float(bound), int(rows[ties[inside]]))


class _Taken(msgspec.Struct, frozen=True, eq=False):
    """The machines of tasks in the order of placing, with what their scores were but for the domains around them.

    ``next_rows`` are the machines that can take more, with the score of their next.
    """

    rows: Rows
    scores: Floats
    next_rows: Rows
    next_scores: Floats

    def worst(self) -> tuple[float, int]:
        """The worst (score, row)."""
        worst = self.scores.max(initial=-np.inf)
        return float(worst), int(self.rows[self.scores == worst].max(initial=-1))

    def worst_of(self, level: Level) -> tuple[Floats, Rows]:
        """The same for each domain, float64[domains] and intp[domains]; nothing is worse than where nothing is taken."""
        domains = level.codes[self.rows]
        worst = np.full(len(level.counts), -np.inf)
        np.maximum.at(worst, domains, self.scores)
        row = np.full(len(level.counts), -1, np.intp)
        last = self.scores == worst[domains]
        np.maximum.at(row, domains[last], self.rows[last])
        return worst, row

    def best_left(self, level: Level) -> tuple[Floats, Rows]:
        """The best (score, row) of each domain that could be taken next; infinite where nothing is left."""
        domains = level.codes[self.next_rows]
        best = np.full(len(level.counts), np.inf)
        np.minimum.at(best, domains, self.next_scores)
        row = np.full(len(level.counts), np.iinfo(np.intp).max)
        first = self.next_scores == best[domains]
        np.minimum.at(row, domains[first], self.next_rows[first])
        return best, row


def _among(
    score: ScoreAt, rows: Rows, heads: Floats, fits: FitsOn, count: int, levels: Sequence[Level]
) -> _Taken:
    """The machines of the tasks as if there were only these."""
    room = np.minimum(fits(rows), count)
    for level in levels:
        if level.machines and level.limit < NO_LIMIT:
            np.minimum(room, level.limit - level.counts[rows], out=room)
    typical = max(1, int(np.median(room)))
    depth = np.minimum(room, max(1, -(-2 * count // len(rows))))
    while True:
        queue = _Queue(score, rows, heads, depth)
        taken, inner = _take(queue, levels, count)
        machines = queue.machine[taken]
        used = np.bincount(machines, minlength=len(rows))
        spent = (used >= depth) & (depth < room)
        if not spent.any():
            more = np.flatnonzero(used < depth)
            following = inner[(np.cumsum(depth) - depth + used)[more]]
            return _Taken(queue.rows[taken], inner[taken], rows[more], following)
        # Those that were taken from first go on to be, as far as they have room: most others will not be needed.
        depth[spent] = np.minimum(room[spent], depth[spent] * 2)
        told, since = np.unique(machines, return_index=True)
        told = told[np.argsort(since)]
        first = told[spent[told]][: max(8, -(-2 * count // typical))]
        depth[first] = room[first]


class _Queue:
    """The tasks that are looked at, by machine and turn: for each its machine (a position in ``rows``), row and score."""

    def __init__(self, score: ScoreAt, rows: Rows, heads: Floats, depth: Ints) -> None:
        starts = np.cumsum(depth) - depth
        self.machine = np.repeat(np.arange(len(rows)), depth)
        self.rows = rows[self.machine]
        self.nth = np.arange(len(self.machine)) - np.repeat(starts, depth)
        self.values = np.empty(len(self.machine))
        self.values[starts] = heads
        deep = np.flatnonzero(self.nth)
        if deep.size:
            self.values[deep] = score(self.rows[deep], self.nth[deep])


def _take(queue: _Queue, levels: Sequence[Level], count: int) -> tuple[Rows, Floats]:
    """The first ``count`` positions in the queue in the order of placing; and all scores but for the domains around."""
    values = inner = queue.values
    order = np.arange(len(values))
    segments = queue.machine
    for level in levels:
        domains = level.codes[queue.rows]
        if level.machines:
            by_domain = order
            there = queue.nth[order] + level.counts[queue.rows[order]]
        else:
            best = order[_by_running_maximum(values, order, segments[order])]
            by_domain = best[np.argsort(domains[best], kind="stable")]
            there = _nth(domains[by_domain]) + level.counts[domains[by_domain]]
        if level.limit < NO_LIMIT:
            stay = ~level.barred(domains[by_domain], there)
            by_domain, there = by_domain[stay], there[stay]
        values = values.copy()
        values[by_domain] += level.penalty(domains[by_domain], there)
        order = by_domain
        if level.machines:
            inner = values
        else:
            segments = domains
    return order[_by_running_maximum(values, order, segments[order])[:count]], inner


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
