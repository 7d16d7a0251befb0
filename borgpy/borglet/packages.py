"""The cache of binaries, each under the digest of its content."""

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

from borgpy.borglet.files import sync_directory
from borgpy.clock import Clock
from borgpy.errors import BorgError, NotFound
from borgpy.model.spec import Package

log = logging.getLogger(__name__)

UNUSED_MS = 24 * 3600 * 1000
"""A package that no task here needs is kept this long: a job that is stopped often comes back."""

HEX_DIGITS = frozenset("0123456789abcdef")
READ = 1024 * 1024


class BadPackage(BorgError):
    """What came is not what was ordered."""


class PackageCache:
    """Packages below ``folder``, brought by ``download(digest)`` when they are missing."""

    def __init__(
        self, folder: Path, download: Callable[[str], AsyncIterator[bytes]], clock: Clock
    ) -> None:
        self._folder = folder
        self._download = download
        self._clock = clock
        self._under_way: dict[str, asyncio.Task[Path]] = {}

    def path(self, package: Package) -> Path:
        """Where the package lies, or will."""
        return self._folder / package.digest

    async def fetch(self, package: Package) -> Path:
        """Bring the package here, its digest proven; `BorgError` or `OSError` say why not. At most one at a time each."""
        if len(package.digest) != 64 or not HEX_DIGITS.issuperset(package.digest):
            raise BadPackage(f"package {package.name}: {package.digest[:80]!r} is no sha256 digest")
        task = self._under_way.get(package.digest)
        if task is None:
            task = asyncio.create_task(self._bring(package))
            self._under_way[package.digest] = task
            task.add_done_callback(lambda _: self._under_way.pop(package.digest, None))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def collect(self, needed: set[str]) -> None:
        """Remove packages that were not needed for a day, and downloads that were interrupted."""
        await asyncio.to_thread(self._collect, needed | self._under_way.keys())

    async def _bring(self, package: Package) -> Path:
        cached = self.path(package)
        if await asyncio.to_thread(_is_whole, cached, package):
            return cached
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        partial = cached.with_name(f"{package.digest}.part")
        try:
            await self._receive(package, partial)
            partial.chmod(0o755)
            partial.replace(cached)
            await asyncio.to_thread(sync_directory, self._folder)
        finally:
            partial.unlink(missing_ok=True)
        log.info("fetched package %s, %d bytes", package.name, package.size)
        return cached

    async def _receive(self, package: Package, partial: Path) -> None:
        digest, size = hashlib.sha256(), 0
        with partial.open("wb") as file:
            try:
                async for piece in self._download(package.digest):
                    size += len(piece)
                    if size > package.size:
                        break
                    digest.update(piece)
                    await asyncio.to_thread(file.write, piece)
            except NotFound as error:
                raise BadPackage(
                    f"package {package.name}: the Borgmaster has no {package.digest[:12]}"
                ) from error
            except BorgError as error:
                raise BadPackage(f"package {package.name}: {error.message}") from error
            await asyncio.to_thread(_flush, file.fileno(), file.flush)
        if size != package.size:
            raise BadPackage(f"package {package.name}: {size} bytes came, not {package.size}")
        if digest.hexdigest() != package.digest:
            raise BadPackage(
                f"package {package.name}: wrong digest {digest.hexdigest()[:12]}, "
                f"ordered was {package.digest[:12]}"
            )

    def _collect(self, needed: set[str]) -> None:
        if not self._folder.is_dir():
            return
        oldest = (self._clock.now() - UNUSED_MS) / 1000
        for entry in self._folder.iterdir():
            digest = entry.name.removesuffix(".part")
            with suppress(FileNotFoundError):
                if digest in needed:
                    os.utime(entry)
                elif entry.stat().st_mtime < oldest:
                    entry.unlink()
                    log.info("removed package %s, unused for a day", digest[:12])


def _is_whole(path: Path, package: Package) -> bool:
    """Whether what lies there is the package; tasks can reach the cache, so the digest is proven each time."""
    digest = hashlib.sha256()
    try:
        if path.stat().st_size != package.size:
            return False
        with path.open("rb") as file:
            while piece := file.read(READ):
                digest.update(piece)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == package.digest


def _flush(fd: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(fd)
