"""A task as the cell keeps it: its state, its place, and what its Borglet last said of it.

There are many of these, none is ever part of a cycle, and a pass of the cyclic collector over all of them would hold
the event loop: hence ``gc=False``, here and on what plans, orders, reports and events are made of.
"""

import msgspec

from borgpy.model.lifecycle import EvictionCause, Phase, TaskEvent, TaskState


class TaskStatus(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a Borglet says of a task. Equal statuses mean that nothing worth recording happened.

    ``phase`` is one of starting, running, healthy, unhealthy, backing_off, stopping, finished, failed. ``exit_code``
    is the last exit's (negative: the signal that ended it), ``restarts`` counts starts after the first on this
    machine, ``reason`` is a sentence for people, ``started_at`` the Borglet's time of the last start in milliseconds.
    """

    phase: Phase
    pid: int = 0
    ports: dict[str, int] = {}
    restarts: int = 0
    exit_code: int | None = None
    reason: str = ""
    started_at: int = 0


class Stopping(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Why a running task is being stopped, hence what it becomes once its Borglet no longer reports it."""

    event: TaskEvent  # KILL or EVICT
    reason: str
    cause: EvictionCause | None = None


class Task(msgspec.Struct, omit_defaults=True, gc=False):
    """One task of a job. Only `borgpy.master.evolve` changes it.

    ``spec`` is the digest of the task spec it runs (or will run). ``incarnation`` is the journal sequence of its present
    (or last) placement, so that none is ever used twice: an order, a report and a sandbox belong to exactly one. ``machine`` is where it runs, or ran last. ``ordered_seq`` is the
    journal sequence at which its machine's orders came to include this incarnation. A pending task may not be placed
    before ``ready_at``; ``crashes`` in a row make that longer, and ``avoid`` lists the machines it kept crashing on.

    A 16th field would change the bytes of all tasks, so that old journals did not fold to their hash any more: what
    else there is to know of some tasks is in `Job.held`.
    """

    index: int
    spec: str
    state: TaskState = TaskState.PENDING
    phase: Phase = Phase.WAITING
    since: int = 0
    incarnation: int = 0
    machine: str = ""
    ordered_seq: int = 0
    status: TaskStatus | None = None
    stopping: Stopping | None = None
    reason: str = ""
    ready_at: int = 0
    crashes: int = 0
    evictions: int = 0
    avoid: tuple[str, ...] = ()
