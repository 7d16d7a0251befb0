"""What can be asked of a cell: the entries of the journal. `Borgmaster.apply` is the only place that obeys them."""

import msgspec

from borgpy.model.machine import MachineSpec
from borgpy.model.names import JobKey
from borgpy.model.plan import Plan
from borgpy.model.policy import Policy
from borgpy.model.quota import Quota
from borgpy.model.spec import JobSpec
from borgpy.model.task import TaskStatus


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="op"):
    """``at`` is when, in milliseconds since 1970; it never steps back from one entry to the next."""

    at: int


class LeaderElected(Entry, frozen=True, kw_only=True, tag="leader_elected"):
    """A Borgmaster takes over the cell; from here on only it may append."""

    cell: str
    epoch: int
    holder: str


class RulesChanged(Entry, frozen=True, kw_only=True, tag="rules_changed"):
    """From here on entries are applied by these rules, so that old journals fold as they did."""

    rules: int


class Request(Entry, frozen=True, kw_only=True):
    """A person's or a program's request: repeated under the same id, it gets the first answer again."""

    by: str
    request_id: str = ""


class SubmitJob(Request, frozen=True, kw_only=True, tag="submit_job"):
    """Make the job so: create it, change it, or leave it alone. ``if_version`` must be the present version (0: none)."""

    spec: JobSpec
    if_version: int | None = None


class StopTasks(Request, frozen=True, kw_only=True, tag="stop_tasks"):
    """Kill a job's tasks: all of them (``indexes`` left out) or some. ``purge`` forgets the job once all have ended."""

    job: JobKey
    indexes: tuple[int, ...] | None = None
    purge: bool = False


class SetQuota(Request, frozen=True, kw_only=True, tag="set_quota"):
    """Set a user's limit in one band."""

    quota: Quota


class SetPolicy(Request, frozen=True, kw_only=True, tag="set_policy"):
    """Place by this policy from now on. ``if_version`` must be the present one's version (0: none was ever set)."""

    policy: Policy
    if_version: int | None = None


class JoinMachines(Request, frozen=True, kw_only=True, tag="join_machines"):
    """These machines are here, as described; known ones are described anew."""

    machines: tuple[MachineSpec, ...]


class RemoveMachine(Request, frozen=True, kw_only=True, tag="remove_machine"):
    """This machine leaves for good."""

    machine: str


class LoseMachines(Entry, frozen=True, kw_only=True, tag="lose_machines"):
    """These machines have missed several polls."""

    machines: tuple[str, ...]
    reason: str


class StatusChange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A task of this incarnation has this status now; none: it is gone from its machine."""

    job: JobKey
    index: int
    incarnation: int
    status: TaskStatus | None


class MachineDifference(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a machine's report says that the cell did not know. ``strays`` counts tasks that should not be there."""

    machine: str
    changes: tuple[StatusChange, ...] = ()
    answers: bool = False
    strays: int = 0


class Observe(Entry, frozen=True, kw_only=True, tag="observe"):
    """The differences between reports and state."""

    differences: tuple[MachineDifference, ...]


class ApplyPlan(Entry, frozen=True, kw_only=True, tag="apply_plan"):
    """Carry out a plan, as far as it still holds."""

    plan: Plan


class ReplaceTasks(Entry, frozen=True, kw_only=True, tag="replace_tasks"):
    """Bring these outdated tasks of a job to its present spec, now."""

    job: JobKey
    indexes: tuple[int, ...]


class CollectGarbage(Entry, frozen=True, kw_only=True, tag="collect_garbage"):
    """Forget these dead tasks, and the jobs that have none left and are down."""

    tasks: tuple[tuple[JobKey, int], ...] = ()
    jobs: tuple[JobKey, ...] = ()


AnyRequest = SubmitJob | StopTasks | SetQuota | SetPolicy | JoinMachines | RemoveMachine

Operation = (
    AnyRequest
    | LeaderElected
    | RulesChanged
    | LoseMachines
    | Observe
    | ApplyPlan
    | ReplaceTasks
    | CollectGarbage
)
