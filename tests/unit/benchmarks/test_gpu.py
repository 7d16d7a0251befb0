"""The GPU experiment: on made-up machines always, and with known results where the trace is at hand."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gpu
from benchmarks.gpu_cell import GpuCell
from benchmarks.gpu_drawn import DrawnDevices
from benchmarks.gpu_inputs import MACHINES_FILE, arrivals, openb, synthetic
from borgpy.model.devices import DeviceRequest
from borgpy.scheduling.devices import Devices
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.snapshot import ABSENT, DeviceColumns

TRACE = Path(os.environ.get("OPENB_TRACE", "."))


@pytest.mark.parametrize("policy", gpu.POLICIES)
def test_every_policy_fills_a_small_cell(policy: str) -> None:
    result = gpu.sweep(synthetic(20), gpu.Options(policy))
    assert 70 < float(result["gpu_allocation_pct"]) <= 100


def test_pods_arrive_until_they_have_asked_for_enough() -> None:
    workload = synthetic(20)
    coming = arrivals(workload, 7, 130)
    asked = [workload.pods[position].gpu_millis() for position in coming.pods]
    assert sum(asked) >= 1.3 * workload.gpu_millis() > sum(asked[:-1])
    assert sorted(coming.machines) == list(range(20))
    assert coming == arrivals(workload, 7, 130)
    assert coming != arrivals(workload, 8, 130)


def test_pods_are_placed_in_the_order_they_arrive() -> None:
    workload = synthetic(20)
    coming = arrivals(workload, 7, 130)
    snapshot = GpuCell(workload, coming, "default").snapshot(0, len(coming.pods))
    plan = schedule_pass(snapshot, gpu.policy_of("default"), 7)
    placed = [placement.index for placement in plan.placements]
    dropped = [index for left in plan.unplaced for index in left.indexes]
    assert placed == sorted(placed)
    assert sorted(placed + dropped) == list(range(len(coming.pods)))
    assert dropped


def test_pass_after_pass_packs_as_well_as_one() -> None:
    """What runs tells a pass what will be asked for, where little is pending."""
    at_once = gpu.sweep(synthetic(20), gpu.Options(seeds=3))
    in_batches = gpu.sweep(synthetic(20), gpu.Options(seeds=3, batch=10))
    apart = float(at_once["gpu_allocation_pct"]) - float(in_batches["gpu_allocation_pct"])
    assert apart < 2


def test_a_random_gpu_is_any_that_fits() -> None:
    free = np.array([[1000, 300, 600, 700, ABSENT]], np.int64)
    columns = DeviceColumns(free, np.zeros(1, np.int64), ("T4",))
    drawn = DrawnDevices(columns, np.random.default_rng(7))
    half, two_halves = DeviceRequest(1, 500), DeviceRequest(2, 500)
    assert Devices(columns).choose(half, 0) == (2,)
    assert {drawn.choose(half, 0) for _ in range(100)} == {(0,), (2,), (3,)}
    assert {drawn.choose(two_halves, 0) for _ in range(100)} == {(0, 2), (0, 3), (2, 3)}


@pytest.mark.parametrize("batch", [0, 10])
def test_random_draws_the_same_for_the_same_seed(batch: int) -> None:
    workload, options = synthetic(20), gpu.Options("random", batch=batch)
    coming = arrivals(workload, 7, 130)
    first, again = (gpu.run_once(workload, coming, options, 7)[0] for _ in range(2))
    assert first == again


def test_all_policies_are_swept_at_once() -> None:
    options = gpu.flags().parse_args(["--machines", "20", "--policy", "all", "--seeds", "2"])
    metrics = gpu.measure(options)
    assert metrics["gpu_allocation_pct"] == metrics["default_gpu_allocation_pct"]
    assert {f"{policy}_sd" for policy in gpu.POLICIES} < set(metrics)


@pytest.mark.slow
@pytest.mark.skipif(
    not (TRACE / MACHINES_FILE).exists(),
    reason="OPENB_TRACE names no directory with the openb trace",
)
@pytest.mark.parametrize(
    ("policy", "least"),
    [
        pytest.param("default", 95.9, id="the default"),
        pytest.param("fgd", 94.8, id="FGD"),
        pytest.param("best_fit", 92.7, id="best fit"),
    ],
)
def test_known_results(policy: str, least: float) -> None:
    result = gpu.sweep(openb(TRACE), gpu.Options(policy))
    assert least <= float(result["gpu_allocation_pct"]) < 97
