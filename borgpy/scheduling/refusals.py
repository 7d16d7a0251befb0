"""Why tasks have to wait: the vetoes of all machines, found once for all tasks against which the same things speak."""

import msgspec

from borgpy.model.constraints import Away, Limit, Near, Spread
from borgpy.model.plan import Veto
from borgpy.model.policy import Policy
from borgpy.scheduling.eligibility import Eligibilities
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.feasibility import reasons, vetoes
from borgpy.scheduling.neighbours import Shuns
from borgpy.scheduling.scores import Scores
from borgpy.scheduling.shapes import class_key
from borgpy.scheduling.standing import Standing


class Refusals:
    """What speaks against tasks as things stand; it is of no use any more once something is placed or given back."""

    def __init__(
        self,
        standing: Standing,
        policy: Policy,
        eligibilities: Eligibilities,
        shuns: Shuns,
        scores: Scores,
    ) -> None:
        self._standing = standing
        self._policy = policy
        self._eligibilities = eligibilities
        self._shuns = shuns
        self._scores = scores
        self._known: dict[object, tuple[Veto, ...]] = {}

    def of(self, job: PendingJob, avoid: tuple[str, ...]) -> tuple[Veto, ...]:
        """The vetoes against one more task of a job, which avoids these machines."""
        whose = job.job if self._is_bound(job) else ""
        key = (class_key(job, avoid, self._policy), whose)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._vetoes(job, avoid)
        return known

    def _is_bound(self, job: PendingJob) -> bool:
        """Whether it matters where tasks of the job, or of others, are."""
        bound = (rule for rule in job.constraints if isinstance(rule, Limit | Spread | Near | Away))
        return job.job in self._shuns or any(not rule.weight for rule in bound)

    def _vetoes(self, job: PendingJob, avoid: tuple[str, ...]) -> tuple[Veto, ...]:
        eligible = self._eligibilities.of(job, avoid)
        found = reasons(self._standing, job, eligible, self._shuns)
        rulings = self._scores.against(job, found.fitting())
        if rulings:
            found = msgspec.structs.replace(found, against=(*found.against, *rulings))
        return vetoes(self._standing.snapshot, found)
