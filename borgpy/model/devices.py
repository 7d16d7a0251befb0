"""Devices: things such as GPUs, of which a machine has some and a task holds particular ones, whole or in part."""

import msgspec

WHOLE = 1000
"""The parts of one device: a task takes whole ones, or so many thousandths of one."""


class DeviceOffer(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A machine has ``count`` devices of this kind, all of one model, numbered from 0. One offer for each kind."""

    count: int
    kind: str = "gpu"
    model: str = ""


class DeviceRequest(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A task asks for ``count`` whole devices, or for ``millis`` thousandths of one (then ``count`` is 1).

    Any of ``models`` will do; none named: any model.
    """

    count: int = 1
    millis: int = WHOLE
    kind: str = "gpu"
    models: tuple[str, ...] = ()

    def amount(self) -> int:
        """Thousandths of devices, all together."""
        return self.count * self.millis
