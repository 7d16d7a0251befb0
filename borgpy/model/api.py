"""What the Borgmaster's HTTP interface answers: the views that the command line, programs and people read."""

import msgspec

from borgpy.model.events import Event
from borgpy.model.lifecycle import Phase, TaskState
from borgpy.model.machine import MachineState
from borgpy.model.names import JobKey
from borgpy.model.orders import Usage
from borgpy.model.passes import PassRecord
from borgpy.model.plan import Veto
from borgpy.model.policy import Policy
from borgpy.model.priority import Band
from borgpy.model.refusal import Problem
from borgpy.model.resource_sets import SetState
from borgpy.model.resources import Resources
from borgpy.model.spec import JobSpec


class AllocView(msgspec.Struct, frozen=True):
    """One placed alloc: what it keeps, what the tasks in it take of that, and their keys."""

    size: Resources
    used: Resources
    tasks: tuple[str, ...]


class TaskView(msgspec.Struct, frozen=True):
    """One task. ``devices`` (by kind) and ``sets`` (by name) are those that it holds, by their numbers. ``url`` is where it answers, empty while it has no port; times are milliseconds since 1970.

    ``alloc`` is the one it runs in, as ``USER/SET/3``, if its job names an alloc set. A task of an alloc set is an alloc
    itself; ``within`` tells what is in it while it has a place.
    """

    job: JobKey
    index: int
    state: TaskState
    phase: Phase
    since: int
    machine: str
    incarnation: int
    outdated: bool
    pid: int
    ports: dict[str, int]
    url: str
    bns: str
    restarts: int
    evictions: int
    exit_code: int | None
    reason: str
    ready_at: int
    usage: Usage | None
    devices: dict[str, tuple[int, ...]] = {}
    sets: dict[str, int] = {}
    alloc: str = ""
    within: AllocView | None = None


class JobView(msgspec.Struct, frozen=True):
    """One job. ``phases`` counts its tasks; ``outdated`` counts those that do not run its present spec yet.

    ``running`` counts tasks whose process lives, ``healthy`` those proven so. ``summary`` is one sentence.
    """

    key: JobKey
    spec: JobSpec
    band: Band
    version: int
    by: str
    submitted_at: int
    stopped: bool
    phases: dict[str, int]
    running: int
    healthy: int
    pending: int
    outdated: int
    seq: int
    summary: str


class DevicesView(msgspec.Struct, frozen=True):
    """The devices of one kind in a machine: the free thousandths of each, by its number."""

    kind: str
    model: str
    free: tuple[int, ...]


class SetsView(msgspec.Struct, frozen=True):
    """The resource sets of one name in a machine, each with so many slots, by number."""

    name: str
    slots: int
    states: tuple[SetState, ...]


class MachineView(msgspec.Struct, frozen=True):
    """One machine; ``tasks`` are the keys of those placed on it."""

    name: str
    address: str
    state: MachineState
    since: int
    reason: str
    capacity: Resources
    used: Resources
    attributes: dict[str, str]
    tasks: tuple[str, ...]
    devices: tuple[DevicesView, ...] = ()
    sets: tuple[SetsView, ...] = ()


class CellView(msgspec.Struct, frozen=True):
    """The cell as a whole, at journal sequence ``seq``."""

    cell: str
    version: str
    epoch: int
    seq: int
    at: int
    leader: str
    jobs: int
    tasks: dict[str, int]
    machines: dict[str, int]
    capacity: Resources
    used: Resources


class QuotaView(msgspec.Struct, frozen=True):
    """One user's quota in one band; no ``limit`` means unlimited, which only the free band is."""

    user: str
    band: Band
    limit: Resources | None
    used: Resources


class PolicyView(msgspec.Struct, frozen=True):
    """By what the cell places tasks. ``version`` counts the changes; ``plugins`` are those the Borgmaster has."""

    version: int
    policy: Policy
    plugins: tuple[str, ...] = ()


class PassView(msgspec.Struct, frozen=True):
    """One scheduling pass: when it began, how long it took in all, and what it was.

    ``stale`` placements no longer held when they were to be carried out. ``trouble`` is why the pass failed as a whole.
    """

    at: int
    nanoseconds: int
    record: PassRecord
    stale: int = 0
    trouble: str = ""


class PassesView(msgspec.Struct, frozen=True):
    """The last scheduling passes, the newest last, since the Borgmaster was started.

    ``running_ms`` is for how long one has been running (0: none is), ``asking`` the plug-in that it waits for.
    """

    passes: tuple[PassView, ...]
    running_ms: int = 0
    asking: str = ""


class WhyView(msgspec.Struct, frozen=True):
    """Why a task is where it is. ``vetoes`` is filled for pending tasks, ``machines`` is how many were looked at.

    ``sentences`` says it all in words, the most important first; ``suggestions`` are changes that would place it now.
    """

    job: JobKey
    index: int
    phase: Phase
    since: int
    sentences: tuple[str, ...]
    machines: int = 0
    vetoes: tuple[Veto, ...] = ()
    suggestions: tuple[str, ...] = ()


class EventView(msgspec.Struct, frozen=True):
    """One event of the history. ``text`` is a sentence; resume after it with ``after=<seq>``."""

    seq: int
    ordinal: int
    at: int
    text: str
    event: Event


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error answer (RFC 9457). ``code`` is stable; ``fields`` lists everything wrong with what was sent."""

    title: str
    status: int
    code: str
    detail: str = ""
    hint: str = ""
    fields: tuple[Problem, ...] = ()
    retryable: bool = False
    request_id: str = ""
    type: str = "about:blank"
