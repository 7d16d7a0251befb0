"""A folder of small files that are quicker to read than to make again. Losing it costs time, and nothing else."""

import os
import stat
from pathlib import Path
from zlib import crc32

_MOST_BYTES = 64 << 20
_MOST_FILES = 500
"""A project's worth. Beyond either, what was made longest ago goes."""

_SWEEP_EVERY = 32
"""Looking through the folder takes longer than writing into it, so only one write in so many does."""


class Cache:
    """Content by key, in files that nobody but us can have written. Whatever goes wrong, there is just no content.

    A file appears whole or not at all, so any number of processes may share the folder. A disk may still damage it: who
    reads has to notice.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """What was put there under ``key``; None if nothing is, or nothing that can be trusted."""
        try:
            if not _is_ours(os.lstat(self._folder)):
                return None
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            with open(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not _is_ours(status) or status.st_size > _MOST_BYTES:
                    return None
                return file.read()
        except OSError:
            return None

    def put(self, key: str, content: bytes) -> None:
        """Keeps ``content``, if there is a place for it."""
        if len(content) > _MOST_BYTES // 4:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(os.lstat(self._folder)):
                return
            self._write(self._path(key), content)
            if crc32(key.encode()) % _SWEEP_EVERY == 0:
                self._sweep()
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.cache"

    def _write(self, path: Path, content: bytes) -> None:
        import tempfile  # reading needs none of it

        descriptor, name = tempfile.mkstemp(dir=self._folder)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
            os.replace(name, path)
        except OSError:
            os.unlink(name)
            raise

    def _sweep(self) -> None:
        """Removes what is too much, the oldest first; also what a killed process has left half done."""
        found = sorted(
            (status.st_mtime, status.st_size, path)
            for path in self._folder.iterdir()
            if stat.S_ISREG((status := path.lstat()).st_mode)
        )
        size = sum(entry[1] for entry in found)
        for number, (_, length, path) in enumerate(found):
            if len(found) - number <= _MOST_FILES and size <= _MOST_BYTES:
                return
            size -= length
            path.unlink(missing_ok=True)


def _is_ours(status: os.stat_result) -> bool:
    """Whether nobody else can write there: what is read from there is believed."""
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022
