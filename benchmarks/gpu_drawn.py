"""The scheduler with machines and GPUs drawn at random from those that fit: what FGD's authors compare with as Random.

Everything else is the same. It is here to be measured against what was published, and is of no use for anything else.
"""

from collections.abc import Sequence

import numpy as np

from borgpy.model.devices import DeviceRequest
from borgpy.model.policy import Policy
from borgpy.scheduling.devices import Devices
from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.placing import Taken, joined
from borgpy.scheduling.room import Kept, Room
from borgpy.scheduling.scores import Scores
from borgpy.scheduling.shapes import Shape
from borgpy.scheduling.snapshot import DeviceColumns, Snapshot
from borgpy.scheduling.standing import Standing


class DrawnDevices(Devices):
    def __init__(self, columns: DeviceColumns, draws: np.random.Generator) -> None:
        super().__init__(columns)
        self._draws = draws

    def choose(self, request: DeviceRequest, row: int) -> tuple[int, ...]:
        """Any devices that are free enough, each as likely as the others."""
        able = np.flatnonzero(self.free[row] >= max(request.millis, 0))
        count = max(request.count, 0)
        return tuple(sorted(self._draws.permutation(able)[:count].tolist()))


class DrawnStanding(Standing):
    def __init__(self, snapshot: Snapshot, draws: np.random.Generator) -> None:
        super().__init__(snapshot)
        self._devices = {
            kind: DrawnDevices(columns, draws) for kind, columns in snapshot.devices.items()
        }


class DrawnRoom(Room):
    def __init__(
        self,
        snapshot: Snapshot,
        pending: Sequence[PendingJob],
        policy: Policy,
        draws: np.random.Generator,
    ) -> None:
        super().__init__(snapshot, pending, policy)
        self.standing = DrawnStanding(snapshot, draws)
        # The scores look at the standing that they are made with.
        self._scores = Scores(self.standing, policy, self._scarcity)
        self._draws = draws

    def take(self, shape: Shape, job: PendingJob, count: int) -> Taken:
        """Any machines that fit, each as likely as the others."""
        parts: list[Taken] = []
        while len(parts) < count:
            able = np.flatnonzero(self._scores.open_to(shape, slice(None)))
            if not able.size:
                break
            parts.append(self.placing.book(shape, job, self._draws.choice(able, 1)))
        return joined(parts)


class Drawn(Kept):
    """Keeps nothing but where its draws have got to: handed to the passes of a run, it makes them draw."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        # Not the numbers again that the seed alone gives: these say in which order pods arrive.
        self._draws = np.random.default_rng((seed, 1))

    def room(self, snapshot: Snapshot, pending: Sequence[PendingJob], policy: Policy) -> Room:
        return DrawnRoom(snapshot, pending, policy, self._draws)
