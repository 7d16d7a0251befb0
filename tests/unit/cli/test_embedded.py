import asyncio
import hashlib
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from borgpy.cli.embedded import Layout, Recorded, locked, prepare, read_record, write_record
from borgpy.cli.processes import ProcessId, last_lines, start_in_background
from borgpy.errors import Corrupt


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_for_their_owner_only_and_stay(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "ic")
    prepare(layout, "alice")
    secrets = (layout.token, layout.join_token, layout.credential, layout.tokens)
    assert {mode(path) for path in secrets} == {0o600}
    assert {mode(path) for path in (layout.root, layout.master, layout.borglet)} == {0o700}
    before = [path.read_bytes() for path in secrets]
    assert len(set(before)) == 4
    prepare(layout, "alice")
    assert [path.read_bytes() for path in secrets] == before


def test_the_tokens_file_holds_digests_and_rights(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "ic")
    prepare(layout, "alice")
    digest = hashlib.sha256(layout.token.read_bytes()).hexdigest()
    join = hashlib.sha256(layout.join_token.read_bytes()).hexdigest()
    assert json.loads(layout.tokens.read_text()) == [
        {"user": "alice", "sha256": digest, "rights": ["read", "write", "admin"]},
        {"user": "borglets", "sha256": join, "rights": ["join"]},
    ]


def test_a_record_comes_back_and_rubbish_is_told(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert read_record(layout) is None
    recorded = Recorded("ic", "alice", "http://127.0.0.1:1", borgmaster_pid=4)
    write_record(layout, recorded)
    assert read_record(layout) == recorded
    layout.record.write_text("{")
    with pytest.raises(Corrupt):
        read_record(layout)


async def test_a_cell_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    layout, order = Layout(tmp_path), list[str]()

    async def hold(name: str) -> None:
        async with locked(layout):
            order.append(f"{name} in")
            await asyncio.sleep(0.05)
            order.append(f"{name} out")

    await asyncio.gather(hold("a"), hold("b"))
    assert order in (["a in", "a out", "b in", "b out"], ["b in", "b out", "a in", "a out"])


async def test_a_background_process_is_known_by_pid_and_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
    process = start_in_background(program, log=log, folder=tmp_path, environment={})
    try:
        assert process.is_alive()
        assert not ProcessId(process.pid, process.started - 60).is_alive()
        for _ in range(100):
            if last_lines(log) == ["here"]:
                break
            await asyncio.sleep(0.05)
        assert last_lines(log) == ["here"]
    finally:
        process.send(9)
    assert await process.gone_within(5)
    process.send(9)


def test_a_process_that_never_was_is_not_alive() -> None:
    assert not ProcessId(0, 0.0).is_alive()
    assert not ProcessId(2**22 + 1, 0.0).is_alive()
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True
    )
    assert not ProcessId(int(gone.stdout), 0.0).is_alive()
