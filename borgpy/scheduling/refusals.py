"""Why tasks have to wait: the vetoes of all machines, found once for each class of request."""

from borgpy.model.plan import Veto
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.feasibility import masks, request_vector, rows_of, vetoes
from borgpy.scheduling.standing import Standing


class Refusals:
    """What speaks against tasks as things stand."""

    def __init__(self, standing: Standing) -> None:
        self._snapshot = standing.snapshot
        self._standing = standing

    def of(self, job: PendingJob, avoid: tuple[str, ...]) -> tuple[Veto, ...]:
        """The vetoes against one more task of a job, which avoids these machines."""
        vector = request_vector(self._snapshot.dimensions, job.request)
        found = masks(self._snapshot, vector, rows_of(self._snapshot.names, avoid))
        return vetoes(self._snapshot, vector, found)
