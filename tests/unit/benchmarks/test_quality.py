"""How tight the default policy packs: on a made-up cell always, and on real workloads where ``TRACES`` names their directory."""

import os
from pathlib import Path
from typing import cast

import pytest

from benchmarks import compact, fill

TRACES = Path(os.environ.get("TRACES", "."))

with_traces = pytest.mark.skipif(
    not (TRACES / "google2011-metcientifica").exists(),
    reason="TRACES names no directory with traces",
)


def compacted(*arguments: str) -> dict[str, float]:
    return cast(dict[str, float], compact.measure(compact.flags().parse_args(arguments)))


@pytest.mark.slow
def test_a_made_up_cell_is_packed_tighter_than_by_best_fit_and_spread_wider() -> None:
    small = ("--tasks", "3000", "--trials", "2")
    best_fit = compacted(*small, "--policy", "best_fit")
    default = compacted(*small)
    assert default["machines_mean"] <= 0.98 * best_fit["machines_mean"]
    assert default["together_machine"] < 0.01 < 0.5 < best_fit["together_machine"]


@pytest.mark.slow
@with_traces
@pytest.mark.parametrize("policy", ["hybrid", "default"])
def test_the_google_cell_needs_three_percent_fewer_machines_than_with_best_fit(policy: str) -> None:
    trials = ("--trace", str(TRACES), "--trials", "11")
    found = compacted(*trials, "--policy", policy)
    assert found["machines_p90"] <= 0.97 * 5541  # what best fit needs on the same machines
    assert found["over_bound"] <= 0.04


@pytest.mark.slow
@with_traces
def test_all_pods_of_openb_are_placed_on_hardly_more_machines_than_they_fill() -> None:
    openb = ("--trace", str(TRACES), "--cell", "openb")
    default, best_fit = compacted(*openb), compacted(*openb, "--policy", "best_fit")
    assert default["part_mean"] <= 0.695
    each = zip(*(str(found["each"]).split() for found in (default, best_fit)), strict=True)
    assert all(int(ours) <= 1.01 * int(theirs) for ours, theirs in each)


@pytest.mark.slow
@with_traces
def test_two_resources_fill_hosts() -> None:
    workload = str(TRACES / "fenzo-workload")
    arguments = ("--hosts", "10000", "--variant", "cpumem", "--trace", workload)
    found = fill.measure(fill.flags().parse_args(arguments))
    assert found["unplaced"] == 1752
    assert cast(int, found["hosts_used"]) <= 8820
