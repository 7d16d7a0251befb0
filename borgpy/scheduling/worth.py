"""What machines with devices are worth to the cell as things stand, and what one more task costs of that."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np

from borgpy.model.devices import WHOLE, DeviceRequest
from borgpy.model.policy import Packing, Policy
from borgpy.scheduling.devices import Devices
from borgpy.scheduling.fragments import MICROS, Tables, TablesOf, expected, fragmented
from borgpy.scheduling.requests import Mix, mix_of
from borgpy.scheduling.snapshot import ABSENT, Floats, Ints, Mask, Rows
from borgpy.scheduling.standing import Standing

STEP = 0.002
"""In devices. Whoever loses less than this more or less is as good as equal, and best fit decides."""

KEEP_OFF = 1.0
"""What a machine with devices is worse by for a task that asks for none: other machines are better, as a rule."""

DEVICE = MICROS * WHOLE

TABLES: dict[Packing, TablesOf] = {Packing.HYBRID: expected, Packing.FGD: fragmented}
"""The packing scores that look at devices."""


class Vacancy(msgspec.Struct, frozen=True, eq=False):
    """What CPU and memory some machines have free, float64[n], once they have one more task.

    ``before`` is the same without it, or None if that is what they have now; ``devices`` is what the task asks for.
    """

    cpu: Floats
    ram: Floats
    before: tuple[Floats, Floats] | None
    devices: Sequence[DeviceRequest]


class Worth:
    """The devices of all kinds on all machines. ``has`` bool[machines] is where there are any."""

    def __init__(self, standing: Standing, tables_of: TablesOf) -> None:
        self.kinds: list[Fragments] = []
        self.has: Mask = np.zeros(len(standing), np.bool_)
        for kind, columns in sorted(standing.snapshot.devices.items()):
            mix = mix_of(standing.snapshot, kind)
            tables = tables_of(mix.popular, columns.free.shape[1])
            self.kinds.append(Fragments(standing, kind, tables, mix))
            self.has |= self.kinds[-1].has
        self.everywhere = bool(self.has.all())
        offered = [(f.free != ABSENT).sum(axis=1) for f in standing.snapshot.devices.values()]
        self._share = 1.0 / (WHOLE * int(np.add.reduce(offered).max(initial=1)))

    def changed(self, machines: Rows) -> None:
        """These machines are not what they were."""
        for fragments in self.kinds:
            fragments.changed(machines)

    def loss(self, rows: Rows | slice, vacancy: Vacancy) -> Floats:
        """float64[rows]: millionths of a device that machines are worth less with one more task."""
        loss: Floats | None = None
        for each in self.kinds:
            if vacancy.before is None:
                before = each.now[rows]
            else:
                before = each.worth(rows, *vacancy.before, None)
            after = each.worth(rows, vacancy.cpu, vacancy.ram, _of(vacancy.devices, each.kind))
            loss = before - after if loss is None else loss + (before - after)
        assert loss is not None, "there is no worth where there are no devices"
        return loss

    def left(self, rows: Rows | slice, devices: Sequence[DeviceRequest]) -> Floats:
        """float64[rows]: the devices that are free then, in parts of what the machine with most has."""
        left = self.kinds[0].left(rows, _of(devices, self.kinds[0].kind))
        for more in self.kinds[1:]:
            left = left + more.left(rows, _of(devices, more.kind))
        total: Floats = np.multiply(left, self._share)
        return total


def stranded(
    worth: Worth, rows: Rows | slice, vacancy: Vacancy, per_cpu: float, per_ram: float
) -> Floats:
    """float64[rows]: how much less a machine's devices are worth to the cell with the task there, in devices; then best fit.

    Best fit is what is left of CPU, memory (by `per_cpu` and `per_ram` in parts of the largest machine's) and devices, and
    is made to count less than one `STEP` of the loss. On openb this packs better than FGD (benchmarks.gpu).
    """
    steps = worth.loss(rows, vacancy)
    steps *= 1.0 / (STEP * DEVICE)
    np.ceil(steps, out=steps)
    left = worth.left(rows, vacancy.devices)
    left += vacancy.cpu * per_cpu
    left += vacancy.ram * per_ram
    left *= 1 / 4
    steps += left
    steps *= STEP
    if not vacancy.devices:
        steps += KEEP_OFF
    return steps


def fragmenting(worth: Worth, rows: Rows | slice, vacancy: Vacancy) -> Floats:
    """float64[rows], 0 to 1. FGD (Weng et al., ATC'23): by how much F, what popular tasks cannot use, would rise.

    As published it is floor(100 * sigmoid(-rise)), the rise in devices and more being better; here a table tells where that
    number changes, as the exponential may differ between processors. A machine without devices rises by nothing.
    """
    better = _sigmoid_steps().searchsorted(-worth.loss(rows, vacancy), side="right")
    score: Floats = np.divide(100 - better, 100.0)
    return score


@lru_cache(maxsize=1)
def _sigmoid_steps() -> Floats:
    """float64[99]: the falls of F, in millionths of a device, at which 100 * sigmoid reaches 1, 2 ... 99."""
    falls = [math.log(s / (100 - s)) for s in range(1, 100)]
    return np.rint(np.array(falls) * DEVICE)


def worth_of(standing: Standing, policy: Policy) -> dict[Packing, Worth]:
    """For each of the policy's packing scores that look at devices; nothing in a cell without any."""
    if not standing.snapshot.devices:
        return {}
    scores = [part.packing for part in policy.packing if part.packing in TABLES]
    return {score: Worth(standing, TABLES[score]) for score in scores}


class Fragments:
    """The devices of one kind on all machines, as `Tables` see them.

    ``has`` bool[machines] is where there are any. ``now`` float64[machines] is each machine's worth in millionths of a
    device; `changed` keeps it up to date.
    """

    def __init__(self, standing: Standing, kind: str, tables: Tables, mix: Mix) -> None:
        self._devices: Devices = standing.devices(kind)
        self._cpu, self._ram = (standing.columns[d] for d in (0, 1))
        self._tables = tables
        self._steps: list[float] = tables.steps.tolist()
        self._strand = tables.strand * MICROS
        self._per_cpu, self._per_ram = mix.per_cpu() * self._strand, mix.per_ram() * self._strand
        self._waste_by_free = np.ascontiguousarray(tables.waste.T)
        self._parts: dict[tuple[int, int], _Part] = {}
        self._none = self._part(None)
        self.kind = kind
        self.has: Mask = self._devices.columns.models != ABSENT
        machines, self._width = len(self.has), len(tables.many[0])
        self._levels = len(tables.many)
        # By machine and level, what its devices waste together: one look-up, whatever CPU a task would leave.
        self._idle: Floats = np.zeros((machines, self._levels))
        self._flat = self._idle.reshape(-1)
        self._starts = np.arange(machines) * self._levels
        self.now: Floats = np.zeros(machines)
        self.changed(np.arange(machines))

    def changed(self, machines: Rows) -> None:
        """These machines are not what they were."""
        if len(machines) == 1:
            self._changed_one(int(machines[0]))
            return
        free = self._devices.free[machines]
        idle = np.zeros((len(machines), self._levels))
        for device in range(free.shape[1]):
            idle += self._waste_by_free[free[:, device]]
        self._idle[machines] = idle
        cpu, ram = self._cpu[machines].astype(np.float64), self._ram[machines].astype(np.float64)
        self.now[machines] = self.worth(machines, cpu, ram, None)

    def _changed_one(self, row: int) -> None:
        """The same in plain numbers: most changes are of one machine, and arrays would cost more than what they hold."""
        devices, idle = self._devices, self._idle[row]
        waste = self._waste_by_free.take(devices.free[row], axis=0, mode="wrap")
        np.add.reduce(waste, out=idle)
        cpu, ram = float(self._cpu[row]), float(self._ram[row])
        level = bisect_right(self._steps, cpu)
        worth = float(self._tables.many[level, devices.whole[row]]) - float(idle[level])
        if self._strand:
            total = float(devices.total[row]) * self._strand
            worth += round(min(total, cpu * self._per_cpu, ram * self._per_ram))
        self.now[row] = worth

    def worth(
        self, rows: Rows | slice, cpu: Floats, ram: Floats, request: DeviceRequest | None
    ) -> Floats:
        """float64[rows]: what machines are worth with so much CPU and memory free, once a task has its devices."""
        part = self._part(request) if request else self._none
        devices = self._devices
        level = self._tables.steps.searchsorted(cpu, side="right")
        whole = devices.whole[rows]
        idle = self._flat.take(self._starts[rows] + level)
        if part.share:
            free = devices.free[rows]
            tightest = np.where(free >= part.share, free, WHOLE).min(axis=1)
            idle += part.more_idle.take(level * (WHOLE + 2) + tightest)
            whole = whole - (tightest == WHOLE)
        level *= self._width
        level += whole
        worth: Floats = part.many.take(level)
        worth -= idle
        if self._strand:
            worth += self._backed(devices.total[rows] - part.millis, cpu, ram)
        return worth

    def _backed(self, total: Ints, cpu: Floats, ram: Floats) -> Floats:
        """What so many free thousandths are worth that have as much CPU and memory to go with them as the mix asks for."""
        backed: Floats = np.multiply(total, self._strand)
        np.minimum(backed, cpu * self._per_cpu, out=backed)
        np.minimum(backed, ram * self._per_ram, out=backed)
        np.rint(backed, out=backed)
        return backed

    def left(self, rows: Rows | slice, request: DeviceRequest | None) -> Ints:
        """int64[rows]: the thousandths of devices that are free then."""
        left: Ints = self._devices.total[rows] - self._part(request).millis
        return left

    def _part(self, request: DeviceRequest | None) -> "_Part":
        key = (max(request.count, 0), max(request.millis, 0)) if request else (0, 0)
        known = self._parts.get(key)
        if known is None:
            known = self._parts[key] = _part_of(self._tables, *key)
        return known


class _Part(msgspec.Struct, frozen=True, eq=False):
    """What a request changes in a machine: the thousandths it takes; for a part of a device, how much and what more of
    that one is idle by level and what was free; what whole devices are worth, flat, by level and how many there were.
    """

    millis: int
    share: int
    more_idle: Floats
    many: Floats


def _part_of(tables: Tables, count: int, millis: int) -> _Part:
    """A task gets the tightest device that holds its share, or whole ones (`Devices.choose`)."""
    waste, many = tables.waste, tables.many
    if count == 1 and 0 < millis < WHOLE:
        after = waste.copy()
        after[:, millis : WHOLE + 1] = waste[:, : WHOLE + 1 - millis]
        return _Part(millis, millis, (after - waste).reshape(-1), many.reshape(-1))
    if count < 1 or millis < WHOLE:
        return _Part(count * millis, 0, waste[:0], many.reshape(-1))
    fewer = np.maximum(np.arange(many.shape[1]) - count, 0)
    spared = (waste[:, WHOLE] * count)[:, None]
    return _Part(count * WHOLE, 0, waste[:0], (many[:, fewer] + spared).reshape(-1))


def _of(devices: Sequence[DeviceRequest], kind: str) -> DeviceRequest | None:
    for device in devices:
        if device.kind == kind:
            return device
    return None
