"""The agent as a conversation: orders and facts in, actions and statuses out."""

import msgspec
import pytest

from borgpy.borglet.actions import (
    Action,
    CheckHealth,
    FetchPackage,
    ForgetTask,
    KillTask,
    StartTask,
    StopTask,
)
from borgpy.borglet.agent import PROBE_MS, STOP_SLACK_MS, Agent, AgentState
from borgpy.borglet.facts import (
    Fact,
    HealthAnswered,
    Instance,
    LimitReached,
    PackageFailed,
    PackageReady,
    StartFailed,
    StartInterrupted,
    TaskExited,
    TaskStarted,
)
from borgpy.borglet.restarts import QUICK_FAILURES_ALLOWED, QUICK_MS, back_off_ms
from borgpy.model.lifecycle import Phase
from borgpy.model.names import JobKey
from borgpy.model.spec import HEALTHY_AFTER_MS, HealthCheck, Package, Restart, TaskSpec
from borgpy.model.task import TaskStatus

JOB = JobKey("alice/web")
T0 = 1_000_000
ONE = Instance(JOB, 0, 1)
TWO = Instance(JOB, 0, 2)
PLAIN = TaskSpec(Package("server", "ab" * 32, 10), ports=("port",), notice_ms=3000)
CHECK = HealthCheck(grace_ms=15_000, interval_ms=10_000, failures_allowed=1)
CHECKED = msgspec.structs.replace(PLAIN, health=CHECK)
PORTS = {"port": 20_000}


class Conversation:
    """An agent with its own time."""

    def __init__(self, spec: TaskSpec = PLAIN) -> None:
        self.agent = Agent()
        self.at = T0
        self.spec = spec

    def order(self, *tasks: Instance) -> list[Action]:
        run = [(task, self.spec) for task in tasks]
        return self.agent.adopt(self.agent.orders_seq + 1, run, self.at)

    def tell(self, fact: Fact) -> list[Action]:
        return self.agent.observe(fact, self.at)

    def wait(self, milliseconds: int) -> list[Action]:
        self.at += milliseconds
        return self.agent.tick(self.at)

    def runs(self, run: int = 1, task: Instance = ONE) -> "Conversation":
        """The package is there, and the process started."""
        self.tell(PackageReady(task))
        self.tell(TaskStarted(task, run, 500 + run, PORTS, self.at))
        return self

    def exits(self, code: int | None, run: int = 1, reason: str = "") -> list[Action]:
        return self.tell(TaskExited(ONE, run, code, self.at, reason))

    def status(self, task: Instance = ONE) -> TaskStatus:
        (status,) = [
            report.status
            for report in self.agent.report()[2]
            if Instance(report.job, report.index, report.incarnation) == task
        ]
        return status

    def phase(self) -> Phase:
        return self.status().phase


def running(spec: TaskSpec = PLAIN) -> Conversation:
    talk = Conversation(spec)
    talk.order(ONE)
    return talk.runs()


def test_a_task_is_fetched_started_and_healthy_after_ten_seconds() -> None:
    talk = Conversation()
    assert talk.order(ONE) == [FetchPackage(ONE, PLAIN.package)]
    beside = Package("data", "cd" * 32, 9)
    with_data = msgspec.structs.replace(PLAIN, packages=(beside,))
    assert Agent().adopt(1, [(ONE, with_data)], 0) == [FetchPackage(ONE, PLAIN.package, (beside,))]
    assert talk.status() == TaskStatus(Phase.STARTING)
    assert talk.tell(PackageReady(ONE)) == [StartTask(ONE, 1, PLAIN, {})]
    assert talk.tell(TaskStarted(ONE, 1, 501, PORTS, talk.at)) == []
    assert talk.status() == TaskStatus(Phase.RUNNING, 501, PORTS, started_at=T0)
    assert talk.agent.due_at() == T0 + HEALTHY_AFTER_MS
    talk.wait(HEALTHY_AFTER_MS)
    assert talk.status() == TaskStatus(Phase.HEALTHY, 501, PORTS, started_at=T0)
    assert talk.agent.due_at() is None


