"""Tables of what the free part of a machine with devices is good for, made from the cell's own mix of requests.

With them a machine's worth to the cell, in thousandths of a device, is

    many[level, whole devices] - sum over its devices of waste[level, free thousandths] + strand * backed

where ``level`` is the number of popular CPU sizes that its free CPU suffices for, and ``backed`` the free thousandths
that have as much CPU and memory to go with them as the mix asks for (`borgpy.scheduling.worth`). All of it is kept as
whole millionths of a device, in float64: sums are exact, whatever the order.
"""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec
import numpy as np

from borgpy.model.devices import WHOLE
from borgpy.scheduling.requests import Request
from borgpy.scheduling.snapshot import Floats

OFFERS = 64
"""So many tasks a gap may wait for one that fills it; 40 to 100 are equally good on openb."""

MANY = 0.5
"""What whole devices that a popular task for several could have together are worth beyond themselves."""

STRAND = 0.2
"""What a device's part is worth that has CPU and memory to go with it."""

MICROS = 1000.0
"""Millionths of a device in a thousandth."""

Popular = tuple[tuple[Request, int], ...]
TablesOf = Callable[[Popular, int], "Tables"]


class Tables(msgspec.Struct, frozen=True, eq=False):
    """``steps`` float64[L] popular CPU sizes, ascending; ``waste`` float64[L + 1, 1002] by free thousandths, of which the
    last is a device that does not exist; ``many`` float64[L + 1, most + 1] by whole devices. ``strand`` is a weight.
    """

    steps: Floats
    waste: Floats
    many: Floats
    strand: float


@lru_cache(maxsize=16)
def expected(popular: Popular, most: int) -> Tables:
    """How much of a gap in a device is expected to stay idle: the default's tables.

    waste[l, g] is E of what is left idle of g free thousandths after `OFFERS` tasks, drawn from the mix, were offered
    and each was taken if that leaves less idle in the end: w'(g) = sum over offers of p * min(w(g), w(g - millis)), from
    w(g) = g on, where offers with more CPU than the machine has are not taken. many[l, f] is `MANY` times the part of
    tasks that ask for several devices and could run on f whole ones.
    """
    asking = [(request, part) for request, part in popular if request.number]
    every = max(1, sum(part for _, part in asking))
    steps = np.unique(np.array([request.cpu for request, _ in asking], np.float64))
    levels = np.arange(len(steps) + 1)
    whole = np.arange(most + 1)
    many = np.zeros((len(levels), most + 1))
    offers: dict[int, Floats] = {}
    for request, part in asking:
        able = levels > np.searchsorted(steps, request.cpu)
        if request.number == 1:
            chance = offers.setdefault(request.millis, np.zeros(len(levels)))
            chance += able * (part / every)
        else:
            usable = np.where(whole >= request.number, whole * WHOLE, 0)
            many += able[:, None] * usable * (MANY * part / every)
    return _tables(steps, _waste_after(offers, len(levels)), many, STRAND)


def _waste_after(offers: Mapping[int, Floats], levels: int) -> Floats:
    """float64[levels, 1001] for the chance of each offer, by its thousandths, at each level.

    Whatever does not go into a common divisor of all offers stays idle in any case, so it is enough to look at multiples.
    """
    unit = math.gcd(WHOLE, *offers)
    gaps = WHOLE // unit + 1
    waste = np.tile(np.arange(0.0, WHOLE + 1, unit), (levels, 1))
    taken = [(millis // unit, chance[:, None]) for millis, chance in sorted(offers.items())]
    for _ in range(OFFERS):
        after = waste.copy()
        for size, chance in taken:
            less = waste[:, size:] - waste[:, : gaps - size]
            np.maximum(less, 0.0, out=less)
            less *= chance
            after[:, size:] -= less
        waste = after
    free = np.arange(WHOLE + 1)
    return waste[:, free // unit] + free % unit


@lru_cache(maxsize=16)
def fragmented(popular: Popular, most: int) -> Tables:
    """How much of the idle devices popular tasks cannot use: FGD's measure F, negated (ATC'23 §4.2).

    F is the mean over the popular requests of the free thousandths that such a task could not have: all of them if the
    machine's CPU does not suffice or if it asks for no device; else those of devices with less free than it asks for,
    or all of them if there are fewer whole ones than it asks for.
    """
    every = max(1, sum(part for _, part in popular))
    steps = np.unique(np.array([request.cpu for request, _ in popular], np.float64))
    levels = np.arange(len(steps) + 1)
    free, whole = np.arange(WHOLE + 1), np.arange(most + 1)
    waste = np.tile(np.arange(WHOLE + 1.0), (len(levels), 1))
    many = np.zeros((len(levels), most + 1))
    for request, part in popular:
        able = (levels > np.searchsorted(steps, request.cpu))[:, None] * (part / every)
        if request.number == 1:
            waste -= able * np.where(free >= request.millis, free, 0)
        elif request.number:
            many += able * np.where(whole >= request.number, whole * WHOLE, 0)
    return _tables(steps, waste, many, 0.0)


def _tables(steps: Floats, waste: Floats, many: Floats, strand: float) -> Tables:
    nothing = np.zeros((len(waste), 1))
    micros = np.rint(np.hstack([waste, nothing]) * MICROS)
    return Tables(steps, micros, np.rint(many * MICROS), strand)
