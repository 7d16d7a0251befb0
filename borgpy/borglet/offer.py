"""What a machine offers that nobody can find out by looking at it: the flags of a Borglet say it."""

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from borgpy.errors import InvalidConfig
from borgpy.model import limits
from borgpy.model.constraints import DEDICATED
from borgpy.model.devices import DeviceOffer
from borgpy.model.names import NAME_RULE, is_name, is_pool
from borgpy.model.resource_sets import SetOffer
from borgpy.model.resources import Resources

T = TypeVar("T")

_DEVICES = re.compile(r"(?P<count>\d{1,6})(:(?P<model>.+))?\Z")
_SETS = re.compile(r"(?P<count>\d{1,6})x(?P<slots>\d{1,9})\Z")


class Offer(msgspec.Struct, frozen=True):
    """``extras`` are amounts of further resources by name; devices are one offer for each kind, sets for each name."""

    attributes: dict[str, str] = {}
    extras: dict[str, int] = {}
    devices: tuple[DeviceOffer, ...] = ()
    sets: tuple[SetOffer, ...] = ()

    def beside(self, capacity: Resources) -> Resources:
        """``capacity`` with the extras."""
        return msgspec.structs.replace(capacity, extra=capacity.extra | self.extras)


def offer_of(
    attributes: Iterable[str],
    extras: Iterable[str],
    devices: Iterable[str],
    sets: Iterable[str],
) -> Offer:
    """What the flags say; `InvalidConfig` names the one that says nothing."""
    return Offer(
        attributes=dict(map(_attribute, attributes)),
        extras=dict(_once("extra", map(_extra, extras))),
        devices=tuple(offer for _, offer in _once("device", map(_device, devices))),
        sets=tuple(offer for _, offer in _once("set", map(_set, sets))),
    )


def _attribute(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise InvalidConfig(f"--attribute {text} is not KEY=VALUE", hint="e.g. --attribute zone=a")
    if not is_name(key):
        raise InvalidConfig(
            f"--attribute {text}: {key!r} is no name of an attribute",
            hint=f"constraints could not ask for it; a name is {NAME_RULE}",
        )
    if key == DEDICATED and not is_pool(value):
        raise InvalidConfig(
            f"--attribute {text} names no pool: no job could ask for it",
            hint="e.g. --attribute dedicated=ads/cache, or dedicated='*/cache' for all users",
        )
    return key, value


def _extra(text: str) -> tuple[str, int]:
    name, _, amount = text.partition("=")
    if not (is_name(name) and amount.isascii() and amount.isdigit()):
        raise InvalidConfig(f"--extra {text} is not NAME=AMOUNT", hint="e.g. --extra licences=20")
    if int(amount) > limits.MAX_EXTRA_AMOUNT:
        raise InvalidConfig(f"--extra {text} is more than {limits.MAX_EXTRA_AMOUNT:,}")
    return name, int(amount)


def _device(text: str) -> tuple[str, DeviceOffer]:
    kind, _, rest = text.partition("=")
    match = _DEVICES.match(rest)
    if not is_name(kind) or match is None:
        flag = f"--gpus {rest}" if kind == "gpu" else f"--device {text}"
        wanted, example = ("N[:MODEL]", "--gpus 4:A100") if kind == "gpu" else _DEVICE_HELP
        raise InvalidConfig(f"{flag} is not {wanted}", hint=f"e.g. {example}")
    count = int(match["count"])
    if count > limits.MAX_DEVICES:
        raise InvalidConfig(
            f"{count:,} devices of kind {kind}, and at most {limits.MAX_DEVICES} count"
        )
    return kind, DeviceOffer(count, kind, match["model"] or "")


_DEVICE_HELP = ("KIND=N[:MODEL]", "--device tpu=4:v4")


def _set(text: str) -> tuple[str, SetOffer]:
    name, _, rest = text.partition("=")
    match = _SETS.match(rest)
    if not is_name(name) or match is None:
        raise InvalidConfig(f"--set {text} is not NAME=COUNTxSLOTS", hint="e.g. --set eni=3x10")
    count, slots = int(match["count"]), int(match["slots"])
    if count > limits.MAX_SETS or slots > limits.MAX_SLOTS:
        most = f"at most {limits.MAX_SETS} sets of {limits.MAX_SLOTS:,} slots"
        raise InvalidConfig(f"--set {text} is too much", hint=most)
    return name, SetOffer(name, count, slots)


def _once(flag: str, named: Iterable[tuple[str, T]]) -> list[tuple[str, T]]:
    said: dict[str, T] = {}
    for name, value in named:
        if name in said:
            raise InvalidConfig(f"--{flag} says {name} twice")
        said[name] = value
    return list(said.items())
