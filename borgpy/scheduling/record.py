"""Counting while a scheduling pass runs: how much it looks at, what comes of it, and where its time goes."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from borgpy.model.passes import PassRecord
from borgpy.model.plan import Plan, VetoKind
from borgpy.scheduling.snapshot import Snapshot

Ticks = Callable[[], int]
"""Nanoseconds from some fixed moment on. Passes know no clock: whoever wants times hands one in."""


def no_ticks() -> int:
    """Time stands still: phases take 0."""
    return 0


class Recorder:
    """Counts while a pass runs. One belongs to one pass."""

    def __init__(self, ticks: Ticks = no_ticks) -> None:
        self._ticks = ticks
        self._phases: dict[str, int] = {}
        self.classes = 0
        self.scored = 0
        self.cache_hits = 0
        self.faults: list[str] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """The time within belongs to this phase; what the same name took before is added to. Also when it raises."""
        self._phases.setdefault(name, 0)
        began = self._ticks()
        try:
            yield
        finally:
            self._phases[name] += self._ticks() - began

    def record(self, snapshot: Snapshot, plan: Plan) -> PassRecord:
        """All that was counted, with what the plan says of itself."""
        return PassRecord(
            seq=plan.seq,
            seed=plan.seed,
            machines=len(snapshot),
            jobs=sum(bool(job.indexes) for job in snapshot.pending),
            tasks=sum(len(job.indexes) for job in snapshot.pending),
            classes=self.classes,
            scored=self.scored,
            cache_hits=self.cache_hits,
            placed=len(plan.placements),
            unplaced=sum(len(left.indexes) for left in plan.unplaced),
            vetoes=_vetoes(plan),
            faults=tuple(self.faults),
            phases=tuple(self._phases.items()),
        )


def _vetoes(plan: Plan) -> tuple[tuple[VetoKind, int], ...]:
    """In the order in which `VetoKind` lists them."""
    tasks: Counter[VetoKind] = Counter()
    for left in plan.unplaced:
        for kind in {veto.kind for veto in left.vetoes}:
            tasks[kind] += len(left.indexes)
    return tuple((kind, tasks[kind]) for kind in VetoKind if tasks[kind])
