"""A machine: what it offers, where its Borglet listens, and whether it can be used."""

from enum import Enum

import msgspec

from borgpy.model.constraints import DEDICATED
from borgpy.model.devices import DeviceOffer
from borgpy.model.names import JobKey
from borgpy.model.resource_sets import SetOffer
from borgpy.model.resources import Resources, Tally


class MachineState(Enum):
    """Whether tasks may be placed on a machine."""

    UP = "up"
    LOST = "lost"  # missed several polls; its tasks were placed elsewhere
    RETURNING = "returning"  # answers again, and still has duplicates to stop


class MachineSpec(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """What a Borglet says of its machine when it joins. ``address`` is the URL under which it takes orders."""

    name: str
    address: str
    capacity: Resources
    attributes: dict[str, str] = {}
    devices: tuple[DeviceOffer, ...] = ()
    sets: tuple[SetOffer, ...] = ()

    def __post_init__(self) -> None:
        ordered = {name: self.attributes[name] for name in sorted(self.attributes)}
        msgspec.structs.force_setattr(self, "attributes", ordered)

    def is_choosy(self) -> bool:
        """Whether more than room decides if a task that asks for nothing special may be here."""
        return bool(self.sets) or DEDICATED in self.attributes


class Machine(msgspec.Struct, omit_defaults=True, gc=False):
    """A machine as the cell keeps it. Only `borgpy.master.evolve` changes it.

    ``orders_seq`` is the journal sequence at which what it should run last changed: the version of its orders.
    """

    spec: MachineSpec
    state: MachineState = MachineState.UP
    since: int = 0
    orders_seq: int = 0
    reason: str = ""


class Occupancy(Tally):
    """What is taken of a machine, and by which tasks. It follows from the tasks, so checkpoints leave it out."""

    __slots__ = ("charges",)

    def __init__(self) -> None:
        super().__init__()
        self.charges: dict[tuple[JobKey, int], Resources] = {}

    @property
    def used(self) -> Resources:
        """The sum of all charges."""
        return self.value()

    def charge(self, job: JobKey, index: int, amount: Resources) -> None:
        """Take ``amount`` for a task, instead of what it had before."""
        key, charges = (job, index), self.charges
        count = len(charges)
        before = charges.setdefault(key, amount)
        if len(charges) == count:  # what changes goes to the end, as if it were new
            self.subtract(before)
            del charges[key]
            charges[key] = amount
        self.add(amount)

    def release(self, job: JobKey, index: int) -> None:
        """Give back what a task had, if anything."""
        amount = self.charges.pop((job, index), None)
        if amount is not None:
            self.subtract(amount)
