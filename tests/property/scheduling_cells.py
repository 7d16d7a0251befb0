"""Cells and pending work as Hypothesis draws them: small numbers, so that machines fill up and scores tie."""

from collections.abc import Sequence

from hypothesis import strategies as st

from borgpy.model.names import job_key
from borgpy.model.resources import Resources
from borgpy.scheduling.snapshot import Columns, MachineFacts, PendingJob, Snapshot

NAMES = [f"m{i}" for i in range(8)]
USERS = ["alice", "bob", "carol"]

_extras = st.dictionaries(st.sampled_from(["gpus", "licences"]), st.integers(0, 4), max_size=2)


def vectors(most: int) -> st.SearchStrategy[Resources]:
    amount = st.integers(0, most)
    return st.builds(Resources, amount, amount, amount, amount, _extras)


machines = st.lists(
    st.builds(
        MachineFacts,
        name=st.sampled_from(NAMES),
        capacity=vectors(20),
        used=vectors(8),  # at times more than there is
        placeable=st.sampled_from([True, True, True, False]),
    ),
    unique_by=lambda machine: machine.name,
    max_size=len(NAMES),
)


@st.composite
def _pending_job(draw: st.DrawFn, name: str) -> PendingJob:
    user = draw(st.sampled_from(USERS))
    indexes = tuple(sorted(draw(st.sets(st.integers(0, 30), min_size=1, max_size=12))))
    avoid = st.lists(st.sampled_from([*NAMES, "gone"]), max_size=3, unique=True).map(tuple)
    return PendingJob(
        job=job_key(user, name),
        user=user,
        priority=draw(st.sampled_from([0, 100, 200])),
        request=draw(vectors(6)),
        spec=draw(st.sampled_from(["d1", "d2"])),
        indexes=indexes,
        avoid=draw(st.dictionaries(st.sampled_from(indexes), avoid, max_size=3)),
    )


@st.composite
def pending_jobs(draw: st.DrawFn) -> tuple[PendingJob, ...]:
    return tuple(draw(_pending_job(f"job{i}")) for i in range(draw(st.integers(0, 6))))


def snapshot_of(facts: Sequence[MachineFacts], pending: Sequence[PendingJob]) -> Snapshot:
    columns = Columns()
    columns.update(facts)
    return columns.snapshot(3, pending)
