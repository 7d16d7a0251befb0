"""Samples of what tasks use."""

from borgpy.model.names import JobKey
from borgpy.model.orders import TaskUsage, Usage
from borgpy.server.usage import HISTORY_EVERY_MS, UsageBook
from tests.builders import a_borgmaster, a_job, place, submit

WEB = JobKey("alice/web")


def test_the_latest_sample_counts_and_history_gets_one_in_five_minutes() -> None:
    book = UsageBook()
    kept = [
        len(book.take("m1", [TaskUsage(WEB, 0, 7, Usage(at, 2, 3))], at))
        for at in range(0, HISTORY_EVERY_MS * 2 + 1, 5000)
    ]
    assert sum(kept) == 3
    assert kept[0] == kept[60] == kept[120] == 1
    assert book.latest(WEB, 0, 7) == Usage(HISTORY_EVERY_MS * 2, 2, 3)
    assert book.latest(WEB, 0, 8) is None


def test_incarnations_that_are_no_longer_are_forgotten() -> None:
    master = a_borgmaster("m1")
    submit(master, a_job(replicas=1))
    place(master, {0: "m1"})
    present = master.cell.jobs[WEB].tasks[0].incarnation
    book = UsageBook()
    for incarnation in (present - 1, present):
        book.take("m1", [TaskUsage(WEB, 0, incarnation, Usage(1, 2, 3))], 1)
    book.forget_the_past(master.cell)
    assert book.latest(WEB, 0, present - 1) is None
    assert book.latest(WEB, 0, present) == Usage(1, 2, 3)