def test_orders_that_say_the_same_again_change_nothing() -> None:
    talk = running()
    version = talk.agent.report()[1]
    assert talk.order(ONE) == []
    assert talk.agent.report()[:2] == (2, version)


@pytest.mark.parametrize(
    ("restart", "code", "phase"),
    [
        (Restart.ALWAYS, 0, Phase.BACKING_OFF),
        (Restart.ALWAYS, 3, Phase.BACKING_OFF),
        (Restart.ALWAYS, None, Phase.BACKING_OFF),
        (Restart.ON_FAILURE, 0, Phase.FINISHED),
        (Restart.ON_FAILURE, -9, Phase.BACKING_OFF),
        (Restart.NEVER, 0, Phase.FINISHED),
        (Restart.NEVER, 3, Phase.FAILED),
        (Restart.NEVER, None, Phase.FAILED),
    ],
)
def test_what_becomes_of_a_task_that_exits(
    restart: Restart, code: int | None, phase: Phase
) -> None:
    talk = running(msgspec.structs.replace(PLAIN, restart=restart))
    assert talk.exits(code) == []
    assert talk.phase() is phase
    assert talk.status().exit_code == code


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (3, "", "exit status 3"),
        (-9, "", "killed by signal 9"),
        (None, "", "ended, and nobody saw how"),
        (-9, "out of memory: limit 100 MiB reached", "out of memory: limit 100 MiB reached"),
    ],
)
def test_an_end_is_told_in_words(code: int | None, reason: str, words: str) -> None:
    talk = running()
    talk.exits(code, reason=reason)
    assert talk.status().reason == words


def test_a_task_that_keeps_exiting_backs_off_and_is_given_up() -> None:
    talk = running()
    for run in range(1, QUICK_FAILURES_ALLOWED):
        talk.exits(1, run)
        delay = back_off_ms(run)
        assert delay == 1000 * 2 ** (run - 1)
        assert talk.agent.due_at() == talk.at + delay
        assert talk.wait(delay - 1) == []
        assert talk.wait(1) == [StartTask(ONE, run + 1, PLAIN, PORTS)]
        talk.tell(TaskStarted(ONE, run + 1, 501 + run, PORTS, talk.at))
        assert talk.status().restarts == run
    talk.exits(1, QUICK_FAILURES_ALLOWED)
    assert talk.phase() is Phase.FAILED
    assert talk.status().reason == (
        "exited 5 times in a row within 5 min of starting; last: exit status 1"
    )
    assert talk.agent.due_at() is None
    assert talk.order(ONE) == []
    assert talk.phase() is Phase.FAILED
    assert talk.order() == [ForgetTask(ONE)]


def test_a_long_run_clears_the_record() -> None:
    talk = running()
    for run in range(1, 20):
        talk.wait(QUICK_MS)
        talk.exits(1, run)
        assert talk.wait(back_off_ms(0)) == [StartTask(ONE, run + 1, PLAIN, PORTS)]
        talk.tell(TaskStarted(ONE, run + 1, 600, PORTS, talk.at))


def test_a_start_that_fails_counts_as_a_quick_end() -> None:
    talk = Conversation()
    talk.order(ONE)
    talk.tell(PackageReady(ONE))
    assert talk.tell(StartFailed(ONE, 1, "no free port in 1-2")) == []
    assert talk.status().reason == "no free port in 1-2"
    assert talk.wait(back_off_ms(1)) == [StartTask(ONE, 2, PLAIN, {})]


def test_a_start_that_never_happened_counts_as_nothing() -> None:
    talk = Conversation()
    talk.order(ONE)
    talk.tell(PackageReady(ONE))
    talk.tell(StartInterrupted(ONE, 1))
    assert talk.wait(0) == [StartTask(ONE, 1, PLAIN, {})]


