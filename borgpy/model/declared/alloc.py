"""An alloc set as it is written."""

from typing import Annotated

import msgspec
from msgspec import Meta

from borgpy.model import limits
from borgpy.model.declared.constraint import DeclaredConstraint
from borgpy.model.declared.parts import DeclaredRequirements, DeclaredRuntime, Part
from borgpy.model.declared.values import Labels, Name, Replicas
from borgpy.model.priority import DEFAULT_PRIORITY, MAX_PRIORITY, MIN_PRIORITY, Band

UNKNOWN_RESOURCE = "a resource that only this cell knows goes into extra = { NAME = amount }"


class Placed(Part, frozen=True, kw_only=True):
    """What jobs and alloc sets have in common: they are admitted, charged and placed."""

    runtime: Annotated[
        DeclaredRuntime, Meta(description="Where to run.", examples=["{ cell = ic }"])
    ]
    requirements: Annotated[
        DeclaredRequirements,
        Meta(
            description="What one alloc keeps of its machine.",
            examples=["{ ram = 512MiB cpu = 0.5 }"],
            extra={"any_case": True, "unknown": UNKNOWN_RESOURCE},
        ),
    ] = DeclaredRequirements()
    replicas: Annotated[
        Replicas,
        Meta(
            description="How many tasks or allocs there are.",
            examples=["10"],
            extra={"hint": "to stop a job use borgcfg down"},
        ),
    ] = 1
    priority: Annotated[
        Annotated[int, Meta(ge=MIN_PRIORITY, le=MAX_PRIORITY)] | Band,
        Meta(
            description="Who goes first, and who may be preempted: a number, or a band, which stands for its lowest.",
            examples=["production"],
            extra={"bands": True},
        ),
    ] = DEFAULT_PRIORITY
    user: Annotated[
        Name | None,
        Meta(
            description="Whose it is, and whose quota it counts against; without it, whoever submits it.",
            examples=["ads"],
        ),
    ] = None
    constraints: Annotated[
        tuple[DeclaredConstraint, ...],
        Meta(
            max_length=limits.MAX_CONSTRAINTS,
            description="What is asked of the machines.",
            examples=["[{ attribute = rack operator = limit value = 2 }]"],
        ),
    ] = ()
    labels: Annotated[
        Labels,
        Meta(
            description="Names and values of your own, by which people and programs choose among jobs.",
            examples=["{ track = canary }"],
        ),
    ] = msgspec.field(default_factory=dict)


class DeclaredAlloc(Placed, frozen=True, kw_only=True):
    """Room that is kept on machines, whether it is used or not; jobs run in it that name it in `alloc`."""
