"""History is written behind the commit, and never in halves."""

import asyncio

import pytest

from borgpy.model.events import EpochBegun, Record
from borgpy.server import historian as historian_module
from borgpy.server.historian import Historian
from borgpy.store.memory import memory_store


async def test_a_sequence_is_in_the_store_wholly_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(historian_module, "MAX_ROWS", 3)
    history = memory_store().history
    historian = Historian(history, 0)
    sizes = {1: 2, 2: 4, 3: 1, 4: 0, 5: 7}
    for seq, size in sizes.items():
        historian.add(seq, [Record(seq, n, 1, EpochBegun(seq, "x")) for n in range(size)])
    writing = asyncio.create_task(historian.run())
    stored = dict.fromkeys(sizes, 0)
    while historian.flushed < 5:
        await historian.progress.wait(5)
        stored = dict.fromkeys(sizes, 0)
        for record in history.read(0):
            stored[record.seq] += 1
        assert all(stored[seq] in (0, size) for seq, size in sizes.items()), stored
        assert all(stored[seq] == sizes[seq] for seq in sizes if seq <= historian.flushed)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert stored == sizes
