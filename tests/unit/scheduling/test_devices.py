"""Devices during a pass: which machines have enough of them free, which ones a task gets, and what is left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.model.devices import WHOLE, DeviceOffer, DeviceRequest
from borgpy.model.resources import NOTHING
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.devices import Devices, none_of
from borgpy.scheduling.facts import MachineFacts
from borgpy.scheduling.snapshot import ABSENT

ALL = slice(None)


def a_host(
    name: str, *free: int, count: int | None = None, model: str = "", kind: str = "gpu"
) -> MachineFacts:
    """``count`` devices, or as many as ``free`` lists."""
    offer = DeviceOffer(len(free) if count is None else count, kind, model)
    return MachineFacts(name, NOTHING, NOTHING, devices=(offer,), device_free={kind: free})


def devices_of(*facts: MachineFacts, kind: str = "gpu") -> Devices:
    columns = Columns()
    columns.update(facts)
    return Devices(columns.snapshot(1, ()).devices[kind])


@pytest.mark.parametrize(
    ("request_", "fitting"),
    [
        pytest.param(DeviceRequest(1), "bcd", id="one whole device"),
        pytest.param(DeviceRequest(2), "cd", id="two whole devices"),
        pytest.param(DeviceRequest(4), "d", id="four whole devices"),
        pytest.param(DeviceRequest(5), "", id="more than any machine has"),
        pytest.param(DeviceRequest(2**70), "", id="absurdly many"),
        pytest.param(DeviceRequest(1, 2**70), "", id="absurdly much of one"),
        pytest.param(DeviceRequest(1, 300), "abcd", id="a part that is left of a shared one"),
        pytest.param(DeviceRequest(1, 500), "abcd", id="all that is left of a shared one"),
        pytest.param(DeviceRequest(1, 501), "bcd", id="more than is left of a shared one"),
        pytest.param(DeviceRequest(1, models=("T4",)), "b", id="of one model"),
        pytest.param(DeviceRequest(2, models=("T4", "A100")), "cd", id="of either model"),
        pytest.param(DeviceRequest(1, models=("V100",)), "", id="of a model nobody has"),
        pytest.param(DeviceRequest(0, models=("V100",)), "abcde", id="none at all"),
        pytest.param(DeviceRequest(1, 0), "abcd", id="nothing of one"),
    ],
)
def test_who_has_enough_free(request_: DeviceRequest, fitting: str) -> None:
    devices = devices_of(
        a_host("a", 500, 0, model="T4"),
        a_host("b", 1000, 200, model="T4"),
        a_host("c", 0, 1000, 1000, model="A100"),
        a_host("d", count=4, model="A100"),
        MachineFacts("e", NOTHING, NOTHING),
    )
    assert "".join(np.array(list("abcde"))[devices.fits(request_, ALL)]) == fitting
    few = np.array([4, 1, 0])
    assert devices.fits(request_, few).tolist() == [name in fitting for name in "eba"]


@pytest.mark.parametrize(
    ("free", "request_", "chosen"),
    [
        pytest.param((1000,) * 4, DeviceRequest(2), (0, 1), id="whole ones by number"),
        pytest.param((1000, 0, 1000, 1000), DeviceRequest(2), (0, 2), id="only those free"),
        pytest.param((1000, 600, 500, 900), DeviceRequest(1, 500), (2,), id="the tightest"),
        pytest.param((1000, 600, 600), DeviceRequest(1, 200), (1,), id="of equals the first"),
        pytest.param((100, 1000), DeviceRequest(1, 200), (1,), id="a fresh one if it must be"),
        pytest.param((1000,), DeviceRequest(0), (), id="none"),
    ],
)
def test_which_devices_a_task_gets(
    free: tuple[int, ...], request_: DeviceRequest, chosen: tuple[int, ...]
) -> None:
    devices = devices_of(a_host("a", *free))
    assert devices.choose(request_, 0) == chosen


def test_a_kind_that_no_machine_has_fits_nowhere() -> None:
    devices = Devices(none_of(3))
    assert devices.fits(DeviceRequest(), ALL).tolist() == [False] * 3
    assert devices.fits(DeviceRequest(models=("T4",)), np.array([1])).tolist() == [False]


def test_kinds_do_not_mix() -> None:
    facts = a_host("a", 1000), a_host("b", 1000, 1000, kind="tpu", model="v5")
    tpus = devices_of(*facts, kind="tpu")
    assert tpus.free.tolist() == [[ABSENT, ABSENT], [1000, 1000]]
    assert tpus.fits(DeviceRequest(kind="tpu"), ALL).tolist() == [False, True]


@pytest.mark.parametrize(
    ("fact", "free"),
    [
        pytest.param(a_host("a", 400, count=3), [400, WHOLE, WHOLE], id="fewer than it has"),
        pytest.param(a_host("a", 400, 300, count=1), [400], id="more than it has"),
        pytest.param(a_host("a", -5, 5000), [0, WHOLE], id="less than nothing, more than all"),
        pytest.param(a_host("a", 2**80, -(2**80)), [WHOLE, 0], id="beyond 64 bits"),
        pytest.param(a_host("a", count=10**12), [WHOLE] * 1024, id="absurdly many"),
        pytest.param(
            MachineFacts(
                "a", NOTHING, NOTHING, devices=(DeviceOffer(3), DeviceOffer(2, "gpu", "T4"))
            ),
            [WHOLE] * 2,
            id="of two offers of a kind the last",
        ),
    ],
)
def test_what_a_machine_says_is_taken_as_far_as_it_makes_sense(
    fact: MachineFacts, free: list[int]
) -> None:
    assert devices_of(fact).free.tolist() == [free]


@pytest.mark.parametrize("count", [0, -3])
def test_a_machine_with_no_devices_of_a_kind_does_not_have_the_kind(count: int) -> None:
    columns = Columns()
    columns.update([a_host("a", count=count)])
    assert columns.snapshot(1, ()).devices == {}


def test_columns_are_the_same_object_until_a_device_changes() -> None:
    columns = Columns()
    columns.update([a_host("a", 1000), a_host("b", 500)])
    first = columns.snapshot(1, ()).devices["gpu"]
    columns.update([MachineFacts("c", NOTHING, NOTHING), a_host("a", 1000)])
    columns.remove("c")
    second = columns.snapshot(2, ()).devices["gpu"]
    columns.update([MachineFacts("a", NOTHING, NOTHING, tasks={}, devices=(DeviceOffer(1),))])
    assert columns.snapshot(3, ()).devices["gpu"].free.tolist() == [[1000], [500]]
    columns.update([a_host("a", 400)])
    third = columns.snapshot(4, ()).devices["gpu"]
    assert (first.free.tolist(), second.free.tolist()) == ([[1000], [500]], [[1000], [500]])
    assert third.free.tolist() == [[400], [500]]
    assert columns.snapshot(5, ()).devices["gpu"] is third


requests = st.one_of(
    st.builds(DeviceRequest, st.integers(1, 4)),
    st.builds(DeviceRequest, st.just(1), st.integers(1, WHOLE)),
    st.builds(DeviceRequest, st.integers(1, 2), models=st.just(("T4",))),
)


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, WHOLE), max_size=5), st.sampled_from(["T4", "A100"])),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.tuples(requests, st.integers(0, 3), st.integers(0, 9)), max_size=30),
)
def test_nothing_is_given_twice_and_giving_back_restores_what_was(
    machines: list[tuple[list[int], str]], steps: list[tuple[DeviceRequest, int, int]]
) -> None:
    facts = [a_host(f"m{i}", *free, 7, model=model) for i, (free, model) in enumerate(machines)]
    devices = devices_of(*facts)
    before = devices.free.copy()
    holders: list[tuple[DeviceRequest, int, tuple[int, ...]]] = []
    for request, row, back in steps:
        row %= len(facts)
        if back < 3 and holders:
            devices.book(*holders.pop(back % len(holders)), -1)
        elif devices.fits(request, np.array([row]))[0]:
            chosen = devices.choose(request, row)
            assert len(set(chosen)) == request.count
            devices.book(request, row, chosen, 1)
            holders.append((request, row, chosen))
        assert (devices.free >= np.minimum(before, 0)).all()
        held = np.zeros_like(before)
        for request_, row_, chosen in holders:
            held[row_, list(chosen)] += request_.millis
        assert np.array_equal(devices.free + held, before)
    for holder in holders:
        devices.book(*holder, -1)
    assert np.array_equal(devices.free, before)
