"""What is wrong with what is held by number: devices and resource sets, as jobs ask for them and machines offer them."""

from collections.abc import Iterable, Iterator

from borgpy.admission.bounds import between, in_a_line
from borgpy.model import limits
from borgpy.model.constraints import DEDICATED
from borgpy.model.devices import WHOLE, DeviceOffer, DeviceRequest
from borgpy.model.machine import MachineSpec
from borgpy.model.names import NAME_RULE, is_name, is_pool
from borgpy.model.refusal import Problem, Refusal, RefusalCode
from borgpy.model.resource_sets import SetOffer, SetRequest
from borgpy.model.spec import JobSpec


def numbered_problems(spec: JobSpec) -> Iterator[Problem]:
    """Everything that is wrong with the devices and sets that tasks ask for, whatever machines there are."""
    task = spec.task
    if spec.alloc and (task.devices or task.sets):
        yield Problem(
            "requirements.devices" if task.devices else "requirements.sets",
            "an alloc keeps neither devices nor resource sets, so the tasks in it can have none",
            hint="leave them out, or leave alloc out",
            got=spec.alloc,
        )
    yield from between("requirements.devices", len(task.devices), 0, limits.MAX_KINDS)
    yield from _twice("requirements.devices", [asked.kind for asked in task.devices])
    for asked in task.devices:
        yield from _device(asked)
    yield from between("requirements.sets", len(task.sets), 0, limits.MAX_KINDS)
    yield from _twice("requirements.sets", [asked.name for asked in task.sets])
    for number, wanted in enumerate(task.sets):
        yield from _set(f"requirements.sets.{number}", wanted)


def offer_problems(devices: Iterable[DeviceOffer], sets: Iterable[SetOffer]) -> Iterator[Problem]:
    """Everything that is wrong with what a machine says that it has."""
    devices, sets = tuple(devices), tuple(sets)
    yield from _twice("devices", [offer.kind for offer in devices])
    for offer in devices:
        field = f"devices.{offer.kind}"
        yield from _named(field, offer.kind, "kind of device")
        yield from between(f"{field}.count", offer.count, 0, limits.MAX_DEVICES)
        if offer.model:
            yield from _model(f"{field}.model", offer.model)
    yield from _twice("sets", [offer.name for offer in sets])
    for kind in sets:
        field = f"sets.{kind.name}"
        yield from _named(field, kind.name, "resource set")
        yield from between(f"{field}.count", kind.count, 0, limits.MAX_SETS)
        yield from between(f"{field}.slots", kind.slots, 0, limits.MAX_SLOTS)


def pool_refusal(machines: Iterable[MachineSpec]) -> Refusal | None:
    """Why machines cannot join that are set aside for a pool which no job could name; it is for the edge, as entries of
    old journals may hold any attribute.
    """
    named = [(spec.name, spec.attributes.get(DEDICATED)) for spec in machines]
    wrong = tuple(
        Problem(
            f"attributes.{DEDICATED}",
            f"{name} is set aside for {pool!r}, which is no pool",
            hint="no job could ask for it",
            got=pool,
            allowed="USER/NAME or */NAME",
        )
        for name, pool in named
        if pool is not None and not is_pool(pool)
    )
    return Refusal(RefusalCode.INVALID, "the machines cannot join", wrong) if wrong else None


def _device(asked: DeviceRequest) -> Iterator[Problem]:
    field = f"requirements.devices.{asked.kind}"
    yield from _named(field, asked.kind, "kind of device")
    yield from between(f"{field}.count", asked.count, 1, limits.MAX_DEVICES)
    yield from between(f"{field}.millis", asked.millis, 1, WHOLE)
    if asked.millis < WHOLE and asked.count > 1:
        yield Problem(
            field,
            f"parts of {asked.count} devices cannot be asked for",
            hint="ask for whole ones, or for a part of one",
            got=f"{asked.count} x {asked.millis / WHOLE:g}",
            allowed="1, 2, 3 and so on, or a part of one such as 0.5",
        )
    yield from between(f"{field}.model", len(asked.models), 0, limits.MAX_DEVICE_MODELS)
    for model in asked.models:
        yield from _model(f"{field}.model", model)


def _set(field: str, wanted: SetRequest) -> Iterator[Problem]:
    yield from _named(f"{field}.name", wanted.name, "resource set")
    yield from between(f"{field}.slots", wanted.slots, 1, limits.MAX_SLOTS)
    yield from in_a_line(f"{field}.value", wanted.value, "value")


def _model(field: str, model: str) -> Iterator[Problem]:
    yield from in_a_line(field, model, "model")


def _named(field: str, name: str, what: str) -> Iterator[Problem]:
    if not is_name(name):
        yield Problem(field, f"{name!r} is no {what}", got=name, allowed=NAME_RULE)


def _twice(field: str, names: list[str]) -> Iterator[Problem]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(field, f"{name!r} is there twice", hint="put it into one", got=name)
