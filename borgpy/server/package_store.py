"""The package store: binaries by the hash of their content, on the Borgmaster's disk."""

import asyncio
import errno
import hashlib
import os
import re
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import BinaryIO

from borgpy.clock import new_id
from borgpy.errors import BorgError, StoreFull

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")

KEPT_UNUSED_MS = 24 * 3600 * 1000
"""A package that no job names may have been uploaded a moment before its job; a day later it is garbage."""


class WrongPackage(BorgError):
    """The bytes are not those that were announced."""

    exit_code = 4

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class PackageStore:
    """Files named by their SHA-256, each whole or not there."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self.max_bytes = max_bytes
        (directory / "incoming").mkdir(parents=True, exist_ok=True)
        for torn in (directory / "incoming").iterdir():
            torn.unlink()

    def path(self, digest: str) -> Path | None:
        """Where a package lies; None if it is not here or ``digest`` is none."""
        if not _DIGEST.match(digest):
            return None
        path = self._place(digest)
        return path if path.is_file() else None

    async def put(self, digest: str, size: int, pieces: AsyncIterator[bytes]) -> bool:
        """Take a package in; False if it was here already.

        `WrongPackage` where length or hash differ from what was announced, `StoreFull` without room. Then nothing is kept.
        """
        if not _DIGEST.match(digest):
            raise WrongPackage("wrong_digest", f"{digest!r} is no SHA-256 in lower-case hex")
        if size > self.max_bytes:
            raise WrongPackage(
                "too_large", f"the package has {size:,} bytes; at most {self.max_bytes:,} are taken"
            )
        if self.path(digest):
            return False
        incoming = self._directory / "incoming" / new_id()
        try:
            await self._receive(incoming, digest, size, pieces)
            await asyncio.to_thread(self._keep, incoming, digest)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreFull(
                    "the Borgmaster's disk is full; the package was not kept",
                    hint=f"make room under {self._directory}, then try again",
                ) from error
            raise
        finally:
            incoming.unlink(missing_ok=True)
        return True

    def collect(self, used: Collection[str], now: int) -> int:
        """Remove packages that no job uses and that have lain here for a day; how many that were."""
        removed = 0
        for path in self._directory.glob("??/*"):
            if path.name not in used and now - path.stat().st_mtime_ns // 10**6 > KEPT_UNUSED_MS:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    async def _receive(
        self, incoming: Path, digest: str, size: int, pieces: AsyncIterator[bytes]
    ) -> None:
        hasher, received = hashlib.sha256(), 0
        with incoming.open("wb") as file:
            async for piece in pieces:
                received += len(piece)
                if received > size:
                    break
                await asyncio.to_thread(file.write, piece)
                hasher.update(piece)
            await asyncio.to_thread(_sync, file)
        if received != size:
            raise WrongPackage(
                "truncated",
                f"the upload announced {size:,} bytes and brought {received:,}",
                hint="upload it again",
            )
        if hasher.hexdigest() != digest:
            raise WrongPackage(
                "wrong_digest",
                f"the bytes have SHA-256 {hasher.hexdigest()}, not {digest}",
                hint="the file changed while it was read, or was damaged on its way; upload it again",
            )

    def _keep(self, incoming: Path, digest: str) -> None:
        place = self._place(digest)
        place.parent.mkdir(exist_ok=True)
        incoming.rename(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _place(self, digest: str) -> Path:
        return self._directory / digest[:2] / digest


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
