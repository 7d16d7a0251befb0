"""Resources with an inner structure, as columns that are kept: devices, and two-level resource sets.

Whatever a machine says of them is taken as far as it makes sense: counts and amounts between none and the most there
may be, of several offers of one kind or name the last.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from borgpy.model.devices import WHOLE
from borgpy.model.resource_sets import SetState
from borgpy.scheduling.facts import MachineFacts
from borgpy.scheduling.snapshot import ABSENT, MAX_AMOUNT, DeviceColumns, Ints, Rows, SetColumns

MOST_ON_ONE_MACHINE = 1024
"""Devices of one kind, or sets of one name: every machine's row is as wide as the widest, so one slip must not fill the
memory. The largest servers have 16 GPUs and 100 network interfaces."""


class _Words:
    """Texts by code. What nobody has any more is left out of snapshots, and forgotten when it is the most part."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._codes: dict[str, int] = {}

    def code(self, word: str) -> int:
        if word not in self._codes:
            self._codes[word] = len(self.words)
            self.words.append(word)
        return self._codes[word]

    def sorted_codes(self, codes: Ints) -> tuple[Ints, tuple[str, ...]]:
        """``codes`` as indexes of the words that occur among them, which are returned in their order as texts."""
        counts = np.bincount(codes.ravel() + 1, minlength=len(self.words) + 1)[1:]
        present = tuple(sorted(self.words[code] for code in np.flatnonzero(counts).tolist()))
        place = np.full(len(self.words) + 1, ABSENT, np.int64)  # the last is for ABSENT itself
        for number, word in enumerate(present):
            place[self._codes[word]] = number
        return place[codes], present

    def swept(self, codes: Ints) -> Ints:
        """``codes`` of the same words, after forgetting the others if these are the most part."""
        if len(self.words) < 1024:
            return codes
        renumbered, present = self.sorted_codes(codes)
        if 2 * len(present) > len(self.words):
            return codes
        self.words = list(present)
        self._codes = {word: code for code, word in enumerate(present)}
        return renumbered


class _Devices:
    """The devices of one kind, by slot."""

    def __init__(self) -> None:
        self.free: Ints = np.full((0, 0), ABSENT, np.int64)
        self.models: Ints = np.full(0, ABSENT, np.int64)
        self.names = _Words()
        self.latest: tuple[Rows, DeviceColumns | None] | None = None

    def put(self, slot: int, model: str, free: Ints) -> None:
        self.free = _grown(self.free, slot + 1, len(free))
        self.models = _grown(self.models[:, None], slot + 1, 1)[:, 0]
        self.free[slot, : len(free)] = free
        self.models[slot] = self.names.code(model)
        self.latest = None

    def clear(self, slot: int) -> None:
        if slot < len(self.models) and self.models[slot] != ABSENT:
            self.free[slot] = ABSENT
            self.models[slot] = ABSENT
            self.latest = None

    def columns(self, slots: Rows) -> DeviceColumns | None:
        """The same object as long as nothing changes."""
        if self.latest is None or self.latest[0] is not slots:
            self.latest = slots, self._made(slots)
        return self.latest[1]

    def _made(self, slots: Rows) -> DeviceColumns | None:
        self.free = _grown(self.free, _most(slots), 0)
        self.models = _grown(self.models[:, None], _most(slots), 1)[:, 0]
        self.models = self.names.swept(self.models)
        free, models = self.free[slots], self.models[slots]
        width = _width(free)
        if not width:
            return None
        codes, names = self.names.sorted_codes(models)
        return DeviceColumns(_fixed(free[:, :width]), _fixed(codes), names)


