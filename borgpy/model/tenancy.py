"""What the tasks on one machine hold of it by number: devices, resource sets, fixed ports. It follows from the tasks."""

from collections.abc import Iterable

import msgspec

from borgpy.model.devices import WHOLE, DeviceRequest
from borgpy.model.machine import MachineSpec
from borgpy.model.resource_sets import SetRequest, SetState
from borgpy.model.spec import TaskSpec


class Held(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What one running task holds: the numbers of its devices by kind, and of its resource sets by name.

    ``ends_at`` is when it is expected to give them back (milliseconds since 1970; 0: nobody said how long it takes).
    """

    devices: dict[str, tuple[int, ...]] = {}
    sets: dict[str, int] = {}
    ends_at: int = 0


NOTHING_HELD = Held()


def is_numbered(spec: TaskSpec, machine: MachineSpec) -> bool:
    """Whether a task would hold anything by number there: on a machine with resource sets every task is in one."""
    return bool(spec.devices or spec.sets or spec.fixed_ports or machine.sets)


def sets_asked(spec: TaskSpec, machine: MachineSpec) -> dict[str, SetRequest]:
    """What a task takes of each of the machine's resource sets; it shares one where it does not ask."""
    shared = {offer.name: SetRequest(offer.name, "", 0) for offer in machine.sets}
    return shared | {request.name: request for request in spec.sets}


class Tenancy:
    """One machine's devices, resource sets and fixed ports, and what is left of them.

    ``devices`` lists for each kind the free thousandths of each device, ``sets`` for each name the state of each set.
    What tasks hold of devices and sets that the machine does not offer any more is not counted.
    """

    def __init__(self, machine: MachineSpec, tenants: Iterable[tuple[TaskSpec, Held]] = ()) -> None:
        self.machine = machine
        self.devices = {offer.kind: [WHOLE] * offer.count for offer in machine.devices}
        self.sets = {offer.name: [SetState()] * offer.count for offer in machine.sets}
        self.ports: dict[int, int] = {}
        for spec, held in tenants:
            self.seat(spec, held)

    def seat(self, spec: TaskSpec, held: Held) -> None:
        """Count in one more task."""
        for port in spec.fixed_ports.values():
            self.ports[port] = self.ports.get(port, 0) + 1
        for device in spec.devices:
            free = self.devices.get(device.kind, [])
            for number in held.devices.get(device.kind, ()):
                if number < len(free):
                    free[number] -= device.millis
        for name, asked in sets_asked(spec, self.machine).items():
            states, number = self.sets.get(name, []), held.sets.get(name, -1)
            if 0 <= number < len(states):
                state = states[number]
                value = state.value if state.tasks else asked.value
                states[number] = SetState(value, state.used + asked.slots, state.tasks + 1)

    def why_not(self, spec: TaskSpec, held: Held) -> str:
        """Why a task cannot hold this here now; empty when it can."""
        return self.port_taken(spec) or self._no_devices(spec, held) or self._no_sets(spec, held)

    def port_taken(self, spec: TaskSpec) -> str:
        """Which fixed port of a task another one has; empty when none has any."""
        taken = [port for port in spec.fixed_ports.values() if port in self.ports]
        return f"port {taken[0]} is taken there" if taken else ""

    def _no_devices(self, spec: TaskSpec, held: Held) -> str:
        models = {offer.kind: offer.model for offer in self.machine.devices}
        for asked in spec.devices:
            chosen = held.devices.get(asked.kind, ())
            free = self.devices.get(asked.kind, [])
            if len(set(chosen)) != asked.count or len(chosen) != asked.count:
                return f"it got {len(chosen)} of {asked.count} {asked.kind}"
            if asked.models and models.get(asked.kind) not in asked.models:
                return f"the {asked.kind} there is of another model"
            if not all(self._has(free, number, asked) for number in chosen):
                return f"the {asked.kind} is not free any more"
        return ""

    def _has(self, free: list[int], number: int, asked: DeviceRequest) -> bool:
        return 0 <= number < len(free) and free[number] >= asked.millis

    def _no_sets(self, spec: TaskSpec, held: Held) -> str:
        slots = {offer.name: offer.slots for offer in self.machine.sets}
        for name, asked in sets_asked(spec, self.machine).items():
            states, number = self.sets.get(name, []), held.sets.get(name, -1)
            if not 0 <= number < len(states):
                return f"it got no {name} there"
            state = states[number]
            if state.used + asked.slots > slots[name]:
                return f"the {name} has no room any more"
            if state.tasks and state.value != asked.value:
                return f"the {name} serves another value now"
        return ""

    def check(self) -> None:
        """Assert that nothing is held twice. What a machine offers may have shrunk since, so that is not asserted."""
        name = self.machine.name
        for kind, free in self.devices.items():
            assert min(free, default=0) >= 0, f"{name}: a {kind} is held twice: {free}"
        for port, tasks in self.ports.items():
            assert tasks == 1, f"{name}: {tasks} tasks have port {port}"
