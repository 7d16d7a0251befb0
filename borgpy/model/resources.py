"""Amounts of what a machine has and a task asks for, in exact integers."""

from collections.abc import Iterable

import msgspec

MILLI = 1000


class Resources(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """A vector of resources: ``cpu`` in milli-cores, ``ram`` and ``disk`` in bytes, ``ports`` a count.

    ``extra`` holds any number of further named scalars (``gpu_millis``, licences), kept in the order of their
    names and without zeros, so that equal vectors are equal bytes. A vector may hold negative amounts: the
    difference of two vectors is one, and `short_of` reads it.
    """

    cpu: int = 0
    ram: int = 0
    disk: int = 0
    ports: int = 0
    extra: dict[str, int] = {}

    def __post_init__(self) -> None:
        if self.extra:
            ordered = {name: self.extra[name] for name in sorted(self.extra) if self.extra[name]}
            msgspec.structs.force_setattr(self, "extra", ordered)

    def __hash__(self) -> int:
        return hash((self.cpu, self.ram, self.disk, self.ports, tuple(self.extra.items())))

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            self.cpu + other.cpu,
            self.ram + other.ram,
            self.disk + other.disk,
            self.ports + other.ports,
            _merged(self.extra, other.extra, 1),
        )

    def __sub__(self, other: "Resources") -> "Resources":
        return Resources(
            self.cpu - other.cpu,
            self.ram - other.ram,
            self.disk - other.disk,
            self.ports - other.ports,
            _merged(self.extra, other.extra, -1),
        )

    def __mul__(self, count: int) -> "Resources":
        return Resources(
            self.cpu * count,
            self.ram * count,
            self.disk * count,
            self.ports * count,
            {name: amount * count for name, amount in self.extra.items()},
        )

    def fits_in(self, room: "Resources") -> bool:
        """Whether every amount is at most what ``room`` has of it."""
        return (
            self.cpu <= room.cpu
            and self.ram <= room.ram
            and self.disk <= room.disk
            and self.ports <= room.ports
            and (not self.extra or all(n <= room.extra.get(k, 0) for k, n in self.extra.items()))
        )

    def short_of(self, room: "Resources") -> dict[str, int]:
        """By how much each amount exceeds ``room``, by name; empty when it fits."""
        over = (self - room).by_name()
        return {name: amount for name, amount in over.items() if amount > 0}

    def by_name(self) -> dict[str, int]:
        """Every dimension by its name, the four standard ones first."""
        return {
            "cpu": self.cpu,
            "ram": self.ram,
            "disk": self.disk,
            "ports": self.ports,
            **self.extra,
        }


NOTHING = Resources()


def total(amounts: Iterable[Resources]) -> Resources:
    """The sum of many amounts, without a vector for each step."""
    cpu = ram = disk = ports = 0
    extra: dict[str, int] = {}
    for amount in amounts:
        cpu += amount.cpu
        ram += amount.ram
        disk += amount.disk
        ports += amount.ports
        for name, count in amount.extra.items():
            extra[name] = extra.get(name, 0) + count
    return Resources(cpu, ram, disk, ports, extra)


class Tally:
    """An amount that changes in place: for sums that many tasks are added to, one vector each would be most of the cost."""

    __slots__ = ("_cpu", "_disk", "_extra", "_ports", "_ram")

    def __init__(self, start: Resources = NOTHING) -> None:
        self._cpu, self._ram = start.cpu, start.ram
        self._disk, self._ports = start.disk, start.ports
        self._extra = dict(start.extra)

    def copy(self) -> "Tally":
        copy = Tally()
        copy._cpu, copy._ram, copy._disk, copy._ports = (
            self._cpu,
            self._ram,
            self._disk,
            self._ports,
        )
        copy._extra = dict(self._extra)
        return copy

    def value(self) -> Resources:
        """The amount as it is now."""
        return Resources(self._cpu, self._ram, self._disk, self._ports, self._extra)

    def add(self, amount: Resources) -> None:
        self._cpu += amount.cpu
        self._ram += amount.ram
        self._disk += amount.disk
        self._ports += amount.ports
        if amount.extra:
            for name, more in amount.extra.items():
                self._extra[name] = self._extra.get(name, 0) + more

    def subtract(self, amount: Resources) -> None:
        self._cpu -= amount.cpu
        self._ram -= amount.ram
        self._disk -= amount.disk
        self._ports -= amount.ports
        if amount.extra:
            for name, less in amount.extra.items():
                self._extra[name] = self._extra.get(name, 0) - less

    def holds(self, request: Resources) -> bool:
        """`Resources.fits_in` the other way round: whether there is as much as ``request`` of everything."""
        return request.fits_in(self.value())

    def leaves(self, whole: Resources, request: Resources) -> bool:
        """Whether ``request`` fits in what this amount leaves of ``whole``."""
        return (
            self._cpu + request.cpu <= whole.cpu
            and self._ram + request.ram <= whole.ram
            and self._disk + request.disk <= whole.disk
            and self._ports + request.ports <= whole.ports
            and (not request.extra or self._leaves_extra(whole.extra, request.extra))
        )

    def leaves_ports(self, whole: Resources, request: Resources) -> bool:
        """The same for ports alone: of the rest a task in an alloc takes nothing, however little there is."""
        return self._ports + request.ports <= whole.ports

    def _leaves_extra(self, whole: dict[str, int], request: dict[str, int]) -> bool:
        return all(
            self._extra.get(name, 0) + amount <= whole.get(name, 0)
            for name, amount in request.items()
        )


MOST = (1 << 63) - 1


def sayable(amount: Resources) -> Resources:
    """``amount`` with each number within 64 bits, for answers: what a free band asks for may add up to more."""
    if all(-MOST <= n <= MOST for n in amount.by_name().values()):
        return amount
    bounded = {name: max(-MOST, min(MOST, n)) for name, n in amount.by_name().items()}
    cpu, ram, disk, ports = (bounded.pop(name) for name in ("cpu", "ram", "disk", "ports"))
    return Resources(cpu, ram, disk, ports, bounded)


def _merged(left: dict[str, int], right: dict[str, int], sign: int) -> dict[str, int]:
    if not right:
        return left
    names = left.keys() | right.keys()
    return {name: left.get(name, 0) + sign * right.get(name, 0) for name in sorted(names)}


def amount_text(dimension: str, amount: int) -> str:
    """An amount as people read it: ``0.1 cores``, ``95.4 MiB``, ``3 ports``."""
    if dimension == "cpu":
        return "1 core" if amount == MILLI else f"{amount / MILLI:g} cores"
    if dimension in ("ram", "disk"):
        return bytes_text(amount)
    if dimension == "ports" and amount == 1:
        return "1 port"
    return f"{amount:,} {dimension}"


def bytes_text(amount: int) -> str:
    """A number of bytes in binary units with one decimal: ``95.4 MiB``."""
    size = float(amount)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(size) < 1024:
            return f"{amount} B" if unit == "B" else f"{size:.1f}".removesuffix(".0") + f" {unit}"
        size /= 1024
    return f"{size:.1f}".removesuffix(".0") + " PiB"
