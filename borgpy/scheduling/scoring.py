"""How well a task fits on a machine: one function for each packing score, over columns; lower is better.

Every score looks at a `Fit`: what share of each machine would be free once the task is there. Scores are about 0 to 1.
They are sums, differences, products and maxima of 64-bit floats, which are the same on every processor, and are then
rounded to whole `UNIT`s, so that the order in which terms are added, and placing and giving back, change nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat

import msgspec
import numpy as np

from borgpy.model.devices import DeviceRequest
from borgpy.model.policy import Packing, Policy
from borgpy.scheduling.scarcity import ABUNDANT, Scarcity, total_of
from borgpy.scheduling.snapshot import STANDARD_COUNT, Floats, Ints, Rows, Snapshot
from borgpy.scheduling.worth import Vacancy, Worth, fragmenting, stranded

UNIT = float(2**30)
"""One whole packing score. The sum of all that can be added to it stays far below 2**53."""

CPU, RAM = 0, 1


def units(score: Floats) -> Floats:
    """Rounded to whole units."""
    return np.rint(score * UNIT)


def unit_of(amount: float) -> float:
    """One number as whole units."""
    return float(round(amount * UNIT))


class Frame:
    """What all machines of a pass are measured by, from their capacities and from what runs and is pending.

    ``inverse`` is float64[machines] by dimension: a unit's share of the machine. ``worth`` is by dimension what a unit
    is worth in best fit: the largest machine's amount is worth the same in every dimension that the cell has any of.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy, scarcity: Scarcity) -> None:
        capacity = snapshot.capacity
        self.policy = policy
        self.inverse: list[Floats] = [
            np.divide(1.0, column, out=np.zeros(len(column)), where=column > 0)
            for column in capacity.T
        ]
        largest = capacity.max(axis=0) if len(capacity) else np.zeros(capacity.shape[1], np.int64)
        offered = max(1, int(np.count_nonzero(largest)))
        self.worth = [1.0 / (int(most) * offered) if most > 0 else 0.0 for most in largest]
        self.largest = [1.0 / int(most) if most > 0 else 0.0 for most in largest]
        self.mix = Mix(snapshot, policy.stranding / 1000, scarcity)
        named = policy.network
        self.network = snapshot.dimensions.index(named) if named in snapshot.dimensions else None


class Mix:
    """The cell's own demand, by which the hybrid score tells what is stranded.

    ``dimensions`` are those that are scarce enough to count. For each, ``enough`` float64[machines] turns a free amount
    into how much of the mix it is enough for, ``weighed`` is that times 1 + w, and ``price`` is what it costs to leave
    one of it; all in units of the score. ``absent`` float64[machines] or None keeps what a machine has none of from
    being its scarcest. ``spared`` keeps tasks off machines with extras that they do not ask for.
    """

    def __init__(self, snapshot: Snapshot, weight: float, scarcity: Scarcity) -> None:
        self.dimensions: list[int] = [d for d, part in enumerate(scarcity) if part > 0]
        self.enough: list[Floats] = []
        self.weighed: list[Floats] = []
        self.price: list[Floats] = []
        self.absent: list[Floats | None] = []
        machines = max(1, len(snapshot))
        has = [snapshot.capacity[:, d] > 0 for d in self.dimensions]
        some = np.logical_or.reduce(has) if has else np.zeros(len(snapshot), np.bool_)
        squares = np.zeros(len(snapshot))
        for d, there in zip(self.dimensions, has, strict=True):
            squares += np.where(there, scarcity[d] * scarcity[d], 0.0)
        for d, there in zip(self.dimensions, has, strict=True):
            mean = total_of(snapshot.capacity[:, d]) / machines
            capacity = np.where(there, snapshot.capacity[:, d], 1)
            enough = np.where(there, squares * (UNIT / (mean * scarcity[d])), 0.0)
            price = (weight * scarcity[d] * UNIT) * (1.0 / mean + 1.0 / capacity)
            missing = ~there & some
            self.enough.append(enough)
            self.weighed.append(enough * (1.0 + weight))
            self.price.append(np.where(there, price, 0.0))
            self.absent.append(np.where(missing, np.inf, 0.0) if missing.any() else None)
        self.spare = [np.empty(len(snapshot)) for _ in range(len(self.dimensions) + 3)]
        self.spared = _spared(snapshot, scarcity, weight * ABUNDANT)

    def usable(self, free: Sequence[Floats], rows: Rows | slice) -> Floats:
        """float64[rows]: how much of the mix the free amounts of each machine, by dimension, are enough for."""
        return _least(free, self.enough, self.absent, rows)

    def usable_one(self, row: int, free: Sequence[Ints]) -> float:
        """`usable` of one machine, by numbers."""
        least = np.inf
        for n, d in enumerate(self.dimensions):
            enough = float(free[d][row]) * self.enough[n][row]
            missing = self.absent[n]
            least = min(least, enough if missing is None else enough + missing[row])
        return float(least)

    def one(self, row: int, free: Sequence[Ints], asked: Sequence[int]) -> float:
        """`_unmixed` of one machine, by numbers instead of arrays: the same operations in the same order."""
        before = after = 0.0
        paid: list[float] = []
        for n, d in enumerate(self.dimensions):
            amount = float(free[d][row])
            left = amount - asked[d]
            usable, weighed = amount * self.enough[n][row], left * self.weighed[n][row]
            missing = self.absent[n]
            if missing is not None:
                usable, weighed = usable + missing[row], weighed + missing[row]
            before = min(before, usable) if n else usable
            after = min(after, weighed) if n else weighed
            paid.append(left * self.price[n][row])
        score = before - after
        for cost in paid:
            score += cost
        return float(score if self.spared is None else score + self.spared[row])


