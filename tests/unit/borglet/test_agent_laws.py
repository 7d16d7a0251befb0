"""Laws of the agent: whatever is ordered and whatever happens, in whatever order."""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from borgpy.borglet.actions import (
    Action,
    CheckHealth,
    FetchPackage,
    ForgetTask,
    KillTask,
    StartTask,
    StopTask,
)
from borgpy.borglet.agent import Agent, AgentState
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
from borgpy.borglet.life import LIVE
from borgpy.model.lifecycle import PHASE_STATE
from borgpy.model.names import JobKey
from borgpy.model.spec import HealthCheck, Package, Restart, TaskSpec

JOB = JobKey("alice/web")
SPECS = [
    TaskSpec(Package("server", "ab" * 32, 10), restart=restart, health=health)
    for restart in Restart
    for health in (None, HealthCheck())
]
INCARNATIONS = st.integers(1, 3)
MOST_TURNS = 400


class World(RuleBasedStateMachine):
    """The shell's side: processes that live, and actions that were asked for and not answered yet."""

    def __init__(self) -> None:
        super().__init__()
        self.agent = Agent()
        self.at = 1_000_000
        self.ordered: dict[tuple[JobKey, int], Instance] = {}
        self.asked: list[Action] = []
        self.alive: dict[Instance, int] = {}
        self.highest_run: dict[Instance, int] = {}

    def take(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, StartTask):
                running = [task for task in self.alive if task.key == action.task.key]
                assert running == [], f"{action} while {running} may live"
                assert action.run >= self.highest_run.get(action.task, 0)
                self.highest_run[action.task] = action.run
                self.alive[action.task] = action.run
            if isinstance(action, ForgetTask):
                assert action.task not in self.alive
                self.highest_run.pop(action.task, None)
            self.asked.append(action)

    def tell(self, fact: Fact) -> None:
        self.take(self.agent.observe(fact, self.at))

    def ends(self, task: Instance, code: int | None) -> None:
        run = self.alive.pop(task)
        self.tell(TaskExited(task, run, code, self.at))

    @rule(
        wanted=st.dictionaries(st.integers(0, 2), INCARNATIONS, max_size=3),
        spec=st.sampled_from(SPECS),
    )
    def order(self, wanted: dict[int, int], spec: TaskSpec) -> None:
        tasks = [Instance(JOB, index, incarnation) for index, incarnation in wanted.items()]
        self.ordered = {task.key: task for task in tasks}
        run = [(task, spec) for task in tasks]
        self.take(self.agent.adopt(self.agent.orders_seq + 1, run, self.at))

    @rule(milliseconds=st.sampled_from([0, 1, 500, 1000, 10_000, 301_000]))
    def time_passes(self, milliseconds: int) -> None:
        self.at += milliseconds
        self.take(self.agent.tick(self.at))

    @rule(chance=st.data())
    def something_is_answered(self, chance: st.DataObject) -> None:
        if self.asked:
            number = chance.draw(st.integers(0, len(self.asked) - 1))
            well = chance.draw(st.booleans())
            self.answer(self.asked.pop(number), well)

    def answer(self, action: Action, well: bool) -> None:
        if isinstance(action, FetchPackage):
            task = action.task
            self.tell(PackageReady(task) if well else PackageFailed(task, "not there"))
        elif isinstance(action, StartTask) and self.alive.get(action.task) == action.run:
            if well:
                started = TaskStarted(action.task, action.run, 7, {}, self.at)
                self.tell(started)
            else:
                del self.alive[action.task]
                self.tell(StartFailed(action.task, action.run, "no"))
        elif isinstance(action, StopTask | KillTask):
            if self.alive.get(action.task) == action.run:
                self.ends(action.task, 0 if well else -9)
        elif isinstance(action, CheckHealth):
            self.tell(HealthAnswered(action.task, action.run, well, "" if well else "no"))

    @rule(chance=st.data(), code=st.sampled_from([0, 1, -9, None]))
    def a_task_exits(self, chance: st.DataObject, code: int | None) -> None:
        started = [
            task
            for task, run in self.alive.items()
            if not any(isinstance(a, StartTask) and a.task == task for a in self.asked)
        ]
        if started:
            self.ends(chance.draw(st.sampled_from(started)), code)

    @rule(chance=st.data())
    def a_limit_is_reached(self, chance: st.DataObject) -> None:
        if self.alive:
            task = chance.draw(st.sampled_from(list(self.alive)))
            self.tell(LimitReached(task, self.alive[task], "out of memory"))

    @rule()
    def the_borglet_dies_and_another_goes_on(self) -> None:
        """What was asked for and not answered is lost; what lives is found."""
        state = msgspec.msgpack.encode(self.agent.state())
        self.agent = Agent(msgspec.msgpack.decode(state, type=AgentState))
        interrupted = {a.task for a in self.asked if isinstance(a, StartTask)}
        self.asked.clear()
        for life in list(self.agent.lives()):
            if life.stage not in LIVE:
                continue
            if life.task in interrupted:
                self.alive.pop(life.task, None)
                self.tell(StartInterrupted(life.task, life.run))
            else:
                self.tell(TaskStarted(life.task, self.alive[life.task], 7, {}, self.at))
        self.take(self.agent.resume(self.at))

    @invariant()
    def every_ordered_or_living_task_is_reported_once(self) -> None:
        reported = [Instance(r.job, r.index, r.incarnation) for r in self.agent.report()[2]]
        assert len(reported) == len(set(reported))
        assert set(self.ordered.values()) <= set(reported)
        assert set(self.alive) <= set(reported)
        assert all(r.status.phase in PHASE_STATE for r in self.agent.report()[2])

    @invariant()
    def whoever_waits_knows_until_when(self) -> None:
        """Nothing is forgotten: an agent with neither a question out nor a process has a time to wake, or is at rest."""
        for life in self.agent.lives():
            if life.due_at() is None and not life.checking:
                asked = [a.task for a in self.asked]
                settled = life.stage.value in ("running", "ended")
                assert settled or life.task in asked or life.task in self.alive

    def teardown(self) -> None:
        """When nothing is ordered any more, everything comes to an end."""
        self.ordered = {}
        self.take(self.agent.adopt(self.agent.orders_seq + 1, [], self.at))
        for _ in range(MOST_TURNS):
            if not list(self.agent.lives()):
                break
            for action in self.asked[:]:
                self.asked.remove(action)
                self.answer(action, well=True)
            self.at += 10_000
            self.take(self.agent.tick(self.at))
        assert list(self.agent.lives()) == []
        assert self.alive == {}
        assert self.agent.report()[2] == ()
        assert self.agent.due_at() is None


World.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
TestAgentLaws = World.TestCase
