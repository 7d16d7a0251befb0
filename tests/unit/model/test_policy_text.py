"""Policies as text: what is written is read again, and what cannot be read is named with what was expected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.errors import InvalidConfig
from borgpy.model.policy import Domain, Order, Packing, Part, Policy, problems_of
from borgpy.model.policy_text import Difference, changed, differences, summary, texts_of

names = st.from_regex(r"[a-z][a-z_]{0,9}", fullmatch=True).filter(lambda name: name != "none")
weights = st.integers(0, 10_000)
policies = st.builds(
    Policy,
    packing=st.lists(
        st.builds(Part, st.sampled_from(Packing), st.integers(1, 100)), min_size=1, max_size=3
    ).map(tuple),
    stranding=weights,
    spread=st.lists(st.builds(Domain, names, weights), max_size=3).map(tuple),
    soft=weights,
    network=names,
    plugins=st.lists(names, max_size=3).map(tuple),
    sample=st.integers(0, 1_000_000),
    order=st.sampled_from(Order),
)


@given(policies, policies)
def test_what_is_written_is_read_again(policy: Policy, other: Policy) -> None:
    settings = [f"{knob}={text}" for knob, text in texts_of(policy).items()]
    assert changed(other, settings) == policy


@given(policies, policies)
def test_differences_lead_from_one_to_the_other(before: Policy, after: Policy) -> None:
    told = differences(before, after)
    assert changed(before, [f"{d.knob}={d.after}" for d in told]) == after
    assert all(d.before != d.after for d in told)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            ["packing=best_fit"],
            Policy(packing=(Part(Packing.BEST_FIT, 100),)),
            id="one score is all of it",
        ),
        pytest.param(
            [" packing = hybrid : 70 , cpu_packer:30 "],
            Policy(packing=(Part(Packing.HYBRID, 70), Part(Packing.CPU_PACKER, 30))),
            id="blanks do not matter",
        ),
        pytest.param(
            ["spread=rack:20", "spread.rack=100", "spread.zone=7"],
            Policy(spread=(Domain("rack", 100), Domain("zone", 7))),
            id="domains one by one",
        ),
        pytest.param(
            ["spread=rack:20,zone:5", "spread.rack=0"],
            Policy(spread=(Domain("zone", 5),)),
            id="a weight of 0 takes a domain out",
        ),
        pytest.param(["spread=none", "plugins="], Policy(spread=()), id="nothing at all"),
        pytest.param(
            ["sample=1", "sample=10,000"], Policy(sample=10_000), id="the last one counts"
        ),
        pytest.param(["order=as_submitted"], Policy(order=Order.AS_SUBMITTED), id="order"),
    ],
)
def test_settings_on_top_of_the_first_policy(settings: list[str], expected: Policy) -> None:
    assert changed(Policy(), settings) == expected


@pytest.mark.parametrize(
    ("setting", "message", "hint"),
    [
        ("sample", "'sample' sets no knob", "write KNOB=VALUE"),
        ("smaple=5", "there is no knob 'smaple'", "did you mean sample"),
        ("colour=red", "there is no knob 'colour'", "there are packing, stranding, spread"),
        (
            "packing=bestfit",
            "packing=bestfit: there is no score 'bestfit'; did you mean best_fit or worst_fit?",
            "",
        ),
        (
            "packing=hybrid,best_fit:30",
            "packing=hybrid,best_fit:30: hybrid has no percentage",
            "packing is a score such as best_fit, or several with percentages",
        ),
        ("packing=", "packing=: no score is named", "packing is a score"),
        ("packing=hybrid:x", "packing=hybrid:x: 'x' is no whole number", "packing is"),
        ("packing=hybrid:70,", "there is no score ''", "packing is"),
        ("spread=rack", "spread=rack: rack has no weight", "spread is attributes with weights"),
        ("spread.rack=high", "spread.rack=high: 'high' is no whole number", "spread.rack is a"),
        (
            "sample=0.5",
            "'0.5' is no whole number",
            "sample is a number of machines, 0 to 1,000,000",
        ),
        ("sample=" + "9" * 50, "is no whole number", "sample is"),
        ("sample=٣", "is no whole number", "sample is"),
        ("network=", "network=: it is empty", "network is the name of a resource"),
        ("order=largest", "did you mean largest_first?", "order is largest_first or as_submitted"),
    ],
)
def test_what_cannot_be_read_is_named(setting: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        changed(Policy(), [setting])
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("packing=hybrid:70,best_fit:20", "packing: the percentages sum to 90, not to 100"),
        ("packing=hybrid:200,best_fit:-100", "packing: each percentage is 1 to 100"),
        ("packing=hybrid:50,hybrid:50", "packing: hybrid is named twice"),
        ("spread=rack:1,rack:2", "spread: rack is named twice"),
        ("spread=a b:1", "spread: 'a b' is no attribute: "),
        ("spread.rack=10001", "spread.rack: 10001 is outside 0 to 10,000"),
        ("spread=" + ",".join(f"a{n}:1" for n in range(9)), "spread: 9 attributes are more than 8"),
        ("soft=-1", "soft: -1 is outside 0 to 10,000"),
        ("stranding=10001", "stranding: 10001 is outside 0 to 10,000"),
        ("sample=1000001", "sample: 1000001 is outside 0 to 1,000,000"),
        ("good_enough=-1", "good_enough: -1 is outside 0 to 1,000,000"),
        ("plugins=a,a", "plugins: a is named twice"),
        ("plugins=a,", "plugins: '' is no name of a plug-in: "),
        ("plugins=" + ",".join(f"p{n}" for n in range(17)), "plugins: 17 are more than 16"),
        ("network=a b", "network: 'a b' is no resource: "),
    ],
)
def test_what_can_be_read_and_not_be_used(setting: str, problem: str) -> None:
    found = problems_of(changed(Policy(), [setting]))
    assert any(said.startswith(problem) for said in found), found


def test_the_policy_that_cells_begin_with_can_be_used() -> None:
    assert problems_of(Policy()) == ()
    assert summary(Policy()) == "all knobs at their defaults"


def test_a_summary_tells_what_is_not_as_it_was_at_first() -> None:
    policy = changed(Policy(), ["packing=best_fit", "sample=500"])
    assert summary(policy) == "packing=best_fit, sample=500"
    assert differences(policy, Policy()) == (
        Difference("packing", "best_fit", "hybrid"),
        Difference("sample", "500", "0"),
    )
