"""Why a task waits, as people are told: with what the cell knows, and not only with resources."""

from borgpy.master.borgmaster import Borgmaster
from borgpy.master.snapshots import Snapshots
from borgpy.master.why import job_why, task_why
from borgpy.model import constraints as c
from borgpy.model.api import WhyView
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey
from borgpy.model.plan import Veto, VetoKind
from borgpy.scheduling.schedule import schedule_pass
from tests.builders import a_borgmaster, a_job, a_machine, a_task_spec, accepted, place, submit

WEB = JobKey("alice/web")
ARM = c.Compare(attribute="arch", operator=c.Operator.EQUAL, values=("arm64",))


def why(master: Borgmaster, index: int = 0) -> WhyView:
    return task_why(master.cell, Snapshots(master).take(50), WEB, index, 50)


def test_a_job_whose_attribute_no_machine_has_is_accepted_and_told_so() -> None:
    master = a_borgmaster(a_machine("m1"), a_machine("m2"))
    accepted(submit(master, a_job(constraints=(ARM,))))
    told = why(master)
    assert told.phase is Phase.WAITING
    assert told.vetoes == (Veto(VetoKind.ATTRIBUTE, 2, nearest="m1", detail="arch == 'arm64'"),)
    assert told.sentences == (
        "arch == 'arm64' rules out 2 of 2 machines (e.g. m1)",
        "no machine has the attribute 'arch'",
    )
    assert told.suggestions == (
        "without the constraint arch == 'arm64' it would fit on 2 machines",
    )


def test_what_the_jobs_own_tasks_mean_for_the_next_one() -> None:
    master = a_borgmaster(a_machine("m1", attributes={"rack": "r1"}))
    submit(master, a_job(replicas=2, constraints=(c.Limit(attribute="rack", most=1),)))
    place(master, {0: "m1"})
    assert why(master, 1).sentences == (
        "at most 1 for each rack rules out 1 of 1 machine (e.g. m1)",
    )


def test_a_taken_port_is_named() -> None:
    master = a_borgmaster(a_machine("m1"))
    submit(master, a_job(replicas=2, task=a_task_spec(fixed_ports={"port": 80})))
    place(master, {0: "m1"})
    assert why(master, 1).sentences[0] == "port 80 taken on 1 of 1 machine (e.g. m1)"


def test_tasks_that_wait_for_the_same_are_told_of_once() -> None:
    master = a_borgmaster(a_machine("m1"))
    submit(master, a_job(replicas=5, constraints=(ARM,)))
    assert [told.index for told in job_why(master.cell, Snapshots(master).take(50), WEB, 50)] == [0]


def test_a_pass_and_why_give_the_same_reasons() -> None:
    master = a_borgmaster(a_machine("m1"), a_machine("m2", attributes={"dedicated": "bob/db"}))
    submit(master, a_job(constraints=(ARM, c.Near(job="db"))))
    snapshot = Snapshots(master).take(50)
    [unplaced] = schedule_pass(snapshot, master.cell.policy, 1).unplaced
    assert unplaced.vetoes == why(master).vetoes


def test_a_task_whose_job_has_changed_its_mind_about_the_machine_is_told_so() -> None:
    master = a_borgmaster(a_machine("m1", attributes={"arch": "x86"}))
    submit(master, a_job())
    place(master, {0: "m1"})
    assert len(why(master).sentences) == 1
    assert accepted(submit(master, a_job(constraints=(ARM,)))).restarted == 0
    assert why(master).sentences[-1] == (
        "it stays there, and would not be placed there again:"
        " the machine is not as the job asks for: arch == 'arm64'"
    )
