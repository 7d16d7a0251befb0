"""The kinds of values that fields hold. ``unit`` and ``kind`` tell the checker of BCL what a plain type does not."""

from typing import Annotated

from msgspec import Meta

from borgpy.model import limits
from borgpy.model.names import LINE_RULE, NAME_RULE
from borgpy.model.resources import MILLI

SECOND_MS = 1000

Name = Annotated[str, Meta(extra={"kind": "name", "rule": NAME_RULE})]
"""The name of a cell, a user, a port and so on."""

JobName = Annotated[str, Meta(extra={"kind": "job", "rule": "JOB or USER/JOB"})]
"""Another job, or an alloc set: of the same user, or ``USER/JOB``."""

Path = Annotated[str, Meta(extra={"kind": "path"})]
"""A file, relative to the directory of the file in which it is written."""

Digest = Annotated[str, Meta(extra={"kind": "digest", "rule": "64 hex digits in lower case"})]

Indexes = (
    Annotated[int, Meta(ge=0, le=limits.MAX_REPLICAS - 1)]
    | Annotated[str, Meta(extra={"kind": "indexes", "rule": "for example '0,2,5-9'"})]
)
"""One task, or several as in ``'0,2,5-9'``."""

Line = Annotated[str, Meta(extra={"kind": "line", "rule": LINE_RULE})]
"""Text that can be shown among others."""

Scalar = str | bool | int | float
"""Text, or what stands for its text."""

ShortScalar = Line | bool | int | float
"""The same in one short line."""

Arguments = Annotated[
    dict[Annotated[str, Meta(extra={"kind": "argument"})], Scalar],
    Meta(max_length=limits.MAX_TEXTS),
]
Variables = Annotated[
    dict[Annotated[str, Meta(extra={"kind": "variable"})], Scalar],
    Meta(max_length=limits.MAX_TEXTS),
]
"""Named texts that a task is handed, placeholders included."""

Labels = Annotated[
    dict[Annotated[str, Meta(extra={"kind": "label"})], ShortScalar],
    Meta(max_length=limits.MAX_LABELS),
]

Cores = Annotated[float, Meta(ge=0, le=limits.MAX_CPU_MILLIS // MILLI, extra={"unit": "cores"})]
Ram = Annotated[int, Meta(ge=0, le=limits.MAX_RAM_BYTES, extra={"unit": "bytes"})]
Disk = Annotated[int, Meta(ge=0, le=limits.MAX_DISK_BYTES, extra={"unit": "bytes"})]
Amount = Annotated[int, Meta(ge=0, le=limits.MAX_EXTRA_AMOUNT, extra={"unit": "amount"})]
"""Of a resource that only the cell knows: a whole number, or bytes."""

HealthSeconds = Annotated[
    float, Meta(le=limits.MAX_HEALTH_MS // SECOND_MS, extra={"unit": "seconds"})
]

Replicas = Annotated[int, Meta(ge=1, le=limits.MAX_REPLICAS)]


def seconds(milliseconds: int) -> float:
    """A default of the model, as it is written in BCL."""
    return milliseconds / SECOND_MS
