"""Two-level resources (Fenzo's resource sets): a machine has several of something, and each serves one value at a time.

The example is a cloud machine's network interfaces: it has k of them, each with m addresses, and all addresses of one
interface are in the same security group.
"""

import msgspec


class SetOffer(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A machine has ``count`` sets called ``name``, numbered from 0, each with ``slots`` slots."""

    name: str
    count: int
    slots: int


class SetRequest(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A task asks for ``slots`` slots of one set called ``name`` that serves ``value`` (or nobody yet)."""

    name: str
    value: str
    slots: int = 1


class SetState(msgspec.Struct, frozen=True, array_like=True):
    """One set of a machine: the value that it serves, the slots in use, and by how many tasks. No tasks: it is free."""

    value: str = ""
    used: int = 0
    tasks: int = 0
