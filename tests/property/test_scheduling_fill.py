"""Placing many equal tasks at a time gives what placing them one by one on the best machine would."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from borgpy.model.names import JobKey
from borgpy.model.resources import Resources
from borgpy.model.policy import Policy, Scoring
from borgpy.scheduling.schedule import schedule_pass
from borgpy.scheduling.scoring import weights
from borgpy.scheduling.snapshot import MachineFacts, PendingJob, Snapshot
from tests.property.scheduling_cells import machines, snapshot_of, vectors

MANY = st.integers(1, 60)


def one_by_one(snapshot: Snapshot, request: Resources, count: int, scoring: Scoring) -> list[str]:
    """The naive loop, over plain lists: for each task every machine, for each machine every dimension."""
    vector = [request.by_name().get(dimension, 0) for dimension in snapshot.dimensions]
    worth = weights(snapshot.capacity).tolist()
    free = snapshot.free.tolist()
    placeable = snapshot.placeable.tolist()
    order: list[str] = []
    for _ in range(count):
        scores = {}
        for row, amounts in enumerate(free):
            left = [have - want for have, want in zip(amounts, vector, strict=True)]
            if placeable[row] and request.fits_in(_resources(snapshot.dimensions, amounts)):
                pairs = zip(left, worth, strict=True)
                scores[row] = sum(max(0, amount) * unit for amount, unit in pairs)
        if not scores:
            break
        sign = 1 if scoring is Scoring.BEST_FIT else -1
        best = min(scores, key=lambda row: (sign * scores[row], snapshot.names[row]))
        free[best] = [have - want for have, want in zip(free[best], vector, strict=True)]
        order.append(snapshot.names[best])
    return order


def _resources(dimensions: tuple[str, ...], amounts: list[int]) -> Resources:
    cpu, ram, disk, ports, *extras = amounts
    return Resources(cpu, ram, disk, ports, dict(zip(dimensions[4:], extras, strict=True)))


@given(machines, vectors(5), MANY, st.sampled_from(Scoring))
def test_a_job_is_placed_as_the_naive_loop_places_it(
    facts: list[MachineFacts], request: Resources, count: int, scoring: Scoring
) -> None:
    pending = PendingJob(JobKey("alice/web"), "alice", 100, request, "d", tuple(range(count)))
    snapshot = snapshot_of(facts, [pending])
    expected = one_by_one(snapshot.widened([request]), request, count, scoring)
    plan = schedule_pass(snapshot, Policy(scoring), 1)
    assert [placement.machine for placement in plan.placements] == expected
    assert [placement.index for placement in plan.placements] == list(range(len(expected)))


@given(
    machines,
    st.lists(st.tuples(vectors(5), MANY), min_size=1, max_size=4),
    st.sampled_from(Scoring),
)
def test_so_is_one_job_after_the_other(
    facts: list[MachineFacts], work: list[tuple[Resources, int]], scoring: Scoring
) -> None:
    """Each at its own priority, so that their order is known."""
    pending = [
        PendingJob(JobKey(f"alice/j{i}"), "alice", 100 - i, request, "d", tuple(range(count)))
        for i, (request, count) in enumerate(work)
    ]
    plan = schedule_pass(snapshot_of(facts, pending), Policy(scoring), 1)
    left = snapshot_of(facts, []).widened([request for request, _ in work])
    for job in pending:
        got = [placement.machine for placement in plan.placements if placement.job == job.job]
        assert got == one_by_one(left, job.request, len(job.indexes), scoring)
        left = _without(left, job.request, got)


def _without(snapshot: Snapshot, request: Resources, taken: list[str]) -> Snapshot:
    free = snapshot.free.copy()
    for name in taken:
        for d, dimension in enumerate(snapshot.dimensions):
            free[snapshot.names.index(name), d] -= request.by_name().get(dimension, 0)
    return Snapshot(
        3, snapshot.names, snapshot.capacity, free, snapshot.placeable, snapshot.dimensions
    )


@given(machines.filter(bool))
def test_a_weight_is_one_share_of_the_largest_amount_of_its_dimension(
    facts: list[MachineFacts],
) -> None:
    capacity = snapshot_of(facts, []).capacity
    present = [d for d in range(capacity.shape[1]) if capacity[:, d].max()]
    worth = weights(capacity)
    for d in range(capacity.shape[1]):
        largest = int(capacity[:, d].max())
        exact = Fraction(2**62 // len(present), largest) if largest else Fraction(0)
        assert int(worth[d]) == int(exact)
    assert sum(int(worth[d]) * int(capacity[:, d].max()) for d in present) <= 2**62
