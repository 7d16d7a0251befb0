"""What a cell prefers when several machines could take a task: a frozen value, kept in the journal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TypeVar

import msgspec

from borgpy.model.names import NAME_RULE, is_name

T = TypeVar("T")

MACHINE_WEIGHT_MOST = 10_000
"""No weight is larger, so that no sum of scores loses digits."""

MAX_SPREAD = 8
"""A column of counts for each of them, and each is looked at for each class of a pass."""

MAX_PLUGINS = 16
"""Each is asked about every machine for each class of a pass."""

MAX_SAMPLE = 1_000_000
"""More than any cell has machines."""

MAX_GOOD_ENOUGH = 1_000_000
"""Far above any score: everything is good enough."""


class Packing(Enum):
    """How well a task fits on a machine; formulas and sources are in docs/SCHEDULING.md and `scoring`."""

    HYBRID = "hybrid"  # leaves the fewest resources and devices stranded; the default
    BEST_FIT = "best_fit"  # the fullest machine: keeps large gaps for large tasks
    WORST_FIT = "worst_fit"  # the emptiest
    E_PVM = (
        "e_pvm"  # the machine whose cost rises least: spreads the load, at the price of fragments
    )
    FGD = "fgd"  # the machine whose GPUs are fragmented least
    DOT_PRODUCT = "dot_product"  # the machine whose free resources point the way of the request
    CPU_PACKER = "cpu_packer"
    RAM_PACKER = "ram_packer"
    NETWORK_PACKER = "network_packer"
    CPU_RAM_PACKER = "cpu_ram_packer"
    CPU_RAM_NETWORK_PACKER = "cpu_ram_network_packer"
    CPU_SPREADER = "cpu_spreader"
    RAM_SPREADER = "ram_spreader"
    NETWORK_SPREADER = "network_spreader"
    CPU_RAM_SPREADER = "cpu_ram_spreader"
    CPU_RAM_NETWORK_SPREADER = "cpu_ram_network_spreader"
    NONE = "none"  # any machine is as good as another


class Order(Enum):
    """In which order the tasks of one user and priority are placed in a pass."""

    LARGEST_FIRST = "largest_first"
    AS_SUBMITTED = "as_submitted"  # as the snapshot lists them


class Part(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """So many percent of the packing score."""

    packing: Packing
    percent: int


class Domain(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A machine is worse by ``weight`` thousandths of the share of a job that runs where ``attribute`` is the same."""

    attribute: str
    weight: int


class Policy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The knobs of a scheduling pass. Weights are thousandths of a packing score, which is about 0 to 1.

    ``packing`` parts sum to 100 percent. ``stranding`` is the hybrid's weight, in thousandths. ``spread`` lists failure
    domains from the smallest to the largest. ``soft`` is what a soft constraint of weight 100 counts that is not met,
    ``locality`` a machine that has none of a task's packages, ``mixing`` one with nothing but the task's own kind on it
    (production, or not), ``runtime`` one whose tasks end much later or earlier. ``network`` names the scalar that the
    network packers look at. ``plugins`` are applied to every task, the float ones with ``plugin`` as their weight.

    The weights of ``spread`` leave few small jobs with two tasks in one rack, and cost next to no machines where it was
    measured (docs/BENCHMARKS.md). Together they are less than what a soft constraint of weight 50 counts.

    ``sample`` is Borg's relaxed randomisation: look for so many machines that can take a task, from a random one on,
    and take the best of these; 0 looks at all. ``good_enough`` is Fenzo's: in thousandths, stop at the first machine
    whose whole score is no worse; 0 never does.

    Journals and checkpoints leave out what is at its default, so once released a default stays as it is for ever. Should
    fresh cells begin with another policy one day, it is a value of its own beside this one, under other rules.
    """

    packing: tuple[Part, ...] = (Part(Packing.HYBRID, 100),)
    stranding: int = 80
    spread: tuple[Domain, ...] = (
        Domain("machine", 1000),
        Domain("rack", 500),
        Domain("power", 250),
    )
    soft: int = 4000
    locality: int = 50
    mixing: int = 0
    runtime: int = 0
    network: str = "network"
    plugins: tuple[str, ...] = ()
    plugin: int = 1000
    sample: int = 0
    good_enough: int = 0
    order: Order = Order.LARGEST_FIRST


BEST_FIT = Policy(packing=(Part(Packing.BEST_FIT, 100),))


def only(packing: Packing) -> Policy:
    """A policy that looks at how tasks fit, and at nothing else."""
    return Policy(packing=(Part(packing, 100),), spread=(), locality=0)


def problems_of(policy: Policy) -> tuple[str, ...]:
    """What is wrong with a policy, in sentences that begin with the knob; nothing if it can be used."""
    return (
        *_packing_problems(policy.packing),
        *_spread_problems(policy.spread),
        *_plugin_problems(policy.plugins),
        *_range_problems(policy),
    )


def _packing_problems(packing: tuple[Part, ...]) -> Iterator[str]:
    total = sum(part.percent for part in packing)
    if total != 100:
        yield f"packing: the percentages sum to {total}, not to 100"
    if any(part.percent <= 0 for part in packing):
        yield "packing: each percentage is 1 to 100"
    for packing_score in _twice(part.packing for part in packing):
        yield f"packing: {packing_score.value} is named twice"


def _spread_problems(spread: tuple[Domain, ...]) -> Iterator[str]:
    if len(spread) > MAX_SPREAD:
        yield f"spread: {len(spread)} attributes are more than {MAX_SPREAD}"
        return
    for domain in spread:
        if not is_name(domain.attribute):
            yield f"spread: {domain.attribute[:80]!r} is no attribute: {NAME_RULE}"
    for attribute in _twice(domain.attribute for domain in spread):
        yield f"spread: {attribute[:80]} is named twice"


def _plugin_problems(plugins: tuple[str, ...]) -> Iterator[str]:
    if len(plugins) > MAX_PLUGINS:
        yield f"plugins: {len(plugins)} are more than {MAX_PLUGINS}"
        return
    for name in plugins:
        if not is_name(name):
            yield f"plugins: {name[:80]!r} is no name of a plug-in: {NAME_RULE}"
    for name in _twice(plugins):
        yield f"plugins: {name[:80]} is named twice"


def _range_problems(policy: Policy) -> Iterator[str]:
    highest = {
        "stranding": MACHINE_WEIGHT_MOST,
        "soft": MACHINE_WEIGHT_MOST,
        "locality": MACHINE_WEIGHT_MOST,
        "mixing": MACHINE_WEIGHT_MOST,
        "runtime": MACHINE_WEIGHT_MOST,
        "plugin": MACHINE_WEIGHT_MOST,
        "sample": MAX_SAMPLE,
        "good_enough": MAX_GOOD_ENOUGH,
    }
    amounts = {knob: getattr(policy, knob) for knob in highest}
    for domain in policy.spread[:MAX_SPREAD]:
        if is_name(domain.attribute):
            amounts[f"spread.{domain.attribute}"] = domain.weight
    for knob, amount in amounts.items():
        most = highest.get(knob, MACHINE_WEIGHT_MOST)
        if not 0 <= amount <= most:
            yield f"{knob}: {amount} is outside 0 to {most:,}"
    if not is_name(policy.network):
        yield f"network: {policy.network[:80]!r} is no resource: {NAME_RULE}"


def _twice(named: Iterable[T]) -> Iterator[T]:
    return (name for name, times in Counter(named).items() if times > 1)