def _spared(snapshot: Snapshot, scarcity: Sequence[float], each: float) -> Floats | None:
    """float64[machines]: what it costs to use a machine that has extras for which nobody asks; None if none has."""
    extras = [
        snapshot.capacity[:, d] > 0
        for d in range(STANDARD_COUNT, len(snapshot.dimensions))
        if not scarcity[d]
    ]
    if not any(there.any() for there in extras):
        return None
    spared = np.zeros(len(snapshot))
    for there in extras:
        spared += np.where(there, unit_of(each), 0.0)
    return spared


def _least(
    amounts: Sequence[Floats],
    per: Sequence[Floats],
    absent: Sequence[Floats | None],
    rows: Rows | slice,
    spare: Sequence[Floats] = (),
) -> Floats:
    """The least over dimensions of amounts times ``per``. If there are ``spare`` columns, the first two are written to."""
    least: Floats | None = None
    for n, (amount, each, missing) in enumerate(zip(amounts, per, absent, strict=True)):
        enough = np.multiply(amount, each[rows], out=spare[min(n, 1)] if spare else None)
        if missing is not None:
            enough += missing[rows]
        least = enough if least is None else np.minimum(least, enough, out=least)
    return np.zeros(0) if least is None else least


class Fit(msgspec.Struct, frozen=True, eq=False):
    """The machines ``rows``, of which each takes one more task after having taken others of its kind.

    ``free`` float64[machines] by dimension is what is free now, ``before`` what the others take, ``asked`` what they and
    the one more take (float64[n] or one number for all). Amounts below 2**53 are exact, and so are their differences,
    so that a score is the same whether the others have been placed or are only thought of. ``ready`` is `Mix.usable` of
    what is free now, where there are no others. ``worth`` is by packing score what is known of devices, of which each
    task asks for ``devices``; of those that ask for any a machine takes one at a time.
    """

    frame: Frame
    rows: Rows | slice
    free: Sequence[Floats]
    before: Sequence[Floats | float]
    asked: Sequence[Floats | float]
    ready: Floats | None = None
    worth: Mapping[Packing, Worth] = {}
    devices: Sequence[DeviceRequest] = ()

    def left(self, d: int) -> Floats:
        """float64[n]: the amount of dimension ``d`` that is left with the task."""
        left: Floats = self.free[d][self.rows] - self.asked[d]
        return left

    def without(self, d: int) -> Floats:
        """float64[n]: the amount of dimension ``d`` that is left without it."""
        left: Floats = self.free[d][self.rows] - self.before[d]
        return left

    def usable(self, mix: Mix) -> Floats:
        """float64[n]: how much of the cell's mix the machines are enough for without the task."""
        if self.ready is not None:
            return self.ready[self.rows]
        return mix.usable([self.without(d) for d in mix.dimensions], self.rows)

    def after(self, d: int) -> Floats:
        """float64[n]: the part of the machine's dimension ``d`` that is left with the task."""
        part: Floats = self.left(d) * self.frame.inverse[d][self.rows]
        return part

    def part(self, d: int) -> Floats:
        """float64[n]: the part of the machine's dimension ``d`` that the task takes."""
        part: Floats = (self.asked[d] - self.before[d]) * self.frame.inverse[d][self.rows]
        return part

    def vacancy(self) -> Vacancy:
        before = None if self.ready is not None else (self.without(CPU), self.without(RAM))
        return Vacancy(self.left(CPU), self.left(RAM), before, self.devices)

    def zeros(self) -> Floats:
        return np.zeros(len(self.free[0][self.rows]))


