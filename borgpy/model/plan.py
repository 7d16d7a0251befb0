"""What a scheduling pass proposes, and why the rest had to wait."""

from enum import Enum

import msgspec

from borgpy.model.names import JobKey


class Placement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """This pending task goes to this machine."""

    job: JobKey
    index: int
    machine: str


class Holding(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a placed task holds of its machine by number: devices by kind, resource sets by name.

    ``alloc`` is the index of the alloc, of the set that its job names, in which it runs.
    """

    job: JobKey
    index: int
    devices: dict[str, tuple[int, ...]] = {}
    sets: dict[str, int] = {}
    alloc: int = -1


class Preemption(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """This running task is evicted to make room for another."""

    job: JobKey
    index: int
    in_favour_of: JobKey
    in_favour_of_index: int


class VetoKind(Enum):
    """What keeps a machine from taking a task."""

    RESOURCE = "resource"  # too little of something is free
    CAPACITY = "capacity"  # the whole machine is too small, even when empty
    UNAVAILABLE = "unavailable"  # lost, or returning
    CRASHED_HERE = "crashed_here"  # the task kept crashing on it
    ATTRIBUTE = "attribute"  # an attribute is not as the job asks for
    DEDICATED = (
        "dedicated"  # set aside for others, or not set aside for the pool that the job asks for
    )
    EXCLUSIVE = "exclusive"  # a task there wants no neighbours, or this one does and has some
    LIMIT = "limit"  # enough tasks of the job where the attribute is the same
    SPREAD = "spread"  # the job's tasks would be out of balance
    NEAR = "near"  # the job that it wants to be near is elsewhere
    AWAY = "away"  # a job is there that it, or that wants it, kept away
    DEVICES = "devices"  # too few free devices of the model
    SETS = "sets"  # no resource set is free, or serves the same value and has room
    PORT = "port"  # the fixed port number is taken there
    ALLOC = "alloc"  # no alloc of the set has a place yet
    PLUGIN = "plugin"  # a plug-in says no, or failed


class Veto(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why some machines cannot take a task: how many there are, and the one that comes nearest.

    ``dimension`` names the resource for resource and capacity vetoes; ``missing`` is by how much the nearest machine
    is short of it, in the unit of `Resources`. ``detail`` says for other vetoes what was asked for: ``arch == 'arm64'``.
    """

    kind: VetoKind
    machines: int
    dimension: str = ""
    nearest: str = ""
    missing: int = 0
    detail: str = ""


class Unplaced(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tasks of one job that fit nowhere in this pass, and why: ``vetoes`` name every machine at least once."""

    job: JobKey
    indexes: tuple[int, ...]
    machines: int
    vetoes: tuple[Veto, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """A proposal, made from the snapshot at journal sequence ``seq`` with ``seed``; every line is checked again on commit.

    ``holdings`` tell, for those placed tasks that hold something by number, what it is. It is left out of plans
    without any, which thus have the bytes that they had before there were holdings.
    """

    seq: int
    seed: int
    placements: tuple[Placement, ...] = ()
    preemptions: tuple[Preemption, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    holdings: tuple[Holding, ...] | msgspec.UnsetType = msgspec.UNSET