class DeviceStore:
    """The devices of all machines, by kind and slot."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Devices] = {}

    def put(self, slot: int, fact: MachineFacts) -> None:
        """Remember what a machine has, instead of what it had.

        A device of which ``device_free`` does not tell is wholly free.
        """
        self.clear(slot)
        for kind, offer in {offer.kind: offer for offer in fact.devices}.items():
            count = min(max(offer.count, 0), MOST_ON_ONE_MACHINE)
            if count:
                free = np.full(count, WHOLE, np.int64)
                told = fact.device_free.get(kind, ())[:count]
                free[: len(told)] = [min(max(left, 0), WHOLE) for left in told]
                self._kinds.setdefault(kind, _Devices()).put(slot, offer.model, free)

    def clear(self, slot: int) -> None:
        for devices in self._kinds.values():
            devices.clear(slot)

    def columns(self, slots: Rows) -> Mapping[str, DeviceColumns]:
        """For the machines at ``slots``, in this order; ``slots`` must not be changed afterwards."""
        made = {kind: self._kinds[kind].columns(slots) for kind in sorted(self._kinds)}
        return {kind: columns for kind, columns in made.items() if columns is not None}


class _Sets:
    """The resource sets of one name, by slot."""

    def __init__(self) -> None:
        self.slots: Ints = np.zeros(0, np.int64)
        self.used: Ints = np.zeros((0, 0), np.int64)
        self.tasks: Ints = np.full((0, 0), ABSENT, np.int64)
        self.values: Ints = np.full((0, 0), ABSENT, np.int64)
        self.served = _Words()
        self.latest: tuple[Rows, SetColumns | None] | None = None

    def put(self, slot: int, slots: int, count: int, states: Iterable[SetState]) -> None:
        self._reserve(slot + 1, count)
        self.slots[slot] = slots
        self.tasks[slot, :count] = 0
        for number, state in enumerate(states):
            if state.tasks > 0:
                self.tasks[slot, number] = min(state.tasks, MAX_AMOUNT)
                self.used[slot, number] = min(max(state.used, 0), MAX_AMOUNT)
                self.values[slot, number] = self.served.code(state.value)
        self.latest = None

    def clear(self, slot: int) -> None:
        if slot < len(self.slots) and self.tasks[slot, :1].tolist() != [ABSENT]:
            self.slots[slot] = self.used[slot] = 0
            self.tasks[slot] = self.values[slot] = ABSENT
            self.latest = None

    def columns(self, slots: Rows) -> SetColumns | None:
        """The same object as long as nothing changes."""
        if self.latest is None or self.latest[0] is not slots:
            self.latest = slots, self._made(slots)
        return self.latest[1]

    def _made(self, slots: Rows) -> SetColumns | None:
        self._reserve(_most(slots), 0)
        self.values = self.served.swept(self.values)
        tasks = self.tasks[slots]
        width = _width(tasks)
        if not width:
            return None
        values, served = self.served.sorted_codes(self.values[slots, :width])
        return SetColumns(
            slots=_fixed(self.slots[slots]),
            used=_fixed(self.used[slots, :width]),
            tasks=_fixed(tasks[:, :width]),
            values=_fixed(values),
            served=served,
        )

    def _reserve(self, slots: int, width: int) -> None:
        self.slots = _grown(self.slots[:, None], slots, 1, 0)[:, 0]
        self.used = _grown(self.used, slots, width, 0)
        self.tasks = _grown(self.tasks, slots, width)
        self.values = _grown(self.values, slots, width)


class SetStore:
    """The resource sets of all machines, by name and slot."""

    def __init__(self) -> None:
        self._names: dict[str, _Sets] = {}

    def put(self, slot: int, fact: MachineFacts) -> None:
        """Remember what a machine has, instead of what it had. A set of which ``set_states`` does not tell is free."""
        self.clear(slot)
        for name, offer in {offer.name: offer for offer in fact.sets}.items():
            count = min(max(offer.count, 0), MOST_ON_ONE_MACHINE)
            if count:
                slots = min(max(offer.slots, 0), MAX_AMOUNT)
                states = fact.set_states.get(name, ())[:count]
                self._names.setdefault(name, _Sets()).put(slot, slots, count, states)

    def clear(self, slot: int) -> None:
        for sets in self._names.values():
            sets.clear(slot)

    def columns(self, slots: Rows) -> Mapping[str, SetColumns]:
        """For the machines at ``slots``, in this order; ``slots`` must not be changed afterwards."""
        made = {name: self._names[name].columns(slots) for name in sorted(self._names)}
        return {name: columns for name, columns in made.items() if columns is not None}


def _grown(table: Ints, rows: int, width: int, filler: int = ABSENT) -> Ints:
    """``table`` with at least so many rows and columns; the rows are doubled, so that growing is rare."""
    more = max(64, 2 * rows) - table.shape[0] if rows > table.shape[0] else 0
    wider = max(0, width - table.shape[1])
    if not more and not wider:
        return table
    return np.pad(table, ((0, more), (0, wider)), constant_values=filler)


def _most(slots: Rows) -> int:
    return int(slots.max()) + 1 if slots.size else 0


def _width(table: Ints) -> int:
    """How many the machine with the most has: those that exist come first in each row."""
    return int(np.count_nonzero(table != ABSENT, axis=1).max(initial=0))


def _fixed(column: Ints) -> Ints:
    """Snapshots share it."""
    column.setflags(write=False)
    return column
