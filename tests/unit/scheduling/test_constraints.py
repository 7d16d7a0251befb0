"""What a constraint means for one machine, and how it is said."""

import pytest

from borgpy.model import constraints as c
from borgpy.model.constraints import Compare, Dedicated, Operator, Rule, admits, holds, words


def compare(operator: str, *values: str) -> Compare:
    return Compare(attribute="a", operator=Operator(operator), values=values)


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        pytest.param(compare("==", "x"), ["x"], ["", "X", "x ", None], id="equal"),
        pytest.param(compare("!=", "x"), ["y", "", None], ["x"], id="not equal"),
        pytest.param(compare("in", "x", "y"), ["x", "y"], ["z", "", None], id="in"),
        pytest.param(compare("not_in", "x", "y"), ["z", "", None], ["x", "y"], id="not in"),
        pytest.param(compare("exists"), ["x", ""], [None], id="exists"),
        pytest.param(compare("absent"), [None], ["x", ""], id="absent"),
        pytest.param(compare("<", "8"), ["7.9", "-1", " 7 ", "1e0"], ["8", "9", None], id="less"),
        pytest.param(compare("<=", "8"), ["8", "8.0"], ["8.1"], id="at most"),
        pytest.param(compare(">", "8"), ["9", "10"], ["8", "7"], id="greater, not as texts"),
        pytest.param(compare(">=", "8"), ["8", "10"], ["7"], id="at least"),
        pytest.param(
            compare(">=", "0"), ["0"], ["", "many", "nan", "inf", "8 GB", "٣x"], id="no numbers"
        ),
        pytest.param(compare(">=", "x"), [], ["1", "x"], id="a rule without a number"),
        pytest.param(compare("in"), [], ["", "x", None], id="no values, nothing satisfies it"),
        pytest.param(compare("==", "żółw 🐢"), ["żółw 🐢"], ["zolw"], id="any script"),
    ],
)
def test_how_an_attribute_is_compared(
    rule: Compare, yes: list[str | None], no: list[str | None]
) -> None:
    assert [value for value in yes if not holds(rule, value)] == []
    assert [value for value in no if holds(rule, value)] == []


@pytest.mark.parametrize(
    ("wanted", "yes", "no"),
    [
        pytest.param(
            ">= 5.10, < 6",
            ["5.10", "v5.10", "5.10.0-21-amd64", "v5.10-rc1", "5.11", " 5.15.3"],
            ["5.9", "6", "6.0.1", "5", "", "latest", "linux-5.10", None, "9" * 6000],
            id="a range",
        ),
        pytest.param("== v4", ["4", "4.0", "v4.0.0"], ["4.1", "40"], id="zeros at the end"),
        pytest.param("!= 4", ["5", "4.0.1"], ["4.0", "none", None], id="not, but a version"),
        pytest.param("> 1.9", ["1.10"], ["1.9.0", "1.8"], id="numbers, not texts"),
    ],
)
def test_versions(wanted: str, yes: list[str | None], no: list[str | None]) -> None:
    rule = compare("version", wanted)
    assert [value for value in yes if not holds(rule, value)] == []
    assert [value for value in no if holds(rule, value)] == []


HARD_DB = Dedicated(pool="alice/db")
WISH_DB = Dedicated(pool="alice/db", weight=50)
OPEN = Dedicated(pool="*/gpus")


@pytest.mark.parametrize(
    ("pool", "rules", "user", "admitted"),
    [
        pytest.param(None, [], "alice", True, id="ordinary machines are for all"),
        pytest.param("alice/db", [], "alice", False, id="not even its owner comes by chance"),
        pytest.param("alice/db", [HARD_DB], "alice", True, id="dedicated to it"),
        pytest.param("alice/db", [HARD_DB], "bob", False, id="another user's pool"),
        pytest.param(None, [HARD_DB], "alice", False, id="a dedicated job goes only there"),
        pytest.param("alice/web", [HARD_DB], "alice", False, id="another pool"),
        pytest.param("*/gpus", [OPEN], "bob", True, id="a pool that is open to all"),
        pytest.param("*/gpus", [], "bob", False, id="but not to those who do not ask for it"),
        pytest.param("alice/db", [WISH_DB], "alice", True, id="a wish opens the pool"),
        pytest.param(None, [WISH_DB], "alice", True, id="and insists on nothing"),
        pytest.param("*/gpus", [OPEN, HARD_DB], "alice", False, id="two pools at once"),
        pytest.param("", [], "alice", False, id="an empty pool is nobody's"),
        pytest.param("gpus", [], "gpus", False, id="a pool without an owner is nobody's"),
    ],
)
def test_who_may_use_dedicated_machines(
    pool: str | None, rules: list[Rule], user: str, admitted: bool
) -> None:
    assert admits(pool, rules, user) is admitted


def test_every_machine_has_its_name_as_an_attribute_whatever_it_says() -> None:
    assert c.value_of("machine", "m1", {"machine": "m2"}) == "m1"
    assert c.value_of("rack", "m1", {"rack": ""}) == ""
    assert c.value_of("rack", "m1", {}) is None


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (compare("==", "arm64"), "a == 'arm64'"),
        (compare("in", "x", "y"), "a in 'x', 'y'"),
        (compare("not_in", *"vwxyz"), "a not in 'v', 'w', 'x' and 2 more"),
        (compare("in"), "a in nothing"),
        (compare("exists"), "a exists"),
        (compare("absent"), "a is absent"),
        (compare(">=", "8"), "a >= 8"),
        (compare("version", ">= 5.10, < 6"), "a version >= 5.10, < 6"),
        (compare("==", "x" * 100), f"a == '{'x' * 39}…'"),
        (compare("==", "a\nb\x07"), r"a == 'a\nb\x07'"),
        (c.Limit(most=1), "at most 1 for each machine"),
        (c.Limit(attribute="rack", most=2000), "at most 2,000 for each rack"),
        (c.Spread(attribute="zone"), "balanced over zone"),
        (
            c.Spread(attribute="zone", shares=(c.Share("a", 60), c.Share("b", 40))),
            "balanced over zone ('a' 60%, 'b' 40%)",
        ),
        (c.Exclusive(), "a machine of its own"),
        (HARD_DB, "dedicated to alice/db"),
        (c.Near(job="db"), "near db (same machine)"),
        (c.Away(job="alice/db", attribute="rack"), "not near alice/db (same rack)"),
        (c.Plugin(name="warm"), "plug-in warm"),
    ],
)
def test_a_constraint_in_a_few_words(rule: Rule, text: str) -> None:
    assert words(rule) == text
