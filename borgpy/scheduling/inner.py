"""Resources with an inner structure, as columns that are kept: devices, and two-level resource sets."""

from collections.abc import Mapping

import numpy as np

from borgpy.model.devices import WHOLE
from borgpy.scheduling.facts import MachineFacts
from borgpy.scheduling.snapshot import ABSENT, DeviceColumns, Ints, Rows, SetColumns


class DeviceStore:
    """The devices of all machines, by kind and slot."""

    def __init__(self) -> None:
        self._free: dict[str, Ints] = {}
        self._models: dict[str, Ints] = {}
        self._names: dict[str, list[str]] = {}

    def put(self, slot: int, fact: MachineFacts) -> None:
        """Remember what a machine has, instead of what it had."""
        self.clear(slot)
        for offer in fact.devices:
            free = fact.device_free.get(offer.kind, (WHOLE,) * offer.count)
            self._make_room(offer.kind, slot, len(free))
            self._free[offer.kind][slot, : len(free)] = free
            self._models[offer.kind][slot] = self._code(offer.kind, offer.model)

    def clear(self, slot: int) -> None:
        for kind, free in self._free.items():
            if slot < len(free):
                free[slot] = ABSENT
                self._models[kind][slot] = ABSENT

    def columns(self, slots: Rows) -> Mapping[str, DeviceColumns]:
        """For the machines at ``slots``, in this order."""
        if not self._free:
            return {}
        most = int(slots.max()) if slots.size else 0
        made = {}
        for kind in sorted(self._free):
            self._make_room(kind, most, 0)
            free = self._free[kind][slots]
            width = int((free != ABSENT).sum(axis=1).max()) if len(free) else 0
            if width:
                names = sorted(self._names[kind])
                place = np.array([names.index(name) for name in self._names[kind]] + [ABSENT])
                made[kind] = DeviceColumns(free[:, :width], place[self._models[kind][slots]], tuple(names))
        return made

    def _code(self, kind: str, model: str) -> int:
        names = self._names[kind]
        if model not in names:
            names.append(model)
        return names.index(model)

    def _make_room(self, kind: str, slot: int, width: int) -> None:
        free = self._free.get(kind)
        if free is None:
            free = np.full((0, 0), ABSENT, np.int64)
            self._models[kind] = np.full(0, ABSENT, np.int64)
            self._names[kind] = []
        if slot >= free.shape[0] or width > free.shape[1]:
            more = max(0, max(64, 2 * slot) - free.shape[0]) if slot >= free.shape[0] else 0
            wider = max(0, width - free.shape[1])
            free = np.pad(free, ((0, more), (0, wider)), constant_values=ABSENT)
            self._models[kind] = np.pad(self._models[kind], (0, more), constant_values=ABSENT)
        self._free[kind] = free


class SetStore:
    """The resource sets of all machines, by name and slot."""

    def __init__(self) -> None:
        self._facts: dict[int, MachineFacts] = {}

    def put(self, slot: int, fact: MachineFacts) -> None:
        """Remember what a machine has, instead of what it had."""
        self.clear(slot)
        if fact.sets:
            self._facts[slot] = fact

    def clear(self, slot: int) -> None:
        self._facts.pop(slot, None)

    def columns(self, slots: Rows) -> Mapping[str, SetColumns]:
        """For the machines at ``slots``, in this order. Sets are rare: the columns are made anew each time."""
        if not self._facts:
            return {}
        row_of = {slot: row for row, slot in enumerate(slots.tolist())}
        names = sorted({offer.name for fact in self._facts.values() for offer in fact.sets})
        return {name: self._columns_of(name, row_of) for name in names}

    def _columns_of(self, name: str, row_of: Mapping[int, int]) -> SetColumns:
        facts = {row_of[slot]: fact for slot, fact in self._facts.items() if slot in row_of}
        offers = {
            row: offer for row, fact in facts.items() for offer in fact.sets if offer.name == name
        }
        width = max((offer.count for offer in offers.values()), default=0)
        states = {row: facts[row].set_states.get(name, ()) for row in offers}
        served = sorted({state.value for held in states.values() for state in held if state.tasks})
        code = {value: number for number, value in enumerate(served)}
        machines = len(row_of)
        slots_of = np.zeros(machines, np.int64)
        used = np.zeros((machines, width), np.int64)
        tasks = np.full((machines, width), ABSENT, np.int64)
        values = np.full((machines, width), ABSENT, np.int64)
        for row, offer in offers.items():
            slots_of[row] = offer.slots
            tasks[row, : offer.count] = 0
            for place, state in enumerate(states[row][: offer.count]):
                if state.tasks:
                    used[row, place], tasks[row, place] = state.used, state.tasks
                    values[row, place] = code[state.value]
        return SetColumns(slots_of, used, tasks, values, tuple(served))
