"""The record of a scheduling pass: how much it looked at, what came of it, and where its time went."""

import msgspec

from borgpy.model.plan import VetoKind


class PassRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One pass in numbers.

    ``jobs`` and ``tasks`` were pending when it began, ``machines`` were there. ``classes`` is how many kinds of
    request were told apart, ``scored`` how many scores of one machine for one class were worked out, ``cache_hits`` how
    many were found ready. ``vetoes`` tells for each kind how many of the ``unplaced`` tasks it kept off some machine, so one
    task may count under several. ``faults`` are plug-ins that failed, with the reason. ``phases`` are nanoseconds
    by name, in the order in which they first began; phases within others count in both.
    """

    seq: int
    seed: int
    machines: int = 0
    jobs: int = 0
    tasks: int = 0
    classes: int = 0
    scored: int = 0
    cache_hits: int = 0
    placed: int = 0
    unplaced: int = 0
    vetoes: tuple[tuple[VetoKind, int], ...] = ()
    faults: tuple[str, ...] = ()
    phases: tuple[tuple[str, int], ...] = ()