def test_a_package_that_does_not_come_is_asked_for_again() -> None:
    talk = Conversation()
    talk.order(ONE)
    for failures in range(1, 15):
        assert talk.tell(PackageFailed(ONE, "package server: wrong digest")) == []
        assert (talk.phase(), talk.status().reason) == (
            Phase.STARTING,
            "package server: wrong digest",
        )
        assert talk.agent.due_at() == talk.at + back_off_ms(failures)
        assert talk.wait(back_off_ms(failures)) == [FetchPackage(ONE, PLAIN.package)]
    assert back_off_ms(14) == 300_000
    assert talk.tell(PackageReady(ONE)) == [StartTask(ONE, 1, PLAIN, {})]
    assert talk.status().reason == ""


def test_what_is_no_longer_ordered_is_stopped_and_reported_until_it_is_gone() -> None:
    talk = running()
    assert talk.order() == [StopTask(ONE, 1, 3000, "told to stop")]
    assert talk.status() == TaskStatus(
        Phase.STOPPING, 501, PORTS, reason="told to stop", started_at=T0
    )
    assert talk.exits(0) == [ForgetTask(ONE)]
    assert talk.agent.report()[2] == ()


def test_what_outlives_its_notice_is_killed_again_and_again() -> None:
    talk = running()
    talk.order()
    assert talk.wait(3000 + STOP_SLACK_MS - 1) == []
    assert talk.wait(1) == [KillTask(ONE, 1)]
    assert talk.wait(STOP_SLACK_MS) == [KillTask(ONE, 1)]


def test_what_is_no_longer_ordered_while_it_starts_is_stopped_once_it_has() -> None:
    talk = Conversation()
    talk.order(ONE)
    talk.tell(PackageReady(ONE))
    assert talk.order() == []
    assert talk.tell(TaskStarted(ONE, 1, 501, PORTS, talk.at)) == [
        StopTask(ONE, 1, 3000, "told to stop")
    ]


def test_another_incarnation_waits_until_the_last_one_is_gone_and_gets_its_ports() -> None:
    talk = running()
    assert talk.order(TWO) == [StopTask(ONE, 1, 3000, "told to stop")]
    assert talk.status(TWO) == TaskStatus(Phase.STARTING, reason="waiting for incarnation 1 to end")
    assert talk.exits(0) == [ForgetTask(ONE), FetchPackage(TWO, PLAIN.package)]
    assert talk.tell(PackageReady(TWO)) == [StartTask(TWO, 1, PLAIN, PORTS)]


def test_a_task_that_is_ordered_again_while_it_stops_is_started_again() -> None:
    talk = running()
    talk.order()
    assert talk.order(ONE) == []
    assert talk.phase() is Phase.STOPPING
    assert talk.exits(0) == []
    assert talk.wait(back_off_ms(1)) == [StartTask(ONE, 2, PLAIN, PORTS)]


def test_a_task_at_its_limit_is_stopped_without_notice_and_says_why() -> None:
    talk = running()
    reason = "disk limit 100 MiB reached"
    assert talk.tell(LimitReached(ONE, 1, reason)) == [StopTask(ONE, 1, 0, reason)]
    talk.exits(-9)
    assert (talk.phase(), talk.status().reason) == (Phase.BACKING_OFF, reason)


def test_a_limited_task_that_leaves_with_status_0_has_failed_all_the_same() -> None:
    talk = running(msgspec.structs.replace(PLAIN, restart=Restart.NEVER))
    talk.tell(LimitReached(ONE, 1, "disk limit 100 MiB reached"))
    talk.exits(0)
    assert talk.phase() is Phase.FAILED


def test_health_is_probed_often_until_the_first_success_and_then_at_the_interval() -> None:
    talk = running(CHECKED)
    for _ in range(3):
        assert talk.wait(PROBE_MS) == [CheckHealth(ONE, 1, 20_000, CHECK)]
        assert talk.wait(100_000) == []  # no second question before the answer
        talk.at -= 100_000
        talk.tell(HealthAnswered(ONE, 1, False, "refused"))
        assert talk.status() == TaskStatus(Phase.RUNNING, 501, PORTS, started_at=T0)
    talk.wait(PROBE_MS)
    talk.tell(HealthAnswered(ONE, 1, True))
    assert talk.phase() is Phase.HEALTHY
    assert talk.agent.due_at() == talk.at + CHECK.interval_ms