def packing(policy: Policy, fit: Fit) -> Floats:
    """float64[n]: the policy's packing score, in whole units."""
    parts = policy.packing
    if len(parts) == 1:
        score = _SCORES[parts[0].packing](fit)
        return np.rint(score, out=score)
    total = fit.zeros()
    for part in parts:
        total = total + _SCORES[part.packing](fit) * (part.percent / 100)
    return np.rint(total)


def _hybrid(fit: Fit) -> Floats:
    """What the task strands: devices on machines that have any, else of the mix of plain resources."""
    worth = fit.worth.get(Packing.HYBRID)
    if worth is None:
        return _unmixed(fit)
    largest = fit.frame.largest
    devices = stranded(worth, fit.rows, fit.vacancy(), largest[CPU], largest[RAM]) * UNIT
    return devices if worth.everywhere else np.where(worth.has[fit.rows], devices, _unmixed(fit))


def _fgd(fit: Fit) -> Floats:
    worth = fit.worth.get(Packing.FGD)
    if worth is None:
        return fit.zeros() + UNIT / 2
    return fragmenting(worth, fit.rows, fit.vacancy()) * UNIT


_NO_SPARE: list[Floats] = []


def _unmixed(fit: Fit) -> Floats:
    """What the task strands, and a little of what is left (ours; the aim is that of Borg §3.2's hybrid).

    The cell's demand, of what runs and is pending, is a mix of resources; a machine with free amounts f can take so much
    of that mix until the scarcest for it runs out: V(f) = min over d of f_d / (K_d r_d), where K_d is the mean capacity
    of the cell's machines and r_d how scarce d is (1 for the scarcest). What remains then is stranded, at a price of its
    scarcity: ST(f) = sum over d of r_d (f_d / K_d - r_d V(f)). From f to a = f - request the score is
    ST(a) - ST(f) + w (ST(a) + sum over d of r_d a_d / C_d), with the machine's own capacity C_d, less what is the same
    for all machines. What is abundant never runs out first, and weighs little.
    """
    mix, rows = fit.frame.mix, fit.rows
    if not mix.dimensions:
        return fit.zeros() if mix.spared is None else mix.spared[rows].copy()
    # Columns of all machines are large: memory that is new each time would cost more than the sums.
    spare = mix.spare if isinstance(rows, slice) else _NO_SPARE
    left: list[Floats] = [
        np.subtract(fit.free[d][rows], fit.asked[d], out=column)
        for d, column in zip(mix.dimensions, spare or repeat(None), strict=False)
    ]
    least = _least(left, mix.weighed, mix.absent, rows, spare[len(left) :])
    score: Floats = np.subtract(fit.usable(mix), least, out=spare[-1] if spare else None)
    for amount, price in zip(left, mix.price, strict=True):
        score += np.multiply(amount, price[rows], out=amount)
    if mix.spared is not None:
        score += mix.spared[rows]
    return score


