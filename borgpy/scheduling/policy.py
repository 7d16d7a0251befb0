"""What a cell prefers when several machines could take a task."""

from enum import Enum

import msgspec


class Scoring(Enum):
    """Which of the machines that could take a task is best."""

    BEST_FIT = "best_fit"  # the fullest: keeps large gaps for large tasks
    WORST_FIT = "worst_fit"  # the emptiest: spreads the load, at the price of fragments


class Policy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The knobs of a scheduling pass."""

    scoring: Scoring = Scoring.BEST_FIT