def test_a_task_that_fails_its_checks_too_often_is_unhealthy_then_restarted() -> None:
    talk = running(CHECKED)
    talk.wait(PROBE_MS)
    talk.tell(HealthAnswered(ONE, 1, True))
    talk.wait(CHECK.grace_ms)
    assert talk.tell(HealthAnswered(ONE, 1, False, "it answered 500")) == []
    assert (talk.phase(), talk.status().reason) == (
        Phase.UNHEALTHY,
        "health check failed: it answered 500",
    )
    talk.wait(CHECK.interval_ms)
    talk.tell(HealthAnswered(ONE, 1, True))
    assert (talk.phase(), talk.status().reason) == (Phase.HEALTHY, "")
    for _ in range(CHECK.failures_allowed):
        talk.wait(CHECK.interval_ms)
        assert talk.tell(HealthAnswered(ONE, 1, False, "no answer")) == []
    talk.wait(CHECK.interval_ms)
    reason = "health check failed: no answer"
    assert talk.tell(HealthAnswered(ONE, 1, False, "no answer")) == [StopTask(ONE, 1, 3000, reason)]
    talk.exits(0)
    assert (talk.phase(), talk.status().reason) == (Phase.BACKING_OFF, reason)
    talk.wait(back_off_ms(1))
    talk.tell(TaskStarted(ONE, 2, 502, PORTS, talk.at))
    assert talk.status().reason == f"started again after: {reason}"


def test_failures_within_the_grace_period_do_not_count() -> None:
    talk = running(CHECKED)
    while talk.at < T0 + CHECK.grace_ms - PROBE_MS:
        talk.wait(PROBE_MS)
        assert talk.tell(HealthAnswered(ONE, 1, False, "refused")) == []
    assert talk.phase() is Phase.RUNNING


def test_a_clock_that_steps_back_delays_nothing() -> None:
    talk = running()
    talk.at -= 500_000
    talk.exits(1)
    assert talk.phase() is Phase.BACKING_OFF
    assert talk.agent.due_at() == talk.at + back_off_ms(1)


def test_facts_about_what_is_not_here_change_nothing() -> None:
    talk = running()
    before = talk.agent.report()
    for fact in (
        TaskExited(TWO, 1, 1, talk.at),
        TaskExited(ONE, 7, 1, talk.at),
        TaskStarted(ONE, 7, 1, {}, talk.at),
        PackageReady(ONE),
        PackageFailed(ONE, "late"),
        StartFailed(ONE, 1, "late"),
        HealthAnswered(ONE, 1, False, "nobody asked"),
        LimitReached(Instance(JobKey("bob/x"), 0, 1), 1, "late"),
    ):
        assert talk.tell(fact) == []
        assert talk.agent.report() == before


def test_a_restored_agent_goes_on_where_it_was() -> None:
    talk = running()
    other = Instance(JOB, 1, 1)
    talk.order(ONE, other)
    encoded = msgspec.msgpack.encode(talk.agent.state())
    agent = Agent(msgspec.msgpack.decode(encoded, type=AgentState))
    assert agent.report() == talk.agent.report()
    assert agent.observe(TaskStarted(ONE, 1, 501, PORTS, T0), talk.at) == []
    assert agent.resume(talk.at) == [FetchPackage(other, PLAIN.package)]
    assert agent.report() == talk.agent.report()


def test_a_restored_agent_stops_again_what_it_was_stopping() -> None:
    talk = running()
    talk.order()
    agent = Agent(talk.agent.state())
    agent.observe(TaskStarted(ONE, 1, 501, PORTS, T0), talk.at)
    assert agent.resume(talk.at) == [StopTask(ONE, 1, 3000, "told to stop")]


def test_a_task_that_died_while_nobody_looked_is_started_again() -> None:
    talk = running()
    agent = Agent(talk.agent.state())
    assert agent.observe(TaskExited(ONE, 1, 3, T0 + 400_000), T0 + 900_000) == []
    assert agent.resume(T0 + 900_000) == []
    assert agent.tick(T0 + 901_000) == [StartTask(ONE, 2, PLAIN, PORTS)]
