"""The laws of resource vectors."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from borgpy.model.resources import NOTHING, Resources, total

amounts = st.integers(-(1 << 60), 1 << 60)
vectors = st.builds(
    Resources,
    cpu=amounts,
    ram=amounts,
    disk=amounts,
    ports=amounts,
    extra=st.dictionaries(st.sampled_from(["gpu_millis", "licence", "net"]), amounts),
)


@given(vectors, vectors, vectors)
def test_addition_is_associative_and_commutative_and_has_nothing_for_zero(
    a: Resources, b: Resources, c: Resources
) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + NOTHING == a


@given(vectors, vectors)
def test_what_is_added_can_be_taken_away_exactly(a: Resources, b: Resources) -> None:
    assert (a + b) - b == a
    assert a - a == NOTHING


@given(vectors, st.integers(0, 50))
def test_many_of_one_are_that_one_added_up(a: Resources, count: int) -> None:
    assert a * count == total([a] * count) == sum([a] * count, start=NOTHING)


@given(vectors, vectors)
def test_what_fits_is_short_of_nothing(a: Resources, room: Resources) -> None:
    positive = Resources(max(0, room.cpu), max(0, room.ram), max(0, room.disk), max(0, room.ports))
    plain = Resources(a.cpu, a.ram, a.disk, a.ports)
    assert plain.fits_in(positive) is (plain.short_of(positive) == {})


@given(vectors)
def test_bytes_give_the_vector_back(a: Resources) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(a), type=Resources) == a
    assert msgspec.json.decode(msgspec.json.encode(a), type=Resources) == a
