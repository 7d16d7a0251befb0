"""What a cell prefers when several machines could take a task: a frozen value, kept in the journal."""

from enum import Enum

import msgspec

MACHINE_WEIGHT_MOST = 10_000
"""No weight is larger, so that no sum of scores loses digits."""


class Packing(Enum):
    """How well a task fits on a machine; formulas and sources are in docs/SCHEDULING.md and `scoring`."""

    HYBRID = "hybrid"  # leaves the fewest resources stranded; the default
    BEST_FIT = "best_fit"  # the fullest machine: keeps large gaps for large tasks
    WORST_FIT = "worst_fit"  # the emptiest
    E_PVM = "e_pvm"  # the machine whose cost rises least: spreads the load, at the price of fragments
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

    ``packing`` parts sum to 100 percent. ``stranding`` is the hybrid's weight, in hundredths. ``spread`` lists failure
    domains from the smallest to the largest. ``soft`` is what a soft constraint of weight 100 counts that is not met,
    ``locality`` a machine that has none of a task's packages, ``mixing`` one with nothing but the task's own kind on it
    (production, or not), ``runtime`` one whose tasks end much later or earlier. ``network`` names the scalar that the
    network packers look at. ``plugins`` are applied to every task, the float ones with ``plugin`` as their weight.

    ``sample`` is Borg's relaxed randomisation: look for so many machines that can take a task, from a random one on,
    and take the best of these; 0 looks at all. ``good_enough`` is Fenzo's: in thousandths, stop at the first machine
    whose whole score is no worse; 0 never does.
    """

    packing: tuple[Part, ...] = (Part(Packing.HYBRID, 100),)
    stranding: int = 50
    spread: tuple[Domain, ...] = (Domain("machine", 200), Domain("rack", 100), Domain("power", 50))
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
    """What is wrong with a policy, in sentences that name the knob; nothing if it can be used."""
    said = []
    total = sum(part.percent for part in policy.packing)
    if total != 100:
        said.append(f"packing: the percentages sum to {total}, not to 100")
    if any(part.percent <= 0 for part in policy.packing):
        said.append("packing: each percentage is 1 to 100")
    if len({part.packing for part in policy.packing}) != len(policy.packing):
        said.append("packing: a score is named twice")
    if len({domain.attribute for domain in policy.spread}) != len(policy.spread):
        said.append("spread: an attribute is named twice")
    weights = {
        "stranding": policy.stranding,
        "soft": policy.soft,
        "locality": policy.locality,
        "mixing": policy.mixing,
        "runtime": policy.runtime,
        "plugin": policy.plugin,
        **{f"spread of {domain.attribute}": domain.weight for domain in policy.spread},
    }
    said += [
        f"{name}: {weight} is outside 0 to {MACHINE_WEIGHT_MOST}"
        for name, weight in weights.items()
        if not 0 <= weight <= MACHINE_WEIGHT_MOST
    ]
    if not 0 <= policy.sample <= 1_000_000:
        said.append(f"sample: {policy.sample} is outside 0 to 1,000,000")
    if policy.good_enough < 0:
        said.append(f"good_enough: {policy.good_enough} is negative")
    return tuple(said)
