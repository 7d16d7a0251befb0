"""What happened in a cell: the answer of `Borgmaster.apply`, and the only thing that changes its state."""

import msgspec

from borgpy.model.lifecycle import EvictionCause, TaskEvent
from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey
from borgpy.model.policy import Policy
from borgpy.model.quota import Quota
from borgpy.model.refusal import Outcome
from borgpy.model.spec import JobSpec
from borgpy.model.task import TaskStatus


class Happening(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", gc=False):
    """Something that happened. Its journal sequence and time are those of the operation that caused it."""


class EpochBegun(Happening, frozen=True, tag="epoch_begun"):
    """A Borgmaster has taken over."""

    epoch: int
    holder: str


class RulesAdopted(Happening, frozen=True, tag="rules_adopted"):
    """From here on these rules hold."""

    rules: int


class Answered(Happening, frozen=True, tag="answered"):
    """A request has its outcome; repeated under the same id, it gets the same again."""

    by: str
    outcome: Outcome
    request_id: str = ""
    fingerprint: str = ""


class Faulted(Happening, frozen=True, tag="faulted"):
    """An operation could not be applied for a fault of ours; it changed nothing."""

    operation: str
    error: str


class JobSubmitted(Happening, frozen=True, tag="job_submitted"):
    """The job is to be like this from now on."""

    job: JobKey
    spec: JobSpec
    version: int
    by: str


class JobStopped(Happening, frozen=True, tag="job_stopped"):
    """The job is to have no tasks any more; purged, it is forgotten once they have ended."""

    job: JobKey
    by: str
    purge: bool = False


class JobForgotten(Happening, frozen=True, tag="job_forgotten"):
    """Nothing is left of a job that was stopped."""

    job: JobKey


class TasksSubmitted(Happening, frozen=True, tag="tasks_submitted"):
    """These tasks are pending, to run the job's present task spec."""

    job: JobKey
    indexes: tuple[int, ...]


class TaskScheduled(Happening, frozen=True, tag="task_scheduled"):
    """A pending task has a machine; ``alloc`` is the index of the alloc there in which it runs, if it is in one.

    It holds the devices (by kind) and resource sets (by name) of these numbers.
    """

    job: JobKey
    index: int
    machine: str
    incarnation: int
    alloc: int = -1
    devices: dict[str, tuple[int, ...]] = {}
    sets: dict[str, int] = {}


class PlacementStale(Happening, frozen=True, tag="placement_stale"):
    """A planned placement no longer held when it was to be committed; the task is reconsidered."""

    job: JobKey
    index: int
    machine: str
    reason: str


class TaskUpdated(Happening, frozen=True, tag="task_updated"):
    """A task is to run its job's present spec: pending, it simply will; running, it is restarted where it is."""

    job: JobKey
    index: int
    spec: str
    incarnation: int
    machine: str = ""


class TaskChanged(Happening, frozen=True, tag="task_changed"):
    """A running task's Borglet says something new of it."""

    job: JobKey
    index: int
    machine: str
    status: TaskStatus


class TaskStopping(Happening, frozen=True, tag="task_stopping"):
    """A running task is told to end; `TaskEnded` or `TaskEvicted` follows when it has."""

    job: JobKey
    index: int
    machine: str
    becomes: TaskEvent
    reason: str
    cause: EvictionCause | None = None


class TaskEvicted(Happening, frozen=True, tag="task_evicted"):
    """A running task is pending again. ``crashed`` tells that it kept failing on this machine."""

    job: JobKey
    index: int
    machine: str
    cause: EvictionCause
    reason: str
    ready_at: int = 0
    crashes: int = 0


class TaskEnded(Happening, frozen=True, tag="task_ended"):
    """A task is dead: it finished, failed, was killed or lost."""

    job: JobKey
    index: int
    machine: str
    how: TaskEvent
    reason: str
    exit_code: int | None = None


class TaskForgotten(Happening, frozen=True, tag="task_forgotten"):
    """A dead task's record is gone."""

    job: JobKey
    index: int


class MachineJoined(Happening, frozen=True, tag="machine_joined"):
    """A machine is here, or is described anew."""

    machine: MachineSpec


class MachineLost(Happening, frozen=True, tag="machine_lost"):
    """A machine missed several polls; its tasks are placed elsewhere."""

    machine: str
    reason: str


class MachineReturned(Happening, frozen=True, tag="machine_returned"):
    """A lost machine answers again; with strays it may not be used until they are stopped."""

    machine: str
    strays: int = 0


class MachineRemoved(Happening, frozen=True, tag="machine_removed"):
    """A machine has left for good."""

    machine: str


class QuotaSet(Happening, frozen=True, tag="quota_set"):
    """A user's limit in one band is this from now on."""

    quota: Quota
    by: str


class PolicySet(Happening, frozen=True, tag="policy_set"):
    """Tasks are placed by this policy from now on; ``version`` counts such changes."""

    policy: Policy
    version: int
    by: str


Event = (
    EpochBegun
    | RulesAdopted
    | Answered
    | Faulted
    | JobSubmitted
    | JobStopped
    | JobForgotten
    | TasksSubmitted
    | TaskScheduled
    | PlacementStale
    | TaskUpdated
    | TaskChanged
    | TaskStopping
    | TaskEvicted
    | TaskEnded
    | TaskForgotten
    | MachineJoined
    | MachineLost
    | MachineReturned
    | MachineRemoved
    | QuotaSet
    | PolicySet
)


class Record(msgspec.Struct, frozen=True, gc=False):
    """An event as history keeps it: what the ``ordinal``-th consequence of entry ``seq`` was, and when."""

    seq: int
    ordinal: int
    at: int
    event: Event
