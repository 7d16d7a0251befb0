"""How well a task fits on a machine: one function for each packing score, over columns; lower is better.

Every score looks at a `Fit`: what share of each machine would be free once the task is there. Scores are about 0 to 1.
They are sums, differences, products and maxima of 64-bit floats, which are the same on every processor, and are then
rounded to whole `UNIT`s, so that the order in which terms are added, and placing and giving back, change nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import msgspec
import numpy as np

from borgpy.model.policy import Packing, Policy
from borgpy.scheduling.snapshot import STANDARD_COUNT, Floats, Ints, Rows, Snapshot

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
    """What all machines of a pass are measured by; the same for as long as their capacities and the policy are.

    ``inverse`` is float64[machines] by dimension: a unit's share of the machine. ``worth`` is by dimension what a unit
    is worth in best fit: the largest machine's amount is worth the same in every dimension that the cell has any of.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy) -> None:
        capacity = snapshot.capacity
        self.policy = policy
        self.inverse: list[Floats] = [
            np.divide(1.0, column, out=np.zeros(len(column)), where=column > 0)
            for column in capacity.T
        ]
        largest = capacity.max(axis=0) if len(capacity) else np.zeros(capacity.shape[1], np.int64)
        offered = max(1, int(np.count_nonzero(largest)))
        self.worth = [1.0 / (int(most) * offered) if most > 0 else 0.0 for most in largest]
        self.dimensions = snapshot.dimensions
        named = policy.network
        self.network = snapshot.dimensions.index(named) if named in snapshot.dimensions else None

    def share(self, free: Sequence[Ints], rows: Rows | slice) -> list[Floats]:
        """What part of each machine is free, by dimension."""
        return [
            column[rows] * inverse[rows] for column, inverse in zip(free, self.inverse, strict=True)
        ]


class Fit(msgspec.Struct, frozen=True, eq=False):
    """The machines ``rows`` once they have taken so many tasks that ask for ``asked`` altogether.

    ``asked`` is by dimension an amount, int64[n] or one for all; ``shares`` what was free before, in parts of the machine.
    """

    frame: Frame
    rows: Rows | slice
    shares: Sequence[Floats]
    free: Sequence[Ints]
    asked: Sequence[Ints | int]
    last: Sequence[int]

    def after(self, d: int) -> Floats:
        """float64[n]: the part of dimension ``d`` that is left."""
        share = self.shares[d][self.rows]
        asked = self.asked[d]
        if isinstance(asked, int) and not asked:
            return share
        left: Floats = share - asked * self.frame.inverse[d][self.rows]
        return left

    def leftover(self, d: int) -> Floats:
        """float64[n]: the amount of dimension ``d`` that is left, in parts of the largest machine's and of all dimensions."""
        left: Floats = (self.free[d][self.rows] - self.asked[d]).astype(np.float64)
        return left * self.frame.worth[d]


def packing(policy: Policy, fit: Fit) -> Floats:
    """float64[n]: the policy's packing score, in whole units."""
    parts = policy.packing
    if len(parts) == 1:
        return units(_SCORES[parts[0].packing](fit))
    total = _SCORES[parts[0].packing](fit) * (parts[0].percent / 100)
    for part in parts[1:]:
        total = total + _SCORES[part.packing](fit) * (part.percent / 100)
    return units(total)


def _hybrid(fit: Fit) -> Floats:
    """|c - m| + w (c + m), c and m being the free parts of CPU and RAM: what is stranded, and what is left."""
    cpu, ram = fit.after(CPU), fit.after(RAM)
    return np.abs(cpu - ram) + (fit.frame.policy.stranding / 100) * (cpu + ram)


def _best_fit(fit: Fit) -> Floats:
    total = fit.leftover(0)
    for d in range(1, len(fit.frame.worth)):
        if fit.frame.worth[d]:
            total = total + fit.leftover(d)
    return total


def _worst_fit(fit: Fit) -> Floats:
    return 1.0 - _best_fit(fit)


def _e_pvm(fit: Fit) -> Floats:
    """The rise of sum over dimensions of 10 ** (used / capacity), an E-PVM variant (Borg §3.2; Amir et al. 2000)."""
    total = np.zeros(len(fit.shares[0][fit.rows]))
    for d in range(len(fit.shares)):
        last = fit.last[d]
        if d < STANDARD_COUNT or last:
            after = fit.after(d)
            before = after + last * fit.frame.inverse[d][fit.rows]
            total = total + (_cost(after) - _cost(before))
    return total / (9.0 * len(fit.shares))


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
    total = np.zeros(len(fit.shares[0][fit.rows]))
    for d, last in enumerate(fit.last):
        if last:
            asked = last * fit.frame.inverse[d][fit.rows]
            total = total + (fit.after(d) + asked) * asked
    return 1.0 - total / len(fit.shares)


def _none(fit: Fit) -> Floats:
    return np.zeros(len(fit.shares[0][fit.rows]))


def _packer(*dimensions: int | str) -> Callable[[Fit], Floats]:
    """The mean part that is left free: Fenzo's bin packers, (used + asked) / total, seen from the other side."""

    def score(fit: Fit) -> Floats:
        numbers = [fit.frame.network if isinstance(d, str) else d for d in dimensions]
        left = [fit.after(d) for d in numbers if d is not None]
        if not left:
            return _none(fit)
        total = left[0]
        for more in left[1:]:
            total = total + more
        return total / len(left)

    return score


def _spreader(*dimensions: int | str) -> Callable[[Fit], Floats]:
    """1 - the packer of the same dimensions."""
    packer = _packer(*dimensions)
    return lambda fit: 1.0 - packer(fit)


NETWORK = "network"

_SCORES: Mapping[Packing, Callable[[Fit], Floats]] = {
    Packing.HYBRID: _hybrid,
    Packing.BEST_FIT: _best_fit,
    Packing.WORST_FIT: _worst_fit,
    Packing.E_PVM: _e_pvm,
    Packing.FGD: _none,
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
