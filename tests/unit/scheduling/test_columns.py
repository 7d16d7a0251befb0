"""The Borgmaster's columns, and the snapshots that are taken of them."""

import pickle

import msgspec
import numpy as np
import pytest

from borgpy.errors import Corrupt
from borgpy.model.resources import Resources
from borgpy.scheduling.snapshot import (
    MAX_AMOUNT,
    Columns,
    Snapshot,
    SnapshotColumns,
    from_columns,
    to_columns,
)
from tests.unit.scheduling.builders import GIB, a_cell, a_machine, a_pending_job, amounts


def the_same(left: Snapshot, right: Snapshot) -> bool:
    return to_columns(left) == to_columns(right)


def test_a_snapshot_holds_capacity_and_what_is_free_by_machine_and_dimension() -> None:
    snapshot = a_cell(
        a_machine("b", amounts(4, 8, disk=2, ports=5), amounts(1, 2), attributes={"zone": "x"}),
        a_machine("a", amounts(2, 4), placeable=False),
    )
    assert snapshot.seq == 7
    assert snapshot.names == ("a", "b")
    assert snapshot.dimensions == ("cpu", "ram", "disk", "ports")
    assert snapshot.capacity.tolist() == [[2000, 4 * GIB, 0, 0], [4000, 8 * GIB, 2 * GIB, 5]]
    assert snapshot.free.tolist() == [[2000, 4 * GIB, 0, 0], [3000, 6 * GIB, 2 * GIB, 5]]
    assert snapshot.placeable.tolist() == [False, True]
    assert snapshot.attributes == ({}, {"zone": "x"})


def test_rows_are_in_the_order_of_names_however_machines_came_and_went() -> None:
    straight = a_cell(a_machine("a"), a_machine("b", used=amounts(2)), a_machine("c"))
    columns = Columns()
    columns.update([a_machine("c"), a_machine("x"), a_machine("b")])
    columns.snapshot(1, ())
    columns.remove("x")
    columns.update([a_machine("a"), a_machine("b", used=amounts(2))])
    assert the_same(columns.snapshot(7, ()), straight)
    assert len(columns) == 3


def test_a_later_change_does_not_touch_a_snapshot() -> None:
    columns = Columns()
    columns.update([a_machine("a")])
    before = columns.snapshot(1, ())
    columns.update([a_machine("a", amounts(1), amounts(1), placeable=False)])
    columns.remove("a")
    assert the_same(before, a_cell(a_machine("a"), seq=1))


def test_a_snapshot_cannot_be_written_to() -> None:
    snapshot = a_cell(a_machine())
    for column in (snapshot.capacity, snapshot.free, snapshot.placeable):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def test_a_snapshot_travels_to_another_process() -> None:
    snapshot = a_cell(a_machine(), pending=(a_pending_job(),))
    copy = pickle.loads(pickle.dumps(snapshot))
    assert the_same(copy, snapshot)
    assert not copy.free.flags.writeable


def test_the_last_of_several_facts_about_one_machine_counts() -> None:
    assert the_same(
        a_cell(a_machine(used=amounts(1)), a_machine(used=amounts(2))),
        a_cell(a_machine(used=amounts(2))),
    )


def test_an_unchanged_layout_is_shared_between_snapshots() -> None:
    columns = Columns()
    columns.update([a_machine("a"), a_machine("b")])
    first = columns.snapshot(1, ())
    columns.update([a_machine("a", used=amounts(3))])
    second = columns.snapshot(2, ())
    assert second.names is first.names
    assert second.capacity is first.capacity
    assert second.free[0, 0] == 5000


def test_extra_scalars_become_dimensions_in_the_order_of_their_names() -> None:
    snapshot = a_cell(
        a_machine("a", amounts(1, 1, licences=3)), a_machine("b", amounts(1, 1, gpus=4))
    )
    assert snapshot.dimensions == ("cpu", "ram", "disk", "ports", "gpus", "licences")
    assert snapshot.capacity[:, 4:].tolist() == [[0, 3], [4, 0]]


def test_an_extra_learnt_late_keeps_what_was_known_before() -> None:
    columns = Columns()
    columns.update([a_machine("a", amounts(2, 2, m_units=5), amounts(1, 1, m_units=2))])
    columns.update([a_machine("b", amounts(3, 3, a_units=7, z_units=9))])
    assert columns.snapshot(7, ()).free[:, 4:].tolist() == [[0, 3, 0], [7, 0, 9]]


def test_an_extra_that_leaves_with_its_machine_is_forgotten() -> None:
    columns = Columns()
    columns.update([a_machine("a"), a_machine("b", amounts(1, 1, gpus=4))])
    columns.snapshot(1, ())
    columns.remove("b")
    assert the_same(columns.snapshot(7, ()), a_cell(a_machine("a")))


def test_removing_a_machine_that_is_not_known_changes_nothing() -> None:
    columns = Columns()
    columns.remove("nobody")
    assert columns.snapshot(1, ()).names == ()


def test_absurd_amounts_are_bounded_and_negative_ones_count_as_nothing() -> None:
    snapshot = a_cell(a_machine(capacity=Resources(cpu=2**80, ram=2**62, disk=-5)))
    assert snapshot.capacity[0].tolist() == [MAX_AMOUNT, MAX_AMOUNT, 0, 0]


def test_many_machines_are_kept() -> None:
    snapshot = a_cell(*(a_machine(f"m{i:03}", amounts(i)) for i in range(500)))
    assert snapshot.capacity[:, 0].tolist() == [1000 * i for i in range(500)]


def test_the_wire_form_comes_back_as_it_went_through_json() -> None:
    snapshot = a_cell(
        a_machine("a", amounts(2, 3, gpus=1), attributes={"zone": "x"}),
        a_machine("b", placeable=False),
        pending=(a_pending_job(tasks=3, avoid={1: ("a",)}),),
    )
    wire = msgspec.json.decode(msgspec.json.encode(to_columns(snapshot)), type=SnapshotColumns)
    back = from_columns(wire)
    assert wire == to_columns(snapshot)
    assert the_same(back, snapshot)
    assert np.array_equal(back.free, snapshot.free)


def test_the_wire_form_of_an_empty_cell_comes_back() -> None:
    assert the_same(from_columns(to_columns(a_cell())), a_cell())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"names": ("a",)}, id="too few names"),
        pytest.param({"names": ("b", "a")}, id="names out of order"),
        pytest.param({"names": ("a", "a")}, id="a name twice"),
        pytest.param({"placeable": [True]}, id="too few flags"),
        pytest.param({"free": [[1, 2]]}, id="too few dimensions"),
        pytest.param({"free": [[1, 2], [1], [1, 2], [1, 2]]}, id="a ragged column"),
        pytest.param({"capacity": [[2**70, 2], [1, 2], [1, 2], [1, 2]]}, id="beyond 64 bits"),
        pytest.param({"dimensions": ("ram", "cpu", "disk", "ports")}, id="other dimensions"),
    ],
)
def test_columns_that_do_not_belong_together_are_corrupt(change: dict[str, object]) -> None:
    good = to_columns(a_cell(a_machine("a"), a_machine("b")))
    with pytest.raises(Corrupt):
        from_columns(msgspec.structs.replace(good, **change))
