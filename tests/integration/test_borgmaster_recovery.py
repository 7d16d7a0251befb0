"""A real Borgmaster takes its checkpoints by itself, and a killed one comes back from them with its whole history."""

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from borgpy.client.borgmaster import BorgmasterClient
from borgpy.client.transport import Endpoint
from borgpy.model import checkpoint
from borgpy.model.priority import Band
from borgpy.model.resources import Resources
from borgpy.server.checkpointer import CHECKPOINTS_KEPT
from borgpy.server.recovery import recover
from borgpy.store.open import open_store
from tests.fakes.processes import TOKENS, Served, a_served_borgmaster

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 30.0


def a_client(served: Served) -> BorgmasterClient:
    return BorgmasterClient(Endpoint(served.address, TOKENS["root"][0]))


def rows(served: Served, query: str) -> list[tuple[int, ...]]:
    database = sqlite3.connect(f"file:{served.data / 'cell.sqlite'}?mode=ro", uri=True)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


async def write_some(client: BorgmasterClient, count: int, amount: int) -> None:
    """Entries of the cheapest kind, each different from the one before."""
    for number in range(count):
        await client.set_quota("alice", Band.BATCH, Resources(cpu=amount + number))


async def test_checkpoints_are_taken_kept_and_built_upon(tmp_path: Path) -> None:
    with a_served_borgmaster(tmp_path, "--checkpoint-every", "5") as served:
        async with a_client(served) as client:
            deadline = time.monotonic() + PATIENCE_SECONDS
            amount = 0
            while len(rows(served, "SELECT seq FROM checkpoint")) < CHECKPOINTS_KEPT:
                assert time.monotonic() < deadline
                amount += 10
                await write_some(client, 6, amount)
                await asyncio.sleep(0.2)
            await write_some(client, 6, amount + 100)
            before = await client.cell()
        served.process.kill()
        served.process.wait()
    oldest = rows(served, "SELECT min(seq) FROM checkpoint")[0][0]
    first = rows(served, "SELECT min(seq) FROM journal")[0][0]
    assert 1 < first <= oldest, (
        "the journal goes back to the oldest checkpoint, not to the beginning"
    )
    with a_served_borgmaster(tmp_path, "--checkpoint-every", "5") as served:
        async with a_client(served) as client:
            after = await client.cell()
            (quota,) = [q for q in await client.quota("alice") if q.band is Band.BATCH]
    assert (after.seq, after.epoch) == (before.seq + 1, before.epoch + 1)
    assert quota.limit == Resources(cpu=amount + 105)


async def test_history_that_was_not_written_before_a_kill_is_completed_from_the_journal(
    tmp_path: Path,
) -> None:
    with a_served_borgmaster(tmp_path) as served:
        async with a_client(served) as client:
            await write_some(client, 10, 1)
            await asyncio.sleep(0.2)
            told = [(e.seq, e.ordinal, e.text) async for e in client.events()]
        served.process.kill()
        served.process.wait()
    database = sqlite3.connect(served.data / "cell.sqlite")
    with database:
        database.execute("DELETE FROM event_history WHERE seq > 4")
    database.close()
    with a_served_borgmaster(tmp_path) as served:
        async with a_client(served) as client:
            again = [(e.seq, e.ordinal, e.text) async for e in client.events()]
    assert again[: len(told)] == told
    assert len(told) > 10


async def test_an_exported_checkpoint_is_the_cell_that_the_journal_folds_to(tmp_path: Path) -> None:
    with a_served_borgmaster(tmp_path) as served:
        async with a_client(served) as client:
            await write_some(client, 3, 1)
            blob = b"".join([piece async for piece in client.checkpoint()])
    exported = checkpoint.decode(blob)
    exported.check()
    database = sqlite3.connect(served.data / "cell.sqlite")
    with database:
        database.execute("DELETE FROM checkpoint")
    database.close()
    store = open_store(served.data / "cell.sqlite")
    try:
        folded = recover(store, "ic", upto=exported.seq)
        assert checkpoint.encode(folded.cell) == blob
        assert folded.cell.chain == exported.chain
    finally:
        store.close()
