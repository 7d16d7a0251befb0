"""Equivalence classes: what tasks must have in common to be scored once for all of them."""

import msgspec

from borgpy.model.constraints import Compare, Dedicated, Exclusive, Plugin
from borgpy.model.policy import Policy
from borgpy.model.resource_sets import SetRequest
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.snapshot import Floats, Ints, Mask
from borgpy.scheduling.standing import taking_of


class Asked(msgspec.Struct, frozen=True, eq=False):
    """What one task asks for: int64[dimensions], how much that is in the unit of best fit, and its resource sets."""

    vector: Ints
    size: float
    sets: dict[str, SetRequest]


class Shape:
    """One equivalence class. ``allowed`` bool[machines], None for all, and ``wish`` float64[machines] or None, are what
    it thinks of machines by themselves.

    ``row`` float64[machines] is the score of every machine for one more task of the class, infinite where it cannot be,
    as it was when the pass had made ``seen`` changes; it is kept from the second time on that it is asked for. ``size`` orders classes by how
    much they ask for, ``number`` those of one size in pass number ``passes``.
    """

    __slots__ = (
        "allowed",
        "amounts",
        "asks_inner",
        "avoid",
        "exclusive",
        "floats",
        "hopeless",
        "is_met",
        "job",
        "nothing",
        "number",
        "passes",
        "plugins",
        "row",
        "seen",
        "sets",
        "size",
        "taking",
        "wish",
    )

    def __init__(
        self,
        job: PendingJob,
        avoid: tuple[str, ...],
        asked: Asked,
        allowed: Mask | None,
        wish: Floats | None,
    ) -> None:
        self.job = job
        self.avoid = avoid
        self.amounts: list[int] = asked.vector.tolist()
        self.taking = taking_of(job, self.amounts)
        self.floats = [float(amount) for amount in self.amounts]
        self.nothing = [0.0] * len(self.amounts)
        self.size = asked.size
        self.allowed = allowed
        self.wish = wish
        self.sets = asked.sets
        self.exclusive = job.is_exclusive()
        self.plugins = tuple(rule for rule in job.constraints if isinstance(rule, Plugin))
        self.asks_inner = bool(job.devices or asked.sets)
        self.row: Floats | None = None
        self.seen = 0
        self.is_met = False
        self.number = 0
        self.passes = 0
        self.hopeless = False

    def is_lasting(self) -> bool:
        """Whether all that its scores depend on is in machines' own columns, so that they hold in the next pass, too."""
        job = self.job
        return not (self.asks_inner or self.plugins or self.avoid or job.packages or job.runtime_ms)

    def begin(self, passes: int, number: int) -> None:
        """It is met for the first time in a pass."""
        self.passes, self.number, self.hopeless = passes, number, False


def class_key(job: PendingJob, avoid: tuple[str, ...], policy: Policy) -> object:
    """Equal for tasks of one equivalence class: the request, what it asks of machines by themselves, its packages, its band.

    Where a plug-in is asked, a class is within one job: it may look at anything that there is to know of it.
    """
    plain = not (job.constraints or job.devices or job.sets or job.ports or job.packages)
    if plain and not policy.plugins:
        request = job.request
        amounts = (request.cpu, request.ram, request.disk, request.ports)
        kind = (avoid, job.is_production(), job.runtime_ms)
        return (amounts, kind, tuple(request.extra.items())) if request.extra else (amounts, kind)
    alone = tuple(
        rule
        for rule in job.constraints
        if isinstance(rule, Compare | Dedicated | Exclusive | Plugin)
    )
    return (
        job.request,
        avoid,
        job.is_production(),
        job.runtime_ms,
        alone,
        job.user if any(isinstance(rule, Dedicated) for rule in alone) else "",
        (job.job, job.spec)
        if policy.plugins or any(isinstance(rule, Plugin) for rule in alone)
        else None,
        job.devices,
        job.sets,
        job.ports,
        tuple(sorted(job.packages.items())),
    )
