"""Jobs that come after others start when those have finished, and say until then what they wait for."""

from borgpy.master.borgmaster import Borgmaster
from borgpy.master.pending import PendingJobs
from borgpy.master.snapshots import Snapshots
from borgpy.master.why import task_why
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey
from borgpy.model.operations import MachineDifference, Observe, StatusChange, StopTasks
from borgpy.model.spec import JobSpec, Restart
from borgpy.model.task import TaskStatus
from tests.builders import a_borgmaster, a_job, a_task_spec, place, submit

ETL = JobKey("bob/etl")
REPORT = a_job("report", replicas=1, after=("bob/etl",))


def a_batch(day: str = "1") -> JobSpec:
    task = a_task_spec(restart=Restart.NEVER, args={"day": day})
    return a_job("etl", user="bob", replicas=2, task=task)


def a_cell() -> Borgmaster:
    master = a_borgmaster("m1")
    submit(master, a_batch())
    submit(master, REPORT)
    place(master, {0: "m1", 1: "m1"}, job=ETL)
    return master


def end(master: Borgmaster, index: int, phase: Phase) -> None:
    incarnation = master.cell.jobs[ETL].tasks[index].incarnation
    change = StatusChange(ETL, index, incarnation, TaskStatus(phase))
    difference = MachineDifference("m1", (change,))
    master.apply(Observe(at=50, differences=(difference,)))


def ready(master: Borgmaster) -> list[str]:
    return [job.job for job in PendingJobs(master.cell).at(100)]


def why(master: Borgmaster) -> str:
    snapshot = Snapshots(master).take(100)
    return task_why(master.cell, snapshot, REPORT.key, 0, 100).sentences[0]


def test_a_job_is_held_back_until_every_task_before_it_has_finished() -> None:
    master = a_cell()
    assert ready(master) == []
    assert why(master) == "it waits for bob/etl, of whose 2 tasks 0 have finished"
    assert place(master, {0: "m1"}, job=REPORT.key) == ("a job that has to finish first has not",)
    end(master, 0, Phase.FINISHED)
    assert ready(master) == []
    end(master, 1, Phase.FINISHED)
    assert ready(master) == [REPORT.key]
    assert place(master, {0: "m1"}, job=REPORT.key) == ()


def test_the_next_round_waits_again() -> None:
    master = a_cell()
    end(master, 0, Phase.FINISHED)
    end(master, 1, Phase.FINISHED)
    submit(master, a_batch("2"))
    assert ready(master) == [ETL]


def test_why_says_what_will_never_be() -> None:
    master = a_cell()
    end(master, 0, Phase.FINISHED)
    end(master, 1, Phase.FAILED)
    said = "it waits for bob/etl, of whose 2 tasks 1 have finished and 1 have failed"
    assert why(master) == said
    master.apply(StopTasks(at=60, by="root", job=ETL))
    assert why(master) == "it waits for bob/etl, which was stopped before it had finished"
    submit(master, a_job("etl", user="bob", task=a_task_spec(restart=Restart.ALWAYS)))
    assert why(master) == (
        "it waits for bob/etl, which is started again whenever it ends, and so never finishes"
    )
    submit(master, a_job("report", replicas=1, after=("etl",)))
    assert why(master) == "it waits for alice/etl, which nobody has submitted"


def test_why_names_the_jobs_that_wait_for_each_other() -> None:
    master = a_cell()
    etl = a_job("etl", user="bob", after=("clean",))
    submit(master, etl)
    assert why(master).startswith("it waits for bob/etl, ")
    submit(master, a_job("clean", user="bob", after=("alice/report", "clear")))
    assert why(master) == (
        "it will never start, for it waits for bob/etl, which waits for bob/clean,"
        " which waits for alice/report"
    )
    master.apply(StopTasks(at=60, by="root", job=JobKey("bob/clean")))
    assert why(master).startswith("it waits for bob/etl, ")
