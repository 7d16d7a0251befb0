"""What the heaviest of the hostile texts take, in processes of their own: start of Python and all."""

import pytest

from benchmarks.bcl import ALL_HOSTILE, ending

SECONDS, MEGABYTES = 10, 1_000
"""What must never be exceeded; nearly all stay within 3 seconds and 300 MB."""

HEAVY = (
    "100,000 extensions in a list",
    "200,000 extensions of an extension",
    "a large record in a loop over jobs",
    "dense asserts",
    "dense jobs",
    "large records extended",
    "lines of nothing",
    "records with locals kept",
    "recursion of nested lists",
    "suggestions among look-alikes",
    "types of many fields in many layers",
    "unknown fields of a job",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", HEAVY)
def test_a_hostile_text_ends_soon_within_little_memory(name: str) -> None:
    assert name in ALL_HOSTILE
    end = ending(name)
    assert not end.outcome.startswith(("CRASHED", "killed"))
    assert (end.seconds < SECONDS, end.megabytes < MEGABYTES) == (True, True), end
