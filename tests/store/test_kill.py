"""kill -9 in the middle of appends: what was acknowledged is there, and what was not is there wholly or not at all."""

import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from borgpy.clock import seeded
from borgpy.store.faces import Journal, Row
from borgpy.store.open import open_store
from tests.store.batches import batch

KILLS = 24


@pytest.mark.slow
def test_no_acknowledged_append_is_lost_to_kill_9_and_none_is_torn(tmp_path: Path) -> None:
    chance = seeded(20)
    checked = 0
    unacknowledged = set[int]()
    for run in range(1, KILLS + 1):
        acknowledged = _append_until_killed(tmp_path / "cell.sqlite", run, chance.random() * 0.15)
        store = open_store(tmp_path / "cell.sqlite")
        last = _check_batches(store.journal, checked)
        store.close()
        assert last >= max(acknowledged, checked)
        unacknowledged.add(last - max(acknowledged, checked))
        checked = last
    assert checked > KILLS  # they did get somewhere
    assert max(unacknowledged) <= 40  # at most the one append that was on its way


def _append_until_killed(file: Path, run: int, seconds: float) -> int:
    """The last sequence that the process acknowledged before it was killed, 0 for none."""
    command = [sys.executable, "-m", "tests.store.appender", str(file), str(run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            readable, _, _ = select.select([process.stdout], [], [], 60)
            assert readable, "the process does not come up"
            time.sleep(seconds)
        finally:
            process.kill()
        # A line that the kill cut short has no end, and acknowledges nothing.
        lines = process.stdout.read().split(b"\n")[:-1]
    assert process.returncode == -9
    assert lines[0] == b"ready"
    return int(lines[-1]) if len(lines) > 1 else 0


def _check_batches(journal: Journal, after: int) -> int:
    """Every batch behind ``after`` is whole and as it was sent; the last sequence."""
    rows: list[Row] = []
    while page := journal.read(rows[-1].seq if rows else after):
        rows += page
    place = 0
    while place < len(rows):
        first = rows[place]
        sent = batch(first.epoch, first.seq)
        stored = [(row.at, row.operation) for row in rows[place : place + len(sent)]]
        assert stored == sent, f"the append at {first.seq} is torn"
        place += len(sent)
    return journal.last().seq
