"""The package cache: nothing that is not exactly what was ordered is ever in it."""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from borgpy.borglet.packages import UNUSED_MS, BadPackage, PackageCache
from borgpy.clock import ManualClock, SystemClock
from borgpy.errors import NotFound, Unreachable
from borgpy.model.spec import Package

CONTENT = b"#!/bin/sh\n" * 1000
PACKAGE = Package("server", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


class Source:
    """Where packages come from; it counts how often it was asked."""

    def __init__(self, *contents: bytes | Exception) -> None:
        self.contents = list(contents)
        self.asked = 0

    async def __call__(self, digest: str) -> AsyncIterator[bytes]:
        self.asked += 1
        content = self.contents.pop(0)
        if isinstance(content, Exception):
            raise content
        for start in range(0, len(content), 4096):
            yield content[start : start + 4096]


def a_cache(tmp_path: Path, source: Source) -> PackageCache:
    return PackageCache(tmp_path / "packages", source, SystemClock())


async def test_a_package_is_fetched_once_and_executable(tmp_path: Path) -> None:
    source = Source(CONTENT)
    cache = a_cache(tmp_path, source)
    path = await cache.fetch(PACKAGE)
    assert path == await cache.fetch(PACKAGE) == cache.path(PACKAGE)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (CONTENT, 0o755)
    assert source.asked == 1


async def test_a_package_that_was_changed_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    source = Source(CONTENT, CONTENT)
    cache = a_cache(tmp_path, source)
    path = await cache.fetch(PACKAGE)
    path.write_bytes(CONTENT[:-1] + b"x")
    assert (await cache.fetch(PACKAGE)).read_bytes() == CONTENT
    assert source.asked == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (CONTENT[:-1], "package server: 9999 bytes came, not 10000"),
        (CONTENT + b"x", "bytes came, not 10000"),
        (CONTENT[:-1] + b"x", "package server: wrong digest"),
        (b"", "package server: 0 bytes came"),
        (NotFound("gone"), "package server: the Borgmaster has no"),
        (Unreachable("no answer from the Borgmaster"), "package server: no answer"),
    ],
)
async def test_what_is_not_the_package_is_not_kept(
    tmp_path: Path, content: bytes | Exception, said: str
) -> None:
    cache = a_cache(tmp_path, Source(content, CONTENT))
    with pytest.raises(BadPackage, match=said):
        await cache.fetch(PACKAGE)
    assert list((tmp_path / "packages").iterdir()) == []
    assert (await cache.fetch(PACKAGE)).read_bytes() == CONTENT


@pytest.mark.parametrize("digest", ["", "ab", "../../etc/passwd", "Z" * 64])
async def test_a_digest_that_is_none_is_not_asked_for(tmp_path: Path, digest: str) -> None:
    source = Source()
    with pytest.raises(BadPackage, match="is no sha256 digest"):
        await a_cache(tmp_path, source).fetch(Package("server", digest, 1))
    assert source.asked == 0


async def test_what_nobody_needs_is_collected_after_a_day(tmp_path: Path) -> None:
    now = 10 * UNUSED_MS
    clock = ManualClock(now)
    cache = PackageCache(tmp_path / "packages", Source(CONTENT), clock)
    path = await cache.fetch(PACKAGE)
    for age, needed, stays in ((0, set(), True), (1, {PACKAGE.digest}, True), (1, set(), False)):
        if age:
            old = (now - UNUSED_MS) / 1000 - age
            os.utime(path, (old, old))
        await cache.collect(needed)
        assert path.exists() is stays
