import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.cli.names import Target, parse_indexes, parse_pattern, parse_target
from borgpy.errors import InvalidConfig
from borgpy.model.names import JobKey


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("hello_world", Target("hello_world")),
        ("alice/hello_world", Target("hello_world", "alice")),
        ("ic/alice/hello_world", Target("hello_world", "alice", "ic")),
        ("hello_world/3", Target("hello_world", indexes=(3,))),
        ("alice/hello_world/0-2", Target("hello_world", "alice", indexes=(0, 1, 2))),
        ("ic/alice/hello_world/7,0-1", Target("hello_world", "alice", "ic", (0, 1, 7))),
        ("hello_world/", Target("hello_world")),
    ],
)
def test_every_short_form_of_a_name(text: str, target: Target) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize(
    "text", ["", "/", "3", "a/b/c/d", "a b", "hello/-1", "hello/4-2", "x/99999999999", "a/b/c/d/3"]
)
def test_what_names_no_job_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        parse_target(text)
    assert refused.value.hint


def test_a_key_takes_the_default_user_only_where_none_is_named() -> None:
    assert parse_target("web").key("alice") == "alice/web"
    assert parse_target("bob/web").key("alice") == "bob/web"


def test_only_a_single_index_is_one_task() -> None:
    assert parse_target("web/3").index() == 3
    assert parse_target("web/3-4").index() is None
    assert parse_target("web").index() is None


@given(st.sets(st.integers(0, 1000), min_size=1))
def test_indexes_come_back_from_any_way_of_writing_them(indexes: set[int]) -> None:
    assert parse_indexes(",".join(map(str, indexes))) == tuple(sorted(indexes))


KNOWN = [JobKey(key) for key in ("alice/web", "alice/web-2", "alice/db", "bob/web", "bob/train")]


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        pytest.param("web", ["alice/web"], id="an exact name hides those it begins"),
        pytest.param("we", ["alice/web", "alice/web-2"], id="a beginning"),
        pytest.param("bob/", ["bob/web", "bob/train"], id="all of a user"),
        pytest.param("bob/tr", ["bob/train"], id="a beginning with user"),
        pytest.param("w*2", ["alice/web-2"], id="a glob among one's own"),
        pytest.param("*/web", ["alice/web", "bob/web"], id="a glob over users"),
        pytest.param("ic/bob/web", ["bob/web"], id="with its cell"),
        pytest.param("nothing", [], id="nothing"),
    ],
)
def test_what_a_pattern_selects(text: str, selected: list[str]) -> None:
    assert parse_pattern(text, "alice").select(KNOWN) == selected
