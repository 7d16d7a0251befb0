"""How people write jobs and tasks: ``hello_world``, ``alice/hello_world/3``, ``ic/alice/hello_world/0-4,7``."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

import msgspec

from borgpy.errors import InvalidConfig, NotFound
from borgpy.model.names import NAME_RULE, JobKey, is_name, job_key

MAX_INDEX = 10_000_000
"""An index beyond any job; it bounds what a range can unfold to."""

_INDEXES = re.compile(r"\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*\Z")


class Target(msgspec.Struct, frozen=True):
    """A job, or some tasks of it (``indexes``; none: all). ``cell`` and ``user`` are empty where they were left out."""

    job: str
    user: str = ""
    cell: str = ""
    indexes: tuple[int, ...] | None = None

    def key(self, default_user: str) -> JobKey:
        return job_key(self.user or default_user, self.job)

    def index(self) -> int | None:
        """The one task that is meant, if it is one."""
        return self.indexes[0] if self.indexes and len(self.indexes) == 1 else None


def parse_target(text: str) -> Target:
    """A job or tasks by any of their short forms; `InvalidConfig` says what is wrong with it."""
    *names, last = text.strip("/").split("/")
    indexes = None
    if names and _INDEXES.match(last):
        indexes = parse_indexes(last)
    else:
        names.append(last)
    if not 1 <= len(names) <= 3 or not all(is_name(name) for name in names):
        raise InvalidConfig(
            f"{text!r} names no job",
            hint=f"write JOB, USER/JOB or CELL/USER/JOB, then /3 or /0-4 for tasks; a name is {NAME_RULE}",
        )
    cell, user, job = ("", "", *names)[-3:]
    return Target(job, user, cell, indexes)


def parse_indexes(text: str) -> tuple[int, ...]:
    """``0-2,7`` as ``(0, 1, 2, 7)``: each once, in order."""
    indexes: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        low, high = int(first), int(last or first)
        if high < low or high > MAX_INDEX:
            raise InvalidConfig(f"{part!r} is no range of tasks", hint="write 0-4 or 0,2,5-9")
        indexes.update(range(low, high + 1))
    return tuple(sorted(indexes))


class Pattern(msgspec.Struct, frozen=True):
    """Which jobs are meant: a name, the beginning of one, or a glob, with or without user and cell."""

    text: str
    user: str
    cell: str = ""

    def select(self, keys: Iterable[JobKey]) -> list[JobKey]:
        """The keys meant: exactly this one, else those that begin so, else those that the glob fits."""
        wanted = self.text if "/" in self.text else f"{self.user}/{self.text}"
        known = list(keys)
        exact = [key for key in known if key == wanted]
        begun = [key for key in known if key.startswith(wanted)]
        return exact or begun or [key for key in known if fnmatchcase(key, wanted)]


def parse_pattern(text: str, user: str) -> Pattern:
    """``KEY``, prefix or glob. Three parts name the cell, too."""
    cell, _, rest = text.partition("/")
    if rest.count("/") == 1:
        return Pattern(rest, user, cell)
    return Pattern(text, user)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names what comes close, or what there is."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(name, names, 3, 0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if not names:
        return "there are none"
    return "known: " + ", ".join(names[:10]) + (" …" if len(names) > 10 else "")


def unknown(what: str, name: str, known: Iterable[str]) -> NotFound:
    return NotFound(f"there is no {what} {name!r}", hint=did_you_mean(name, known))
