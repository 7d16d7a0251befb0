"""Setting the cell's policy: who was quicker, what cannot be used, and what is kept."""

import msgspec

from borgpy.master.borgmaster import Borgmaster, outcome_of
from borgpy.master.story import sentence
from borgpy.model import checkpoint
from borgpy.model.events import Event, PolicySet
from borgpy.model.operations import Operation, SetPolicy
from borgpy.model.policy import BEST_FIT, Packing, Part, Policy
from borgpy.model.refusal import Accepted, Outcome, Refusal, RefusalCode
from tests.builders import a_borgmaster


def set_policy(master: Borgmaster, policy: Policy, if_version: int | None = None) -> Outcome:
    return outcome_of(
        master.apply(SetPolicy(at=1, by="root", policy=policy, if_version=if_version))
    )


def test_a_policy_is_set_and_kept() -> None:
    master = a_borgmaster()
    seq = master.cell.seq
    assert set_policy(master, BEST_FIT, if_version=0) == Accepted(seq + 1, version=1)
    assert (master.cell.policy, master.cell.policy_version) == (BEST_FIT, 1)
    restored = checkpoint.decode(checkpoint.encode(master.cell))
    assert (restored.policy, restored.policy_version) == (BEST_FIT, 1)


def test_the_same_again_is_no_change() -> None:
    master = a_borgmaster()
    set_policy(master, BEST_FIT)
    assert set_policy(master, BEST_FIT) == Accepted(master.cell.seq, version=1)
    assert set_policy(master, Policy()) == Accepted(master.cell.seq, version=2)


def test_a_cell_without_a_policy_of_its_own_has_the_bytes_of_one_from_before() -> None:
    fields = msgspec.msgpack.decode(checkpoint.encode(a_borgmaster().cell))
    assert not any(name.startswith("policy") for name in fields)


def test_who_was_slower_hears_of_it() -> None:
    master = a_borgmaster()
    set_policy(master, BEST_FIT)
    refusal = set_policy(master, Policy(), if_version=0)
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.CONFLICT
    assert refusal.problems[0].message == "the policy has version 1, not 0"
    assert master.cell.policy == BEST_FIT


def test_every_knob_out_of_its_range_is_named() -> None:
    master = a_borgmaster()
    wrong = Policy(packing=(Part(Packing.HYBRID, 90),), soft=-1, sample=-5)
    refusal = set_policy(master, wrong)
    assert isinstance(refusal, Refusal)
    assert [(p.field, p.message) for p in refusal.problems] == [
        ("packing", "the percentages sum to 90, not to 100"),
        ("soft", "-1 is outside 0 to 10,000"),
        ("sample", "-5 is outside 0 to 1,000,000"),
    ]
    assert (master.cell.policy, master.cell.policy_version) == (Policy(), 0)


def test_operation_and_event_travel_as_bytes() -> None:
    operation: Operation = SetPolicy(at=5, by="root", policy=BEST_FIT, if_version=0)
    event: Event = PolicySet(BEST_FIT, 1, "root")
    for value, kind in ((operation, Operation), (event, Event)):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind) == value
    assert sentence(event) == "root set version 1 of the policy: packing=best_fit"
