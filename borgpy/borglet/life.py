"""One incarnation of a task on this machine, as the `Agent` keeps it over its runs."""

from collections.abc import Mapping
from enum import Enum

import msgspec

from borgpy.borglet.facts import Instance
from borgpy.model.lifecycle import Phase
from borgpy.model.spec import TaskSpec
from borgpy.model.task import TaskStatus


class Stage(Enum):
    """Where an incarnation stands. A process may exist in the three stages of `LIVE`, and in no other."""

    FETCHING = "fetching"  # its package is on the way
    WAITING = "waiting"  # until ``retry_at``
    STARTING = "starting"  # the shell was asked to start it
    RUNNING = "running"
    STOPPING = "stopping"  # the shell was asked to end it
    ENDED = "ended"  # finished, or given up; only the Borgmaster can change that


LIVE = frozenset({Stage.STARTING, Stage.RUNNING, Stage.STOPPING})

_PHASE: Mapping[Stage, Phase] = {
    Stage.FETCHING: Phase.STARTING,
    Stage.STARTING: Phase.STARTING,
    Stage.STOPPING: Phase.STOPPING,
}


class Life(msgspec.Struct, omit_defaults=True, gc=False):
    """``run`` counts starts. ``phase`` is RUNNING, HEALTHY or UNHEALTHY while it runs, FINISHED or FAILED afterwards.

    ``started_at`` is the process's own start, ``began_at`` when the agent learnt of it, by its own time.
    ``failures`` counts quick ends in a row, ``fetch_failures`` failed fetches, ``health_failures`` failed checks.
    ``check_at`` is when health is looked at next (0: never). ``stop_by`` is when a stopping run must be gone.
    ``reason`` is what people are told, ``last_end`` how the run before ended.
    """

    task: Instance
    spec: TaskSpec
    stage: Stage
    run: int = 0
    phase: Phase = Phase.RUNNING
    pid: int = 0
    ports: dict[str, int] = {}
    started_at: int = 0
    began_at: int = 0
    exit_code: int | None = None
    reason: str = ""
    last_end: str = ""
    failures: int = 0
    fetched: bool = False
    fetch_failures: int = 0
    retry_at: int = 0
    health_failures: int = 0
    check_at: int = 0
    checking: bool = False
    stop_by: int = 0
    stop_reason: str = ""

    def status(self) -> TaskStatus:
        """What the Borgmaster is told."""
        alive = self.pid != 0 and self.stage in LIVE
        return TaskStatus(
            phase=self._reported_phase(),
            pid=self.pid if alive else 0,
            ports=self.ports if alive else {},
            restarts=max(self.run - 1, 0),
            exit_code=self.exit_code,
            reason=self.reason,
            started_at=self.started_at,
        )

    def _reported_phase(self) -> Phase:
        if self.stage is Stage.WAITING:
            return Phase.BACKING_OFF if self.run else Phase.STARTING
        return _PHASE.get(self.stage, self.phase)

    def due_at(self) -> int | None:
        """When something is to be decided about it, should no fact arrive before."""
        if self.stage is Stage.WAITING:
            return self.retry_at
        if self.stage is Stage.RUNNING and self.check_at and not self.checking:
            return self.check_at
        if self.stage is Stage.STOPPING:
            return self.stop_by
        return None
