"""Plug-ins: Python functions of one's own that say on which machines a task may run, or runs well."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from traceback import format_exception_only
from typing import Any, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from borgpy.scheduling.facts import PendingJob
from borgpy.scheduling.snapshot import Attributes, Ints, Mask, Rows


class Machines(msgspec.Struct, frozen=True, eq=False):
    """The machines that a plug-in is asked about, as they are now: columns of n rows each.

    Columns and names are made when they are looked at. ``capacity`` and ``free`` hold int64[n] by dimension (``cpu`` in milli-cores, ``ram`` and ``disk`` in bytes),
    ``tasks`` int64[n] how many tasks are there, ``devices`` int64[n, most devices] by kind the free thousandths of each
    device (-1 where there is none). Earlier placements of the same pass are counted.
    """

    rows: Rows
    names: Sequence[str]
    capacity: Mapping[str, Ints]
    free: Mapping[str, Ints]
    tasks: Ints
    attributes: Attributes
    devices: Mapping[str, Ints] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def attribute(self, name: str) -> NDArray[np.str_]:
        """str[n]: the attribute's value on each machine, empty where there is none."""
        column = self.attributes.column(name)
        texts = np.array([*column.values, ""], dtype=np.str_)
        return texts[column.codes[self.rows]]


class Lazily(Mapping[str, Ints]):
    """Columns by name, each made by ``make`` when it is looked at."""

    def __init__(self, names: Sequence[str], make: Callable[[str], Ints]) -> None:
        self._names = names
        self._make = make

    def __getitem__(self, name: str) -> Ints:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Picked(Sequence[str]):
    """The names of some machines."""

    def __init__(self, names: Sequence[str], rows: Rows) -> None:
        self._names = names
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> "Picked": ...
    def __getitem__(self, place: int | slice) -> "str | Picked":
        if isinstance(place, slice):
            return Picked(self._names, self._rows[place])
        name: str = self._names[self._rows[place]]
        return name


Plugin = Callable[[Machines, PendingJob], NDArray[Any]]
"""Given n machines and a job with pending tasks, bool[n]: whether a task may run there; or float[n]: how well it would,
from 0 (badly) to 1 (as well as can be). It must depend on its arguments only: answers are kept until a machine changes.
"""

Plugins = Mapping[str, Plugin]


MOST_SAID = 200
"""So many characters of an error tell which it is; the rest is for the plug-in's own log."""


class PluginFault(Exception):
    """A plug-in raised, or answered with something that is no answer."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"plug-in {name}: {problem}")
        self.name = name
        self.problem = problem


def ask(
    name: str, plugin: Plugin, machines: Machines, job: PendingJob
) -> Mask | NDArray[np.float64]:
    """The plug-in's answer, bool[n] or float64[n]; `PluginFault` if it is none."""
    try:
        answer = plugin(machines, job)
    except BaseException as error:  # whatever people's code raises, sys.exit too, is one refusal
        raise PluginFault(name, words_of(error)) from error
    if not isinstance(answer, np.ndarray) or answer.shape != (len(machines),):
        shape = f" {answer.shape}" if isinstance(answer, np.ndarray) else ""
        raise PluginFault(
            name, f"expected an array of {len(machines)}, got {type(answer).__name__}{shape}"
        )
    if answer.dtype == np.bool_:
        return answer
    if not (np.issubdtype(answer.dtype, np.floating) or np.issubdtype(answer.dtype, np.integer)):
        raise PluginFault(name, f"expected bool or float, got {answer.dtype}")
    scores = answer.astype(np.float64)
    if not ((scores >= 0) & (scores <= 1)).all():  # NaN is neither
        raise PluginFault(name, "a score is outside 0 to 1, or is no number")
    return scores


def words_of(error: BaseException) -> str:
    """What was raised, in a line that can be journalled and shown for each of the jobs concerned."""
    # Not by str: an error of people's own may fail at that, too.
    said = "".join(format_exception_only(error)).strip()
    printable = "".join(char if char.isprintable() else " " for char in said[: MOST_SAID + 1])
    return printable if len(said) <= MOST_SAID else printable[: MOST_SAID - 1] + "…"
