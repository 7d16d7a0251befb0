"""What a task holds of its machine by number, as it is written: devices, and resource sets."""

from typing import Annotated

import msgspec
from msgspec import Meta

from borgpy.model import limits
from borgpy.model.declared.parts import DeclaredRequirements, Part
from borgpy.model.declared.values import Line, Name

DeviceCount = Annotated[float, Meta(ge=0, le=limits.MAX_DEVICES, extra={"unit": "devices"})]
"""Whole devices, or a part of one."""


class DeclaredDevices(Part, frozen=True, kw_only=True):
    """Devices of one kind that each task has for itself, or a part of one device."""

    count: Annotated[
        DeviceCount,
        Meta(
            description="How many: whole ones, or a part of one in whole thousandths.",
            examples=["2"],
        ),
    ] = 1
    model: Annotated[
        Line | Annotated[tuple[Line, ...], Meta(max_length=limits.MAX_DEVICE_MODELS)] | None,
        Meta(
            description="The model that they have to be of, or several that will do; without it, any.",
            examples=["A100"],
        ),
    ] = None


class DeclaredSet(Part, frozen=True, kw_only=True):
    """Slots of one resource set. A machine has several sets of a name, and each serves tasks of one value at a time."""

    name: Annotated[Name, Meta(description="What the sets are called.", examples=["eni"])]
    value: Annotated[
        Line,
        Meta(
            description="Whom the set has to serve: tasks of another value are in others.",
            examples=["'sg-1'"],
        ),
    ]
    slots: Annotated[
        int,
        Meta(
            ge=1,
            le=limits.MAX_SLOTS,
            description="How many slots of it a task takes.",
            examples=["2"],
        ),
    ] = 1


class DeclaredTaskRequirements(DeclaredRequirements, frozen=True, kw_only=True):
    """What one task may take of its machine at most. Names may be written in capitals."""

    gpu: Annotated[
        DeviceCount | DeclaredDevices | None,
        Meta(
            description="GPUs that the task has for itself: so many, or a part of one, or a record that names a model. Their numbers are in `CUDA_VISIBLE_DEVICES` and `BORG_DEVICES_GPU`.",
            examples=["{ count = 2 model = A100 }"],
        ),
    ] = None
    devices: Annotated[
        dict[Name, DeviceCount | DeclaredDevices],
        Meta(
            max_length=limits.MAX_KINDS - 1,  # `gpu` is one
            description="Devices of other kinds, by kind, as `gpu` has them. Their numbers are in `BORG_DEVICES_KIND`.",
            examples=["{ tpu = 4 }"],
        ),
    ] = msgspec.field(default_factory=dict)
    sets: Annotated[
        tuple[DeclaredSet, ...],
        Meta(
            max_length=limits.MAX_KINDS,
            description="Slots of resource sets, of which a machine has several, each for one value at a time: a cloud machine's network interfaces, say, each in one security group.",
            examples=["[{ name = eni value = 'sg-1' slots = 2 }]"],
        ),
    ] = ()
