"""What becomes of a request to place tasks by another policy."""

from borgpy.model.cell import CellView
from borgpy.model.events import Event, PolicySet
from borgpy.model.operations import SetPolicy
from borgpy.model.policy import problems_of
from borgpy.model.refusal import Accepted, Problem, Refusal, RefusalCode


def set_policy(cell: CellView, seq: int, op: SetPolicy) -> tuple[Accepted | Refusal, list[Event]]:
    """Take the policy, unless a knob is out of its range or somebody else was quicker; the same one again is no change.

    Which plug-ins there are is known to the Borgmaster's process alone, so their names are no matter here.
    """
    version = cell.policy_version
    if op.if_version not in (None, version):
        return _conflict(op, version), []
    problems = tuple(map(_problem, problems_of(op.policy)))
    if problems:
        return Refusal(RefusalCode.INVALID, "the policy cannot be used", problems), []
    if op.policy == cell.policy:
        return Accepted(seq, version), []
    return Accepted(seq, version + 1), [PolicySet(op.policy, version + 1, op.by)]


def _problem(sentence: str) -> Problem:
    """``packing: the percentages sum to 90, not to 100`` by its knob."""
    knob, _, wrong = sentence.partition(": ")
    return Problem(knob, wrong)


def _conflict(op: SetPolicy, version: int) -> Refusal:
    problem = Problem(
        "if_version",
        f"the policy has version {version}, not {op.if_version}",
        hint="look at it with borgcfg cell config, then change that version",
        got=str(op.if_version),
        allowed=str(version),
    )
    return Refusal(RefusalCode.CONFLICT, "the policy was changed by somebody else", (problem,))
