"""How scarce each resource of the cell is: what runs and is pending, as a part of what there is."""

from collections.abc import Iterable, Sequence

from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.snapshot import STANDARD_COUNT, Ints

Scarcity = tuple[float, ...]
"""By dimension how much of it is asked for, as a part of the scarcest; 0 where that is next to nothing."""

STEPS = 64
"""Scarcity counts in so many steps, so that it does not change with each task."""

ABUNDANT = 1 / 16
"""A dimension that is so much less scarce than the scarcest is left out of the hybrid score."""

FEW_ROWS = 100
"""So few numbers are sooner added one by one."""


def total_of(column: Ints) -> int:
    """The exact sum of a column: neither may it leave 64 bits, nor hang on the order of adding."""
    if len(column) < FEW_ROWS:
        return sum(column.tolist())
    high = column >> 30
    return (int(high.sum()) << 30) + int((column - (high << 30)).sum())


def demand_of(pending: Iterable[PendingJob], dimensions: Sequence[str]) -> list[int]:
    """By dimension what all pending tasks together ask for."""
    cpu = ram = disk = ports = 0
    extra: dict[str, int] = {}
    for job in pending:
        request, tasks = job.request, len(job.indexes)
        cpu += request.cpu * tasks
        ram += request.ram * tasks
        disk += request.disk * tasks
        ports += request.ports * tasks
        for name, amount in request.extra.items():
            extra[name] = extra.get(name, 0) + amount * tasks
    return [cpu, ram, disk, ports, *(extra.get(name, 0) for name in dimensions[STANDARD_COUNT:])]


def scarcity_of(demand: Sequence[int], capacity: Sequence[int]) -> Scarcity:
    """From totals of the cell by dimension: what runs and is pending, and what there is."""
    asked = [max(0, d) / c if c > 0 else 0.0 for d, c in zip(demand, capacity, strict=True)]
    most = max(asked, default=0.0)
    parts = [round(part / most * STEPS) / STEPS if most > 0 else 0.0 for part in asked]
    return tuple(part if part >= ABUNDANT else 0.0 for part in parts)
