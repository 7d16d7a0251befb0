"""A policy as people write and read it: ``packing=hybrid:70,cpu_packer:30``, ``spread.rack=100``, ``sample=500``."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from borgpy.errors import InvalidConfig
from borgpy.model.policy import Domain, Order, Packing, Part, Policy

NONE = "none"
"""An empty list, as text; the empty text is one, too."""


class Knob(msgspec.Struct, frozen=True):
    """One knob: how its value is written and read, and what it is about."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    expected: str
    about: str


class Difference(msgspec.Struct, frozen=True):
    """A knob that two policies set otherwise."""

    knob: str
    before: str
    after: str


def texts_of(policy: Policy) -> dict[str, str]:
    """Every knob with its value as text, which `changed` reads again."""
    return {name: knob.write(getattr(policy, name)) for name, knob in KNOBS.items()}


def changed(policy: Policy, settings: Iterable[str]) -> Policy:
    """``policy`` with ``KNOB=VALUE`` settings on top, one after the other; `InvalidConfig` names what does not fit.

    ``spread.ATTRIBUTE=WEIGHT`` changes one of the failure domains; a weight of 0 takes it out. Whether the whole can
    be used is for `problems_of`, once all settings are in.
    """
    for setting in settings:
        name, equals, text = setting.partition("=")
        name, text = name.strip(), text.strip()
        if not equals:
            raise InvalidConfig(
                f"{setting!r} sets no knob", hint="write KNOB=VALUE, for example packing=best_fit"
            )
        if name.startswith("spread."):
            spread = _with_domain(policy.spread, name.removeprefix("spread."), text)
            policy = msgspec.structs.replace(policy, spread=spread)
            continue
        knob = KNOBS.get(name)
        if knob is None:
            raise InvalidConfig(f"there is no knob {name!r}", hint=near_miss(name, KNOBS))
        policy = msgspec.structs.replace(policy, **{name: _read(name, knob, text)})
    return policy


def differences(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """The knobs that differ, in the order of `KNOBS`."""
    old, new = texts_of(before), texts_of(after)
    return tuple(Difference(name, old[name], new[name]) for name in KNOBS if old[name] != new[name])


def complete(policy: Policy) -> dict[str, Any]:
    """Every knob as plain data, those at their defaults included, which `Policy` leaves out by itself."""
    return {name: msgspec.to_builtins(getattr(policy, name)) for name in KNOBS}


def summary(policy: Policy) -> str:
    """What differs from the policy that cells begin with: ``packing=best_fit, sample=500``."""
    told = (f"{d.knob}={d.after}" for d in differences(Policy(), policy))
    return ", ".join(told) or "all knobs at their defaults"


def near_miss(name: str, known: Iterable[str]) -> str:
    """A hint for somebody who mistyped a name: what is closest, or all there are."""
    names = list(known)
    close = get_close_matches(name, names, 3, 0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there are {', '.join(names)}" if names else "there are none"


def _read(name: str, knob: Knob, text: str) -> Any:
    try:
        return knob.read(text)
    except ValueError as error:
        said = f": {error}" if str(error) else ""
        raise InvalidConfig(
            f"{name}={text[:80]}{said}", hint=f"{name} is {knob.expected}"
        ) from error


def _with_domain(spread: tuple[Domain, ...], attribute: str, text: str) -> tuple[Domain, ...]:
    weight = _read(f"spread.{attribute}", KNOBS["soft"], text)
    fresh = Domain(attribute, weight)
    if all(domain.attribute != attribute for domain in spread):
        spread = (*spread, fresh)
    replaced = (fresh if domain.attribute == attribute else domain for domain in spread)
    return tuple(domain for domain in replaced if domain.weight)


def _read_packing(text: str) -> tuple[Part, ...]:
    """``best_fit`` alone is all of the score."""
    parts = []
    known = [packing.value for packing in Packing]
    for entry in _entries(text):
        name, colon, percent = (part.strip() for part in entry.partition(":"))
        if name not in known:
            raise ValueError(f"there is no score {name!r}; {near_miss(name, known)}")
        if not colon and "," in text:
            raise ValueError(f"{name} has no percentage")
        parts.append(Part(Packing(name), _read_number(percent) if colon else 100))
    if not parts:
        raise ValueError("no score is named")
    return tuple(parts)


def _write_packing(packing: tuple[Part, ...]) -> str:
    if len(packing) == 1 and packing[0].percent == 100:
        return packing[0].packing.value
    return ",".join(f"{part.packing.value}:{part.percent}" for part in packing)


def _read_spread(text: str) -> tuple[Domain, ...]:
    domains = []
    for entry in () if text == NONE else _entries(text):
        attribute, colon, weight = (part.strip() for part in entry.partition(":"))
        if not colon:
            raise ValueError(f"{attribute} has no weight")
        domains.append(Domain(attribute, _read_number(weight)))
    return tuple(domains)


def _write_spread(spread: tuple[Domain, ...]) -> str:
    return ",".join(f"{domain.attribute}:{domain.weight}" for domain in spread) or NONE


def _read_names(text: str) -> tuple[str, ...]:
    return () if text == NONE else tuple(_entries(text))


def _write_names(names: tuple[str, ...]) -> str:
    return ",".join(names) or NONE


def _read_number(text: str) -> int:
    """Whole numbers of some digits; what is longer is no knob's value anyway."""
    digits = text.replace(",", "").removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
        raise ValueError(f"{text[:40]!r} is no whole number")
    return -int(digits) if text.startswith("-") else int(digits)


def _read_order(text: str) -> Order:
    known = [order.value for order in Order]
    if text not in known:
        raise ValueError(f"there is no order {text[:40]!r}; {near_miss(text, known)}")
    return Order(text)


def _read_name(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    return text


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",")] if text else []


def _number(expected: str, about: str) -> Knob:
    return Knob(str, _read_number, expected, about)


_WEIGHT = "a weight in thousandths of a packing score, 0 to 10,000"

KNOBS: Mapping[str, Knob] = {
    "packing": Knob(
        _write_packing,
        _read_packing,
        "a score such as best_fit, or several with percentages: hybrid:70,cpu_packer:30",
        "how well a task fits on a machine",
    ),
    "stranding": _number(_WEIGHT, "how much the hybrid minds what is left over, and stranded"),
    "spread": Knob(
        _write_spread,
        _read_spread,
        "attributes with weights such as machine:50,rack:20, or none; spread.rack=100 sets one",
        "keeps the tasks of a job apart",
    ),
    "soft": _number(_WEIGHT, "a soft constraint of weight 100 that is not met"),
    "locality": _number(_WEIGHT, "a machine that has none of the task's packages"),
    "mixing": _number(_WEIGHT, "a machine with nothing but the task's own kind on it"),
    "runtime": _number(_WEIGHT, "a machine whose tasks end much earlier or later"),
    "network": Knob(str, _read_name, "the name of a resource", "what the network scores look at"),
    "plugins": Knob(
        _write_names, _read_names, "names with commas between, or none", "asked about every task"
    ),
    "plugin": _number(_WEIGHT, "what a plug-in's score of 0 counts"),
    "sample": _number("a number of machines, 0 to 1,000,000", "look for so many only; 0: all"),
    "good_enough": _number(
        "a score in thousandths, 0 to 1,000,000", "take the first machine as good; 0: the best"
    ),
    "order": Knob(
        lambda order: order.value,
        _read_order,
        "largest_first or as_submitted",
        "of one user's tasks of the same priority",
    ),
}

assert set(KNOBS) == set(Policy.__struct_fields__), "every knob has words"
