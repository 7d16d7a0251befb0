"""What an event says to a person, in a sentence."""

from collections.abc import Callable, Mapping
from typing import Any

from borgpy.model import events as e
from borgpy.model.lifecycle import Phase
from borgpy.model.policy_text import summary
from borgpy.model.refusal import Accepted, Refusal

_DID: Mapping[Phase, str] = {
    Phase.STARTING: "is starting",
    Phase.RUNNING: "is running",
    Phase.HEALTHY: "is healthy",
    Phase.UNHEALTHY: "is unhealthy",
    Phase.BACKING_OFF: "exited and will be started again",
    Phase.STOPPING: "is stopping",
    Phase.FINISHED: "finished",
    Phase.FAILED: "failed",
}


def sentence(event: e.Event) -> str:
    """The event in words; every kind of event has some."""
    return _SENTENCES[type(event)](event)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _count(indexes: tuple[int, ...]) -> str:
    if len(indexes) == 1:
        return f"task {indexes[0]} is"
    return f"{len(indexes):,} tasks are"


def _answered(event: e.Answered) -> str:
    match event.outcome:
        case Refusal(title=title):
            return f"a request of {event.by} was refused: {title}"
        case Accepted():
            return f"a request of {event.by} was accepted"


def _changed(event: e.TaskChanged) -> str:
    status = event.status
    did = _DID.get(status.phase, status.phase.value)
    return f"{event.job}/{event.index} {did} on {event.machine}{_because(status.reason)}"


def _scheduled(event: e.TaskScheduled) -> str:
    within = f", in alloc {event.alloc} there" if event.alloc >= 0 else ""
    return f"{event.job}/{event.index} is placed on {event.machine}{within}"


def _stale(event: e.PlacementStale) -> str:
    return f"{event.job}/{event.index} was not placed on {event.machine} after all: {event.reason}"


def _updated(event: e.TaskUpdated) -> str:
    where = f" is restarted on {event.machine}" if event.machine else ""
    return f"{event.job}/{event.index}{where or ' will start'} with its job's new version"


def _returned(event: e.MachineReturned) -> str:
    rest = f", {event.strays} duplicates are being stopped" if event.strays else ""
    return f"machine {event.machine} answers again{rest}"


_SENTENCES: Mapping[type[e.Event], Callable[[Any], str]] = {
    e.EpochBegun: lambda x: f"Borgmaster {x.holder} leads in epoch {x.epoch}",
    e.RulesAdopted: lambda x: f"rules {x.rules} are in force",
    e.Answered: _answered,
    e.Faulted: lambda x: f"{x.operation} could not be applied, and changed nothing: {x.error}",
    e.JobSubmitted: lambda x: (
        f"{x.by} submitted {x.job} version {x.version}: {x.spec.replicas:,} replicas"
    ),
    e.JobStopped: lambda x: f"{x.by} stopped {x.job}",
    e.JobForgotten: lambda x: f"{x.job} is forgotten",
    e.TasksSubmitted: lambda x: f"{_count(x.indexes)} pending in {x.job}",
    e.TaskScheduled: _scheduled,
    e.PlacementStale: _stale,
    e.TaskUpdated: _updated,
    e.TaskChanged: _changed,
    e.TaskStopping: lambda x: f"{x.job}/{x.index} is stopping{_because(x.reason)}",
    e.TaskEvicted: lambda x: (
        f"{x.job}/{x.index} is off {x.machine} and pending again{_because(x.reason)}"
    ),
    e.TaskEnded: lambda x: f"{x.job}/{x.index} is dead ({x.how.value}){_because(x.reason)}",
    e.TaskForgotten: lambda x: f"the record of {x.job}/{x.index} is forgotten",
    e.MachineJoined: lambda x: f"machine {x.machine.name} joined at {x.machine.address}",
    e.MachineLost: lambda x: f"machine {x.machine} is lost{_because(x.reason)}",
    e.MachineReturned: _returned,
    e.MachineRemoved: lambda x: f"machine {x.machine} left the cell",
    e.QuotaSet: lambda x: f"{x.by} set the quota of {x.quota.user} in {x.quota.band.value}",
    e.PolicySet: lambda x: f"{x.by} set version {x.version} of the policy: {summary(x.policy)}",
}

assert set(_SENTENCES) == set(e.Event.__args__), "every event has words"
