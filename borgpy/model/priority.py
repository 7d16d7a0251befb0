"""Priorities, the bands they fall into, and who may preempt whom."""

from enum import Enum

MIN_PRIORITY = 0
MAX_PRIORITY = 450

DEFAULT_PRIORITY = 100
"""What a job without a priority gets: the lowest best-effort batch priority. It is charged to quota and may be
preempted by production, so that a forgotten priority never hurts somebody else's service."""


class Band(Enum):
    """The bands of the 2019 Google trace, lowest first, so that no importer needs a map."""

    FREE = "free"
    BATCH = "batch"
    MID = "mid"
    PRODUCTION = "production"
    MONITORING = "monitoring"


BAND_RANGES: dict[Band, tuple[int, int]] = {
    Band.FREE: (0, 99),
    Band.BATCH: (100, 115),
    Band.MID: (116, 119),
    Band.PRODUCTION: (120, 359),
    Band.MONITORING: (360, MAX_PRIORITY),
}


PRODUCTION_FROM = BAND_RANGES[Band.PRODUCTION][0]


def band_of(priority: int) -> Band:
    """The band of a priority in ``MIN_PRIORITY..MAX_PRIORITY``; `ValueError` outside."""
    for band, (lowest, highest) in BAND_RANGES.items():
        if lowest <= priority <= highest:
            return band
    raise ValueError(f"priority {priority} is outside {MIN_PRIORITY}..{MAX_PRIORITY}")


def is_production(priority: int) -> bool:
    """Whether a task counts as production beside others on its machine: the production and monitoring bands do."""
    return priority >= PRODUCTION_FROM


def may_preempt(preemptor: int, victim: int) -> bool:
    """Production tasks never preempt each other, so that evictions do not cascade (Borg §2.5)."""
    if band_of(preemptor) is band_of(victim) is Band.PRODUCTION:
        return False
    return preemptor > victim
