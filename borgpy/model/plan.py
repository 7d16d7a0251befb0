"""What a scheduling pass proposes, and why the rest had to wait."""

from enum import Enum

import msgspec

from borgpy.model.names import JobKey


class Placement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """This pending task goes to this machine."""

    job: JobKey
    index: int
    machine: str


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


class Veto(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why some machines cannot take a task: how many there are, and the one that comes nearest.

    ``dimension`` names the resource for resource and capacity vetoes; ``missing`` is by how much the nearest machine
    is short of it, in the unit of `Resources`.
    """

    kind: VetoKind
    machines: int
    dimension: str = ""
    nearest: str = ""
    missing: int = 0


class Unplaced(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tasks of one job that fit nowhere in this pass, and why: ``vetoes`` name every machine at least once."""

    job: JobKey
    indexes: tuple[int, ...]
    machines: int
    vetoes: tuple[Veto, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """A proposal, made from the snapshot at journal sequence ``seq`` with ``seed``; every line is checked again on commit."""

    seq: int
    seed: int
    placements: tuple[Placement, ...] = ()
    preemptions: tuple[Preemption, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
