"""Where a job may be placed whoever is there: attributes, dedicated machines, crashes; and which it likes better."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.model.constraints import Compare, Dedicated, Operator, Rule, holds, value_of
from borgpy.model.plan import VetoKind
from borgpy.model.policy import Policy
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.eligibility import Eligibilities, Eligibility, truths
from borgpy.scheduling.facts import MachineFacts, PendingJob
from borgpy.scheduling.snapshot import Snapshot
from tests.unit.scheduling.builders import a_cell, a_machine, a_pending_job


def a_job(*rules: Rule, user: str = "alice", packages: dict[str, int] | None = None) -> PendingJob:
    job = a_pending_job(f"{user}/web")
    return msgspec.structs.replace(job, constraints=rules, packages=packages or {})


def is_in(attribute: str, *values: str, weight: int = 0) -> Compare:
    return Compare(attribute=attribute, operator=Operator.IN, values=values, weight=weight)


def ask(snapshot: Snapshot, job: PendingJob, *avoid: str) -> Eligibility:
    return Eligibilities(snapshot, Policy()).of(job, avoid)


def allowed(snapshot: Snapshot, job: PendingJob, *avoid: str) -> list[str]:
    mask = ask(snapshot, job, *avoid).allowed
    return [name for name, may in zip(snapshot.names, mask.tolist(), strict=True) if may]


CELL = a_cell(
    a_machine("a", attributes={"arch": "arm64", "rack": "r1"}),
    a_machine("b", attributes={"arch": "x86", "rack": "r1", "dedicated": "alice/db"}),
    a_machine("c", attributes={"arch": "arm64", "dedicated": "*/gpus"}),
    a_machine("d", attributes={"arch": "arm64"}, placeable=False),
    a_machine("e", attributes={"arch": "x86"}),
)


@pytest.mark.parametrize(
    ("rules", "user", "names"),
    [
        pytest.param([], "alice", "ae", id="no rules"),
        pytest.param([is_in("arch", "arm64")], "alice", "a", id="an attribute"),
        pytest.param(
            [is_in("arch", "arm64", weight=9)], "alice", "ae", id="a wish forbids nothing"
        ),
        pytest.param([is_in("arch", "arm64"), is_in("rack", "r2")], "alice", "", id="two rules"),
        pytest.param([is_in("nobody", "has it")], "alice", "", id="an attribute that nobody has"),
        pytest.param([is_in("machine", "e", "gone")], "alice", "e", id="the machine's own name"),
        pytest.param([Dedicated(pool="alice/db")], "alice", "b", id="one's own pool"),
        pytest.param([Dedicated(pool="alice/db")], "bob", "", id="somebody else's pool"),
        pytest.param([Dedicated(pool="*/gpus")], "bob", "c", id="a pool for all"),
        pytest.param([Dedicated(pool="*/gpus", weight=1)], "bob", "ace", id="a pool as a wish"),
    ],
)
def test_where_a_job_may_be_placed(rules: list[Rule], user: str, names: str) -> None:
    assert allowed(CELL, a_job(*rules, user=user)) == list(names)


def test_each_reason_says_what_it_takes_away() -> None:
    found = ask(CELL, a_job(is_in("arch", "arm64"), is_in("rack", "r1")), "a", "gone")
    told = [
        (kind, detail, "".join(np.array(CELL.names)[mask])) for kind, detail, mask in found.reasons
    ]
    assert told == [
        (VetoKind.UNAVAILABLE, "", "d"),
        (VetoKind.ATTRIBUTE, "arch in 'arm64'", "be"),
        (VetoKind.ATTRIBUTE, "rack in 'r1'", "cde"),
        (VetoKind.DEDICATED, "", "bc"),
        (VetoKind.CRASHED_HERE, "", "a"),
    ]


def test_wishes_weigh_as_their_policy_says() -> None:
    job = a_job(is_in("arch", "arm64", weight=50), Dedicated(pool="*/gpus", weight=100))
    wish = Eligibilities(CELL, Policy(soft=2000)).of(job, ()).wish
    assert wish is not None
    assert wish.tolist() == [2.0, 3.0, 0.0, 2.0, 3.0]


def test_a_machine_without_the_packages_is_worse() -> None:
    snapshot = a_cell(
        msgspec.structs.replace(a_machine("a"), packages=("big", "small")),
        msgspec.structs.replace(a_machine("b"), packages=("big",)),
        a_machine("c"),
        pending=(job := a_job(packages={"big": 3 << 30, "small": 1 << 30}),),
    )
    wish = Eligibilities(snapshot, Policy(locality=100)).of(job, ()).wish
    assert wish is not None
    assert wish == pytest.approx([0, 0.025, 0.1])
    assert Eligibilities(snapshot, Policy(locality=0)).of(job, ()).wish is None


def test_packages_without_a_size_are_nowhere_missed() -> None:
    assert ask(CELL, a_job(packages={"empty": 0, "odd": -5})).wish is None


def test_jobs_that_ask_for_nothing_share_one_answer() -> None:
    answers = Eligibilities(CELL, Policy())
    first = answers.of(a_job(), ())
    assert answers.of(a_job(user="bob"), ()) is first
    assert answers.of(a_job(), ("a",)) is not first


def test_a_cell_where_nothing_is_set_aside_hands_out_its_own_mask() -> None:
    snapshot = a_cell(a_machine("a"))
    assert ask(snapshot, a_job()).allowed is snapshot.placeable


def test_a_cell_without_machines() -> None:
    found = ask(a_cell(), a_job(is_in("arch", "x"), Dedicated(pool="a/b"), packages={"p": 1}), "m")
    assert (len(found.allowed), found.reasons) == (0, ())


def test_an_alloc_is_known_by_the_machine_that_it_is_on() -> None:
    columns = Columns()
    columns.update(
        [
            MachineFacts(f"{i}", a_machine().capacity, a_machine().used, host=h)
            for i, h in enumerate("xyx")
        ]
    )
    snapshot = columns.snapshot(1, ())
    assert ask(snapshot, a_job(), "x").allowed.tolist() == [False, True, False]
    assert ask(snapshot, a_job(is_in("machine", "x"))).allowed.tolist() == [True, False, True]


texts = st.one_of(
    st.sampled_from(
        ["", "1", "2", "10", "1e1", "nan", "v5.10-rc1", "5.9", "6.0.0", "arm64", "żó", "٣"]
    ),
    st.text(max_size=4),
)


@st.composite
def compares(draw: st.DrawFn) -> Compare:
    operator = draw(st.sampled_from(Operator))
    value = st.sampled_from([">= 5.10", "< 6, != 5.9"]) if operator is Operator.VERSION else texts
    values = tuple(draw(st.lists(value, max_size=3)))
    return Compare(
        attribute=draw(st.sampled_from(["x", "machine"])), operator=operator, values=values
    )


@given(compares(), st.lists(st.none() | texts, max_size=6))
def test_the_vocabulary_says_what_each_machine_says(rule: Compare, has: list[str | None]) -> None:
    attributes = [{} if value is None else {"x": value} for value in has]
    snapshot = a_cell(*(a_machine(f"m{i}", attributes=has) for i, has in enumerate(attributes)))
    column = snapshot.attributes.column(rule.attribute)
    said = truths(rule, column.values)[column.codes].tolist()
    assert said == [
        holds(rule, value_of(rule.attribute, f"m{i}", has)) for i, has in enumerate(attributes)
    ]
    assert ask(snapshot, a_job(rule)).allowed.tolist() == said
