"""Old journals fold for ever, and everywhere to the same bytes."""

import os
import subprocess
import sys

import msgspec
import pytest

from borgpy.master.borgmaster import Borgmaster
from borgpy.model import checkpoint
from borgpy.model.cell import Cell
from borgpy.model.events import Event
from borgpy.model.operations import Operation
from tests.recorded.fold import NAMES, fold, read, state_of


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_journal_folds_to_its_recorded_hash(name: str) -> None:
    recording = read(name)
    master = fold(recording)
    master.check()
    found = state_of(checkpoint.encode(master.cell))
    assert found == (recording.chain, recording.state)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", ["0", "12345"])
def test_another_process_with_another_hash_seed_and_plainer_arithmetic_folds_the_same(
    seed: str, name: str
) -> None:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.recorded.fold", name],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    recording = read(name)
    assert done.stdout.split() == [recording.chain, recording.state]


def test_from_rules_2_on_a_cell_that_is_restarted_folds_to_the_same_chain() -> None:
    decoder: msgspec.msgpack.Decoder[Operation] = msgspec.msgpack.Decoder(Operation)
    straight = Borgmaster(Cell("ic"))
    restarted = Borgmaster(Cell("ic"))
    for entry in read("rules-2").entries:
        straight.apply(decoder.decode(entry))
        restarted = Borgmaster(checkpoint.decode(checkpoint.encode(restarted.cell)))
        restarted.apply(decoder.decode(entry))
        assert restarted.cell.chain == straight.cell.chain


def test_the_recordings_tell_of_every_kind_of_operation_and_event() -> None:
    decoder: msgspec.msgpack.Decoder[Operation] = msgspec.msgpack.Decoder(Operation)
    operations = {
        type(decoder.decode(entry)).__name__ for name in NAMES for entry in read(name).entries
    }
    assert operations == {kind.__name__ for kind in Operation.__args__}
    assert _events() == {kind.__name__ for kind in Event.__args__} - {"Faulted"}


def _events() -> set[str]:
    decoder: msgspec.msgpack.Decoder[Operation] = msgspec.msgpack.Decoder(Operation)
    happened = set()
    for name in NAMES:
        master = Borgmaster(Cell("ic"))
        for entry in read(name).entries:
            happened |= {type(event).__name__ for event in master.apply(decoder.decode(entry))}
    return happened
