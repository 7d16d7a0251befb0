"""The project around a job file: the folder beyond which nothing is imported, and the files within it."""

import os
import stat
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from borgpy.bcl.limits import DEFAULT_LIMITS, Limits, raised_by
from borgpy.bcl.loading.program import Unreadable
from borgpy.bcl.values import Wrong
from borgpy.errors import InvalidConfig

LOCK = "borg.lock"
MARKERS = (LOCK, ".borgroot", ".git")
"""What makes a folder the root of the files below it."""

_BYTES_PER_CHARACTER = 4  # the most that UTF-8 takes
_MOST_NAMES = 2_000


def root_of(folder: Path) -> Path:
    """The nearest folder at or above ``folder`` that is marked as a root; ``folder`` itself if none is."""
    folder = Path(os.path.realpath(folder))
    for candidate in (folder, *folder.parents):
        if any(_is_there(candidate / marker) for marker in MARKERS):
            return candidate
    return folder


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # no permission to look
        return False


def path_in(root: Path, file: Path) -> str:
    """Where ``file`` stands below ``root``, with ``/`` between names; `InvalidConfig` if it does not.

    Its folder counts, wherever links to it lead from; the file itself may be a link to anywhere, since a person named it.
    """
    real = Path(os.path.realpath(file.parent), file.name)
    try:
        return real.relative_to(os.path.realpath(root)).as_posix()
    except ValueError:
        message = f"{file} lies outside the project {root}"
        raise InvalidConfig(message, hint="name another folder with --root") from None


class RootFiles:
    """The regular files below a folder. A link is followed as long as it stays below."""

    def __init__(self, root: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        self._root = os.path.realpath(root)
        self._longest = limits.source * _BYTES_PER_CHARACTER
        self._here = os.getcwd()

    def read(self, path: str) -> bytes | None:
        """The content of a file; never waits for a pipe, and reads no more than a source may have."""
        try:
            real = self._resolved(path)
            # A pipe or a device is never opened: opening alone may do something.
            if not stat.S_ISREG(os.stat(real).st_mode):
                raise Unreadable("is a folder" if os.path.isdir(real) else "is no regular file")
            return self._content(real, path)
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            return None
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error

    def names(self, folder: str) -> Iterable[str]:
        try:
            with os.scandir(self._resolved(folder)) as entries:
                return [entry.name for entry in islice(entries, _MOST_NAMES)]
        except (OSError, Unreadable):
            return ()

    def shown(self, path: str) -> str:
        """The path as a person here would type it."""
        return os.path.relpath(os.path.join(self._root, path), self._here)

    def _resolved(self, path: str) -> str:
        if self._root == os.sep:
            raise Unreadable("belongs to no project: its root would be /; name one with --root")
        real = os.path.realpath(os.path.join(self._root, path))
        if real != self._root and not real.startswith(self._root + os.sep):
            raise Unreadable("is a symbolic link that leads out of the project")
        return real

    def _content(self, real: str, path: str) -> bytes:
        # Between the look and the opening somebody may have put another thing there.
        descriptor = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable("is no regular file")
            content = file.read(self._longest + 1)
        if len(content) > self._longest:
            message = f"{path} has more than {self._longest // _BYTES_PER_CHARACTER:,} characters"
            raise Wrong("limit", message, help=raised_by("source"))
        return content
