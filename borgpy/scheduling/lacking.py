"""What of the devices and resource sets that a job asks for no machine has, even when nothing runs there."""

from collections.abc import Iterator

import numpy as np

from borgpy.model.devices import DeviceRequest
from borgpy.model.resource_sets import SetRequest
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.snapshot import ABSENT, Snapshot

MAX_MODELS_NAMED = 5


def lacking(snapshot: Snapshot, job: PendingJob) -> Iterator[str]:
    """A sentence for each."""
    for device in job.devices:
        yield from _devices(snapshot, device)
    for wanted in job.sets:
        yield from _sets(snapshot, wanted)


def _devices(snapshot: Snapshot, asked: DeviceRequest) -> Iterator[str]:
    columns = snapshot.devices.get(asked.kind)
    if columns is None or not (columns.free != ABSENT).any():
        yield f"no machine has any {asked.kind}"
        return
    there = set(columns.models[columns.models != ABSENT].tolist())
    models = sorted(columns.names[number] for number in there)
    if asked.models and not set(asked.models) & set(models):
        named = ", ".join(model or "without a model" for model in models[:MAX_MODELS_NAMED])
        yield f"no machine has {asked.kind} of this model: there are {named}"
        return
    right = [not asked.models or model in asked.models for model in columns.names]
    rows = np.isin(columns.models, np.flatnonzero(right))
    most = int((columns.free[rows] != ABSENT).sum(axis=1).max(initial=0))
    if most < asked.count:
        yield f"no machine has {asked.count} {asked.kind} like that: the most is {most}"


def _sets(snapshot: Snapshot, wanted: SetRequest) -> Iterator[str]:
    columns = snapshot.sets.get(wanted.name)
    if columns is None or not (columns.tasks != ABSENT).any():
        yield f"no machine has any {wanted.name}"
        return
    most = int(columns.slots.max(initial=0))
    if most < wanted.slots:
        yield f"no machine has {wanted.name} with {wanted.slots} slots: the largest has {most}"
