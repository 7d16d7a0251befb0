"""The score of machines for one more task of a class, and the rows of scores that are kept while machines do not change."""

from collections.abc import Iterable

import numpy as np

from borgpy.model.constraints import Plugin
from borgpy.model.plan import VetoKind
from borgpy.model.policy import Packing, Policy
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.neighbours import Ruling
from borgpy.scheduling.plugins import Lazily, Machines, Picked, PluginFault, Plugins, ask
from borgpy.scheduling.record import Recorder
from borgpy.scheduling.scarcity import Scarcity
from borgpy.scheduling.scoring import Fit, Frame, packing, units
from borgpy.scheduling.shapes import Shape
from borgpy.scheduling.snapshot import STANDARD_COUNT, Floats, Ints, Mask, Rows, Snapshot
from borgpy.scheduling.standing import Standing
from borgpy.scheduling.worth import worth_of

ALL = slice(None)

MOST_SCORES = 20_000_000
"""Scores that are kept, 160 MB of them: 2,000 classes of a cell of 10,000 machines."""

FEW_LOOKS = 4
"""Only from so many looks at all machines on does it pay to know what every machine has at least."""

_BARS = np.array([np.inf, -np.inf])
"""No score is better than that where a machine is not able, and where it is able."""


class Scores:
    """Scores are whole numbers of units in float64, infinite for a machine that cannot take the task."""

    def __init__(self, standing: Standing, policy: Policy, scarcity: Scarcity) -> None:
        self._standing = standing
        self._policy = policy
        self._plugins: Plugins = {}
        self._recorder = Recorder()
        self._frame = Frame(standing.snapshot, policy, scarcity)
        self.usable = _usable(standing.snapshot, ALL)
        self._free: list[Floats] = [column.astype(np.float64) for column in standing.columns]
        mix = self._frame.mix
        self._mixed = [self._free[d] for d in mix.dimensions]
        self._ready = mix.usable(self._mixed, ALL)
        self._stale: list[Rows] = []
        self._bars = np.empty(len(standing))
        self._looks = 0
        self._least: list[int] | None = None
        self._rows: list[Shape] = []
        self.changes = self._renewed = 0
        self._changed_at: Ints = np.zeros(len(standing), np.int64)
        self._worth = worth_of(standing, policy)
        hybrid = any(part.packing is Packing.HYBRID for part in policy.packing)
        devices = self._worth.get(Packing.HYBRID)
        self._looks_at_mix = hybrid and bool(self._mixed) and not (devices and devices.everywhere)
        self._exclusive = False
        alone = len(policy.packing) == 1 and policy.packing[0].packing is Packing.HYBRID
        self._plain = alone and not self._worth and not policy.mixing

    def begin(self, plugins: Plugins, recorder: Recorder) -> None:
        """A pass begins."""
        self._plugins = plugins
        self._recorder = recorder
        self._exclusive = bool(self._standing.exclusive.any()) or any(
            job.is_exclusive() for job in self._standing.snapshot.pending
        )
        self._renewed = self.changes
        self._looks, self._least = 0, None

    def touched(self) -> Mask:
        """bool[machines]: which changed in the last pass."""
        touched: Mask = self._changed_at > self._renewed
        return touched

    def renew(self, rows: Rows) -> None:
        """These machines are as a new snapshot says, which the standing is of by now."""
        self._least = None
        self.usable[rows] = _usable(self._standing.snapshot, rows)
        self.changed(rows)

    def size(self, vector: Ints) -> float:
        """How much a request asks for, in the unit of best fit."""
        amounts = zip(vector.tolist(), self._frame.worth, strict=True)
        return sum((n * worth for n, worth in amounts), 0.0)

    def needs_state(self, shape: Shape) -> bool:
        """Whether the score of a second task on a machine is known only once the first is there."""
        return shape.asks_inner or bool(shape.plugins) or bool(self._policy.plugins)

    def changed(self, machines: Rows) -> None:
        """These machines are not what they were."""
        self.changes += 1
        # For one machine indexes that are plain numbers: most changes are of one, and an array costs more.
        places = int(machines[0]) if len(machines) == 1 else machines
        self._changed_at[places] = self.changes
        self._stale.append(machines)
        if self._least is not None:
            for d, column in enumerate(self._standing.columns):
                free = column[places] if isinstance(places, int) else column[places].min()
                if free < self._least[d]:
                    self._least[d] = int(free)

    def row(self, shape: Shape) -> Floats:
        """float64[machines]: every machine's score for one more task; to be written to only if it is put right again."""
        now = self.changes
        if not shape.is_met:
            # Many a class has one task. Only a second look shows that its scores are worth keeping.
            shape.is_met = True
            return self.of(shape, ALL)
        if shape.row is None:
            self._make_room()
            self._rows.append(shape)
            shape.row = self.of(shape, ALL).copy()
        elif shape.seen < now:
            rows = np.flatnonzero(self._changed_at > shape.seen)
            self._recorder.cache_hits += len(shape.row) - len(rows)
            if len(rows) * 4 > len(shape.row):
                np.copyto(shape.row, self.of(shape, ALL))
            else:
                shape.row[rows] = self.of(shape, rows)
        else:
            self._recorder.cache_hits += len(shape.row)
        shape.seen = now
        return shape.row

    def keep(self, shapes: Iterable[Shape]) -> None:
        """Of the rows of scores, only those of these classes matter any more."""
        self._rows = [shape for shape in shapes if shape.row is not None]

    def _make_room(self) -> None:
        """Rows are kept as long as they do not take too much memory; then all are worked out anew."""
        if (len(self._rows) + 1) * len(self._standing) > MOST_SCORES:
            for shape in self._rows:
                shape.row = None
            self._rows.clear()

    def changed_since(self, seen: int, rows: Rows) -> Mask:
        """bool[rows]: which of the machines changed after so many changes."""
        since: Mask = self._changed_at[rows] > seen
        return since

    def is_seen(self, shape: Shape) -> None:
        """The row of a class has been brought up to date by whoever changed machines."""
        shape.seen = self.changes

    def of(self, shape: Shape, rows: Rows | slice) -> Floats:
        """float64[rows]: scores as machines are now; those of all machines may be written over by the next call."""
        able = self.open_to(shape, rows)
        if not able.any():
            return np.full(len(able), np.inf)
        score = self._score(shape, rows, 0)
        self._recorder.scored += len(score)
        for name in self._policy.plugins:
            answer = self._asked(name, shape.job, rows, able)
            if answer.dtype == np.bool_:
                able[np.flatnonzero(able)] = answer
            else:
                score = _worse(score, able, answer, self._policy.plugin / 1000)
        for rule in shape.plugins:
            answer = self._asked(rule.name, shape.job, rows, able)
            if rule.weight:
                score = _worse(score, able, answer, rule.weight / 100 * self._policy.soft / 1000)
            else:
                able[np.flatnonzero(able)] = _verdict(answer)
        # A table is several times quicker here than choosing by a mask, which branches.
        bars = _BARS.take(
            able.view(np.uint8), out=self._bars if isinstance(rows, slice) else None, mode="clip"
        )
        np.maximum(score, bars, out=score)
        return score

    def at(self, shape: Shape, rows: Rows, before: Ints, extra: Floats | None) -> Floats:
        """float64[n]: the score of machines that would first have taken so many tasks of the class. They have room."""
        score = self._score(shape, rows, before)
        self._recorder.scored += len(score)
        return score if extra is None else score + extra[rows]

    def fits_on(self, shape: Shape, machines: Rows, count: int) -> Ints:
        """How many tasks of the class each machine could take, ``count`` at most; they can take one."""
        most = 1 if shape.exclusive or shape.job.ports else count
        fits = np.full(len(machines), most, np.int64)
        for column, amount in zip(self._standing.columns, shape.amounts, strict=True):
            if amount:
                np.minimum(fits, column[machines] // amount, out=fits)
        return fits

    def open_to(self, shape: Shape, rows: Rows | slice) -> Mask:
        """bool[rows]. A dimension of which nothing is asked needs no look: the usable have no less than that."""
        standing = self._standing
        able = (
            self.usable[rows].copy()
            if shape.allowed is None
            else self.usable[rows] & shape.allowed[rows]
        )
        least = self._least_free() if isinstance(rows, slice) else None
        for d, amount in shape.taking.amounts:
            if least is None or amount > least[d]:
                able &= standing.columns[d][rows] >= amount
        if self._exclusive:
            able &= standing.exclusive[rows] == 0
            if shape.exclusive:
                able &= standing.tasks[rows] == 0
        for port in shape.job.ports:
            able &= ~standing.has_port(port)[rows]
        for device in shape.job.devices:
            able &= standing.devices(device.kind).fits(device, rows)
        for name, request in shape.sets.items():
            able &= standing.fits_set(name, request, rows)
        return able

    def _least_free(self) -> list[int] | None:
        """What every usable machine has at least, by dimension; not worth finding out for a look or two."""
        self._looks += 1
        if self._least is None and self._looks > FEW_LOOKS and self.usable.any():
            columns = self._standing.columns
            self._least = [int(column[self.usable].min()) for column in columns]
        return self._least

    def against(self, job: PendingJob, able: Mask) -> list[Ruling]:
        """What hard plug-ins say against those machines (bool[machines]) that nothing else speaks against."""
        hard = [
            rule.name for rule in job.constraints if isinstance(rule, Plugin) and not rule.weight
        ]
        rulings: list[Ruling] = []
        for place, name in enumerate((*hard, *self._policy.plugins)):
            answer = self._asked(name, job, ALL, able)
            detail = f"plug-in {name}"
            if answer.dtype != np.bool_:
                if place >= len(hard):
                    continue  # the policy's may rate machines
                detail += " (it rates machines; a hard constraint needs one that says yes or no)"
            open_to = np.ones(len(able), np.bool_)
            open_to[np.flatnonzero(able)] = _verdict(answer)
            rulings.append((VetoKind.PLUGIN, detail, able & ~open_to))
        return rulings

    def _refresh(self) -> None:
        """Take in what changed since scores were last worked out."""
        rows = self._stale[0] if len(self._stale) == 1 else np.concatenate(self._stale)
        self._stale.clear()
        if len(rows) == 1:
            row = int(rows[0])
            for column, exact in zip(self._free, self._standing.columns, strict=True):
                column[row] = exact[row]
            if self._looks_at_mix:
                self._ready[row] = self._frame.mix.usable_one(row, self._standing.columns)
        else:
            for column, exact in zip(self._free, self._standing.columns, strict=True):
                column[rows] = exact[rows]
            if self._looks_at_mix:
                now = [column[rows] for column in self._mixed]
                self._ready[rows] = self._frame.mix.usable(now, rows)
        for worth in self._worth.values():
            worth.changed(rows)

    def following(self, shape: Shape, row: int) -> float:
        """One machine's score for one more task of the class, as it is now."""
        self._recorder.scored += 1
        if not self._plain or self._exclusive or shape.job.runtime_ms:
            return float(self.of(shape, np.array([row]))[0])
        columns = self._standing.columns
        for d, amount in shape.taking.amounts:
            if columns[d][row] < amount:
                return np.inf
        score = float(round(self._frame.mix.one(row, columns, shape.amounts)))
        return score if shape.wish is None else score + float(shape.wish[row])

    def _score(self, shape: Shape, rows: Rows | slice, before: Ints | int) -> Floats:
        if self._stale:
            self._refresh()
        devices = shape.job.devices
        if isinstance(before, int):
            nothing, asked = shape.nothing, shape.floats
            fit = Fit(
                self._frame, rows, self._free, nothing, asked, self._ready, self._worth, devices
            )
        else:
            times = before.astype(np.float64)
            already: list[Floats | float] = [times * n if n else 0.0 for n in shape.floats]
            total = [taken + n for taken, n in zip(already, shape.floats, strict=True)]
            fit = Fit(self._frame, rows, self._free, already, total, None, self._worth, devices)
        score = packing(self._policy, fit)
        if shape.wish is not None:
            score = score + shape.wish[rows]
        if self._policy.mixing:
            score = score + self._mixing(shape, rows, before)
        if self._policy.runtime and shape.job.runtime_ms:
            score = score + self._runtime(shape, rows, before)
        return score

    def _mixing(self, shape: Shape, rows: Rows | slice, before: Ints | int) -> Floats:
        """The part of a machine's used CPU that is of the task's own kind: bands mix (Borg §3.2)."""
        standing, snapshot = self._standing, self._standing.snapshot
        asked = shape.amounts[0] * before
        used = snapshot.capacity[rows, 0] - standing.columns[0][rows] + asked
        production = standing.production_cpu[rows]
        own = production + asked if shape.job.is_production() else used - production
        share = np.divide(own, used, out=np.zeros(len(production)), where=used > 0)
        return units(share * (self._policy.mixing / 1000))

    def _runtime(self, shape: Shape, rows: Rows | slice, before: Ints | int) -> Floats:
        """How far apart a machine's last end and the task's own are, as a part of the later: short with short (Fenzo)."""
        own = shape.job.runtime_ms
        left = np.maximum(self._standing.ends_at[rows] - self._standing.snapshot.at, 0)
        left = np.where(np.asarray(before) > 0, np.maximum(left, own), left)
        apart = np.where(left > 0, np.abs(left - own), 0) / np.maximum(left, own)
        return units(apart * (self._policy.runtime / 1000))

    def _asked(self, name: str, job: PendingJob, rows: Rows | slice, able: Mask) -> Mask | Floats:
        """What a plug-in says of those of ``rows`` that are ``able``; it is not asked if there are none."""
        plugin = self._plugins.get(name)
        if plugin is None:
            raise PluginFault(name, "the Borgmaster was started without it")
        asked = np.arange(len(self._standing))[rows][able]
        if not asked.size:
            return np.zeros(0, np.bool_)
        return ask(name, plugin, self._machines(asked), job)

    def _machines(self, rows: Rows) -> Machines:
        standing, snapshot = self._standing, self._standing.snapshot
        number = snapshot.dimensions.index
        return Machines(
            rows=rows,
            names=Picked(snapshot.names, rows),
            capacity=Lazily(
                snapshot.dimensions, lambda name: snapshot.capacity[rows, number(name)]
            ),
            free=Lazily(snapshot.dimensions, lambda name: standing.columns[number(name)][rows]),
            tasks=standing.tasks[rows],
            attributes=snapshot.attributes,
            devices=Lazily(tuple(snapshot.devices), lambda kind: standing.devices(kind).free[rows]),
        )


def _verdict(answer: Mask | Floats) -> Mask:
    """A hard rule that names a plug-in of ratings is met nowhere. That is the job's mistake, and no fault of the plug-in
    to be refused to others, or to all if the policy has it."""
    if answer.dtype != np.bool_:
        return np.zeros(len(answer), np.bool_)
    return answer.astype(np.bool_, copy=False)


def _worse(score: Floats, able: Mask, answer: Mask | Floats, weight: float) -> Floats:
    """``score`` with so much for what the answer falls short of 1, where it was given."""
    missed: Floats = score.copy()
    missed[able] += units((1.0 - answer.astype(np.float64)) * weight)
    return missed


def _usable(snapshot: Snapshot, rows: Rows | slice) -> Mask:
    """bool[rows]: a machine that is over-committed takes nothing more, not even of what it still has."""
    usable: Mask = snapshot.placeable[rows].copy()
    for d in range(STANDARD_COUNT):
        usable &= snapshot.free[rows, d] >= 0
    return usable
