"""Why tasks have to wait: the vetoes of all machines, found once for each class of request."""

from borgpy.model.plan import Veto
from borgpy.model.policy import Policy
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.standing import Standing


class Refusals:
    """What speaks against tasks as things stand."""

    def __init__(self, standing: Standing, policy: Policy) -> None:
        self._standing = standing
        self._policy = policy

    def of(self, job: PendingJob, avoid: tuple[str, ...]) -> tuple[Veto, ...]:
        return ()
