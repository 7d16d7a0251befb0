import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.client.borgmaster import _ranges
from borgpy.client.transport import Retries


@given(st.integers(0, 1000), st.floats(0, 1))
def test_a_pause_grows_and_never_exceeds_its_limit(attempt: int, chance: float) -> None:
    retries = Retries(first_ms=100, longest_ms=2000)
    pause = retries.pause_seconds(attempt, chance)
    assert 0.05 <= pause <= 2.0
    assert retries.pause_seconds(attempt + 1, chance) >= pause


@pytest.mark.parametrize(
    ("indexes", "text"),
    [
        pytest.param((7,), "7", id="one"),
        pytest.param((0, 1, 2, 7), "0-2,7", id="a range and one"),
        pytest.param((3, 1, 3, 2), "1-3", id="in any order and twice"),
        pytest.param((), "", id="none"),
        pytest.param(tuple(range(10_000)), "0-9999", id="ten thousand fit a URL"),
    ],
)
def test_indexes_are_sent_as_ranges(indexes: tuple[int, ...], text: str) -> None:
    assert _ranges(indexes) == text
