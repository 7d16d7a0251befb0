"""What two results differ in, as a plan would show it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.bcl.difference import changes, described
from borgpy.bcl.loading.jsondata import Json


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["~ a  1 -> 2"]),
        ({"a": 1}, {"b": 1}, ["- a  1", "+ b  1"]),
        ({"a": 1}, {"a": True}, ["~ a  1 -> true"]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": None}, {"a": []}, ["~ a  null -> []"]),
        ({"a": {}}, {"a": []}, ["~ a  {} -> []"]),
        (
            {"job": {"web": {"args": {"x-y": "1"}}}},
            {"job": {"web": {"args": {"x-y": "2"}}, "new": {"n": 1, "m": {"x": {}}}}},
            ['~ job.web.args["x-y"]  "1" -> "2"', "+ job.new", "    n  1", "    m.x  {}"],
        ),
        ({"l": [1, 2, 3]}, {"l": [0, 1, 2, 3]}, ["+ l[0]  0"]),
        ({"l": [1, 2, 3]}, {"l": [1, 3]}, ["- l[1]  2"]),
        ({"l": [1, 2, 3]}, {"l": [1, 5, 6, 3]}, ["~ l[1]  2 -> 5", "+ l[2]  6"]),
        ({"l": [1, 1]}, {"l": [1]}, ["- l[1]  1"]),
        ({"l": [{"a": 1, "b": 2}]}, {"l": [{"a": 1, "b": 3}]}, ["~ l[0].b  2 -> 3"]),
        ({"t": "é" * 99}, {"t": "x\ny"}, [f'~ t  "{"é" * 59}... -> "x\\ny"']),
        ({"l": list(range(99))}, {"l": 1}, ["~ l  [99 items] -> 1"]),
    ],
)
def test_each_difference_is_a_line(before: Json, after: Json, said: list[str]) -> None:
    assert [line for change in changes(before, after) for line in described(change)] == said


_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(_DATA, _DATA)
def test_nothing_is_different_exactly_if_both_are_the_same(before: Json, after: Json) -> None:
    assert changes(before, before) == []
    same = repr_of(before) == repr_of(after)
    assert (changes(before, after) == []) is same
    assert len(changes(before, after)) == len(changes(after, before))


def repr_of(data: Json) -> str:
    """Data with its fields in one order; `1` and `True` differ here."""
    if isinstance(data, dict):
        return "{" + ",".join(f"{name!r}:{repr_of(data[name])}" for name in sorted(data)) + "}"
    return f"[{','.join(map(repr_of, data))}]" if isinstance(data, list) else repr(data)