def _best_fit(fit: Fit) -> Floats:
    """What is left, in parts of the largest machine's, all dimensions that the cell has any of together."""
    total = fit.left(0) * (fit.frame.worth[0] * UNIT)
    for d in range(1, len(fit.frame.worth)):
        if fit.frame.worth[d]:
            total = total + fit.left(d) * (fit.frame.worth[d] * UNIT)
    return total


def _worst_fit(fit: Fit) -> Floats:
    return UNIT - _best_fit(fit)


def _e_pvm(fit: Fit) -> Floats:
    """The rise of the sum over dimensions of 10 ** (used / capacity): an E-PVM variant (Borg §3.2; Amir et al. 2000)."""
    total = fit.zeros()
    for d in range(len(fit.free)):
        if d < STANDARD_COUNT or np.any(fit.asked[d]):
            before = fit.without(d) * fit.frame.inverse[d][fit.rows]
            total = total + (_cost(fit.after(d)) - _cost(before))
    return total * (UNIT / (9.0 * len(fit.free)))


def _cost(free: Floats) -> Floats:
    """10 ** (1 - free), by straight lines between 1,024 points: a power may differ in its last digit between processors."""
    table = _powers()
    place = np.clip((1.0 - free) * (len(table) - 2), 0, len(table) - 2)
    whole = place.astype(np.int64)
    cost: Floats = table[whole] + (table[whole + 1] - table[whole]) * (place - whole)
    return cost


@lru_cache(maxsize=1)
def _powers() -> Floats:
    points = 1024
    powers: Floats = np.array([10.0 ** (i / points) for i in range(points + 2)])
    return np.rint(powers * 2**20) / 2**20


def _dot_product(fit: Fit) -> Floats:
    """1 - the mean product of what is free and what is asked for, in parts of the machine (Tetris, SIGCOMM'14)."""
    total = fit.zeros()
    for d in range(len(fit.free)):
        if np.any(fit.asked[d]):
            before = fit.without(d) * fit.frame.inverse[d][fit.rows]
            total = total + before * fit.part(d)
    return UNIT - total * (UNIT / len(fit.free))


def _none(fit: Fit) -> Floats:
    return fit.zeros()


def _packer(*dimensions: int | str) -> Callable[[Fit], Floats]:
    """The mean part that is left free: Fenzo's bin packers, (used + asked) / total, seen from the other side."""

    def score(fit: Fit) -> Floats:
        numbers = [fit.frame.network if isinstance(d, str) else d for d in dimensions]
        total = fit.zeros()
        for d in numbers:
            if d is not None:
                total = total + fit.after(d)
        return total * (UNIT / len(numbers))

    return score


def _spreader(*dimensions: int | str) -> Callable[[Fit], Floats]:
    """1 - the packer of the same dimensions."""
    packer = _packer(*dimensions)
    return lambda fit: UNIT - packer(fit)


NETWORK = "network"

_SCORES: Mapping[Packing, Callable[[Fit], Floats]] = {
    Packing.HYBRID: _hybrid,
    Packing.BEST_FIT: _best_fit,
    Packing.WORST_FIT: _worst_fit,
    Packing.E_PVM: _e_pvm,
    Packing.FGD: _fgd,
    Packing.DOT_PRODUCT: _dot_product,
    Packing.CPU_PACKER: _packer(CPU),
    Packing.RAM_PACKER: _packer(RAM),
    Packing.NETWORK_PACKER: _packer(NETWORK),
    Packing.CPU_RAM_PACKER: _packer(CPU, RAM),
    Packing.CPU_RAM_NETWORK_PACKER: _packer(CPU, RAM, NETWORK),
    Packing.CPU_SPREADER: _spreader(CPU),
    Packing.RAM_SPREADER: _spreader(RAM),
    Packing.NETWORK_SPREADER: _spreader(NETWORK),
    Packing.CPU_RAM_SPREADER: _spreader(CPU, RAM),
    Packing.CPU_RAM_NETWORK_SPREADER: _spreader(CPU, RAM, NETWORK),
    Packing.NONE: _none,
}

assert set(_SCORES) == set(Packing), "every packing score has its formula"
