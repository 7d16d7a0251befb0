"""Admission: everything wrong is said at once, and quota is a vector by user and band."""

import msgspec
import pytest

from borgpy.admission.admit import admit
from borgpy.admission.validate import problems_of
from borgpy.model import constraints as c
from borgpy.model.devices import DeviceRequest
from borgpy.model.operations import SetQuota
from borgpy.model.overrides import Override, parse_ranges
from borgpy.model.priority import Band
from borgpy.model.quota import Quota
from borgpy.model.refusal import RefusalCode
from borgpy.model.resource_sets import SetRequest
from borgpy.model.resources import Resources
from borgpy.model.spec import AppClass, HealthCheck, JobSpec, Package, TaskSpec
from tests.builders import GIB, MIB, a_borgmaster, a_job, a_task_spec, accepted, submit

A_PACKAGE_MORE = Package("data", "cd" * 32, 1)


def test_a_sound_job_is_admitted() -> None:
    assert admit(a_borgmaster().cell, a_job()) is None


def test_everything_that_is_wrong_is_named_at_once() -> None:
    task = a_task_spec(
        requirements=Resources(cpu=-1, ram=1 << 60),
        args={"a": "%prot%", "b": "%port:http%"},
        health=HealthCheck(port="admin", path="healthz"),
        package=Package("../x", "zz", 1),
    )
    spec = msgspec.structs.replace(a_job(replicas=0, task=task, priority=999), name="9lives")
    refusal = admit(a_borgmaster().cell, spec)
    assert refusal is not None
    assert refusal.code is RefusalCode.INVALID
    assert [problem.field for problem in refusal.problems] == [
        "name",
        "replicas",
        "priority",
        "requirements.cpu",
        "requirements.ram",
        "binary",
        "binary",
        "args.a",
        "ports",
        "health.port",
        "health.path",
    ]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param(a_job(replicas=0), "replicas", id="no replicas"),
        pytest.param(a_job(replicas=10_000_000), "replicas", id="ten million replicas"),
        pytest.param(a_job(priority=-1), "priority", id="a negative priority"),
        pytest.param(
            a_job(task=a_task_spec(requirements=Resources(cpu=-5))), "requirements.cpu", id="cpu"
        ),
        pytest.param(
            a_job(task=a_task_spec(env={"A B": "x"})), "env.A B", id="a name no shell takes"
        ),
        pytest.param(
            a_job(task=a_task_spec(args={"x": "y" * 200_000})), "args", id="more than exec takes"
        ),
        pytest.param(a_job(task=a_task_spec(notice_ms=10**9)), "notice_ms", id="a notice of days"),
        pytest.param(
            a_job(task=a_task_spec(ports=("port", "port"))), "ports", id="a port named twice"
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_field(spec: JobSpec, field: str) -> None:
    assert [problem.field for problem in problems_of(spec)] == [field]


def a_job_that_asks(*constraints: c.Constraint) -> JobSpec:
    return a_job(constraints=constraints)


def with_texts(tasks: str, **texts: dict[str, str]) -> JobSpec:
    return a_job(replicas=3, overrides=(Override(parse_ranges(tasks), **texts),))


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param(
            a_job_that_asks(c.Compare(attribute="a b", operator=c.Operator.EXISTS)),
            "constraints.0.attribute",
            id="an attribute that cannot be",
        ),
        pytest.param(
            a_job_that_asks(c.Compare(attribute="a", operator=c.Operator.EQUAL)),
            "constraints.0.value",
            id="equal to nothing",
        ),
        pytest.param(
            a_job_that_asks(c.Compare(attribute="a", operator=c.Operator.EXISTS, values=("b",))),
            "constraints.0.value",
            id="exists with a value",
        ),
        pytest.param(
            a_job_that_asks(c.Compare(attribute="a", operator=c.Operator.LESS, values=("b",))),
            "constraints.0.value",
            id="less than a word",
        ),
        pytest.param(
            a_job_that_asks(c.Compare(attribute="a", operator=c.Operator.VERSION, values=("5",))),
            "constraints.0.value",
            id="a version without a comparison",
        ),
        pytest.param(
            a_job_that_asks(
                c.Compare(attribute="a", operator=c.Operator.VERSION, values=(">=1," * 64 + ">=1",))
            ),
            "constraints.0.value",
            id="a very long version",
        ),
        pytest.param(
            a_job_that_asks(
                c.Compare(attribute="a", operator=c.Operator.EQUAL, values=("\x1b[31mred",))
            ),
            "constraints.0.value",
            id="a value that would colour the terminal",
        ),
        pytest.param(
            a_job_that_asks(c.Spread(shares=(c.Share("\n", 60),))),
            "constraints.0.value",
            id="a share of what is no value",
        ),
        pytest.param(
            a_job_that_asks(c.Spread(shares=tuple(c.Share(f"v{n}", 0) for n in range(1001)))),
            "constraints.0.value",
            id="a thousand and one shares",
        ),
        pytest.param(
            a_job_that_asks(c.Plugin(name="a plug-in")), "constraints.0.value", id="no plug-in"
        ),
        pytest.param(a_job_that_asks(c.Limit(most=0)), "constraints.0.value", id="limit 0"),
        pytest.param(
            a_job_that_asks(c.Exclusive(), c.Exclusive(weight=101)),
            "constraints.1.weight",
            id="weight",
        ),
        pytest.param(
            a_job_that_asks(c.Spread(shares=(c.Share("a", 60), c.Share("b", 50)))),
            "constraints.0.value",
            id="more than everything",
        ),
        pytest.param(
            a_job_that_asks(c.Spread(shares=(c.Share("a", 1), c.Share("a", 2)))),
            "constraints.0.value",
            id="two shares",
        ),
        pytest.param(a_job_that_asks(c.Dedicated(pool="x")), "constraints.0.value", id="a pool"),
        pytest.param(a_job_that_asks(c.Near(job="a/b/c")), "constraints.0.value", id="near what"),
        pytest.param(a_job_that_asks(c.Plugin(name="a b")), "constraints.0.value", id="plug-in"),
        pytest.param(a_job(alloc="a b"), "alloc", id="an alloc set's name"),
        pytest.param(a_job(after=("5",)), "after", id="after what"),
        pytest.param(a_job(after=("web",)), "after", id="after itself"),
        pytest.param(a_job(quota_user="a b"), "quota_user", id="whose quota"),
        pytest.param(a_job(labels={"-": "x"}), "labels.-", id="a label's name"),
        pytest.param(a_job(labels={"x": "y" * 256}), "labels.x", id="a label's value"),
        pytest.param(with_texts("3"), "overrides.0.tasks", id="a task that is not there"),
        pytest.param(with_texts("0", env={"a b": ""}), "overrides.0.env.a b", id="no variable"),
        pytest.param(with_texts("0", args={"p": "%port:x%"}), "overrides.0.args", id="no port"),
        pytest.param(
            with_texts("0", args={"p": "%prot%"}), "overrides.0.args.p", id="no placeholder"
        ),
        pytest.param(
            with_texts("0", args={"p": "y" * 200_000}), "overrides", id="more than exec takes"
        ),
        pytest.param(
            with_texts(",".join(["0"] * 501)), "overrides", id="more ranges than one can hash"
        ),
    ],
)
def test_what_is_wrong_with_the_place_and_the_texts_is_named_by_its_field(
    spec: JobSpec, field: str
) -> None:
    assert [problem.field for problem in problems_of(spec)] == [field]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param(a_job(quota_user="bob"), "quota_user", id="another's quota"),
    ],
)
def test_what_a_cell_cannot_honour_yet_is_refused_rather_than_ignored(
    spec: JobSpec, field: str
) -> None:
    assert problems_of(spec) == ()
    refusal = admit(a_borgmaster().cell, spec)
    assert refusal is not None
    assert refusal.code is RefusalCode.INVALID
    assert [problem.field for problem in refusal.problems] == [field]


def test_what_the_scheduler_places_by_is_admitted() -> None:
    """A machine as the job asks for may join later: that there is none now is no reason to refuse it."""
    nowhere = c.Compare(attribute="no-machine-has-it", operator=c.Operator.EXISTS)
    task = a_task_spec(
        fixed_ports={"port": 80},
        devices=(DeviceRequest(2, models=("A100",)), DeviceRequest(1, 250, "tpu")),
        sets=(SetRequest("eni", "sg-1", 2),),
        packages=(A_PACKAGE_MORE,),
    )
    spec = a_job(task=task, constraints=(nowhere,), after=("bob/etl",))
    assert admit(a_borgmaster().cell, spec) is None


@pytest.mark.parametrize(
    ("task", "field"),
    [
        pytest.param(
            a_task_spec(devices=(DeviceRequest(), DeviceRequest(2))),
            "requirements.devices",
            id="a kind twice",
        ),
        pytest.param(
            a_task_spec(devices=(DeviceRequest(0),)),
            "requirements.devices.gpu.count",
            id="no devices",
        ),
        pytest.param(
            a_task_spec(devices=(DeviceRequest(10**9),)),
            "requirements.devices.gpu.count",
            id="an absurd number of devices",
        ),
        pytest.param(
            a_task_spec(devices=(DeviceRequest(1, 1500),)),
            "requirements.devices.gpu.millis",
            id="more than all of one device",
        ),
        pytest.param(
            a_task_spec(devices=(DeviceRequest(2, 500),)),
            "requirements.devices.gpu",
            id="parts of two devices",
        ),
        pytest.param(
            a_task_spec(devices=(DeviceRequest(kind="g p"),)),
            "requirements.devices.g p",
            id="no kind of device",
        ),
        pytest.param(
            a_task_spec(devices=(DeviceRequest(models=("\n",)),)),
            "requirements.devices.gpu.model",
            id="no model",
        ),
        pytest.param(
            a_task_spec(sets=(SetRequest("eni", "a"), SetRequest("eni", "b"))),
            "requirements.sets",
            id="a set twice",
        ),
        pytest.param(
            a_task_spec(devices=tuple(DeviceRequest(kind=f"k{n}") for n in range(33))),
            "requirements.devices",
            id="too many kinds of devices",
        ),
        pytest.param(
            a_task_spec(sets=tuple(SetRequest(f"s{n}", "a") for n in range(33))),
            "requirements.sets",
            id="too many kinds of sets",
        ),
        pytest.param(
            a_task_spec(sets=(SetRequest("eni", "a", 0),)),
            "requirements.sets.0.slots",
            id="no slots",
        ),
        pytest.param(
            a_task_spec(sets=(SetRequest("eni", ""),)), "requirements.sets.0.value", id="no value"
        ),
        pytest.param(
            a_task_spec(ports=("a", "b"), args={}, fixed_ports={"a": 80, "b": 80}),
            "ports",
            id="a fixed port twice",
        ),
    ],
)
def test_what_is_wrong_with_what_is_held_by_number_is_named(task: TaskSpec, field: str) -> None:
    assert [problem.field for problem in problems_of(a_job(task=task))] == [field]


def test_an_alloc_has_no_devices_to_give() -> None:
    spec = a_job(task=a_task_spec(devices=(DeviceRequest(),)), alloc="room")
    assert [problem.field for problem in problems_of(spec)] == ["requirements.devices"]


def test_a_plug_in_has_a_name_and_an_expected_runtime_is_a_time() -> None:
    spec = a_job(constraints=(c.Plugin(name="no name"),), runtime_ms=-1)
    assert [problem.field for problem in problems_of(spec)] == ["runtime_ms", "constraints.0.value"]


def test_what_a_cell_only_carries_is_admitted() -> None:
    task = msgspec.structs.replace(a_task_spec(), appclass=AppClass.LATENCY_SENSITIVE)
    spec = a_job(task=task, labels={"track": "canary"}, quota_user="alice")
    assert admit(a_borgmaster().cell, spec) is None


def test_another_cell_is_unknown_here() -> None:
    refusal = admit(a_borgmaster().cell, a_job(cell="xx"))
    assert refusal is not None
    assert refusal.code is RefusalCode.NOT_FOUND
    assert "'ic'" in refusal.problems[0].message


def test_without_quota_only_the_free_band_is_open() -> None:
    cell = a_borgmaster(quota_of=()).cell
    assert admit(cell, a_job(priority=0)) is None
    refusal = admit(cell, a_job(priority=100))
    assert refusal is not None
    assert refusal.code is RefusalCode.QUOTA


def test_a_refusal_says_what_is_missing_and_by_how_much() -> None:
    master = a_borgmaster(quota_of=())
    limit = Resources(cpu=1000, ram=GIB, disk=GIB, ports=10)
    master.apply(SetQuota(at=1, by="root", quota=Quota("alice", Band.BATCH, limit)))
    accepted(submit(master, a_job("etl", replicas=4)))
    asked = a_task_spec(requirements=Resources(cpu=100, ram=200 * MIB, disk=MIB))
    refusal = admit(master.cell, a_job(replicas=5, task=asked))
    assert refusal is not None
    (problem,) = refusal.problems
    assert problem.field == "requirements.ram"
    assert problem.message == "ram exceeds the quota by 376 MiB"
    assert problem.got == "1000 MiB asked, 400 MiB in use by other jobs"
    assert problem.allowed == "1 GiB"
    assert problem.hint.startswith("ask for 2 fewer replicas")


def test_bands_and_users_have_quota_of_their_own() -> None:
    master = a_borgmaster(quota_of=())
    limit = Resources(cpu=300, ram=GIB, disk=GIB, ports=10)
    for user, band in (("alice", Band.BATCH), ("alice", Band.PRODUCTION), ("bob", Band.BATCH)):
        master.apply(SetQuota(at=1, by="root", quota=Quota(user, band, limit)))
    for spec in (a_job(), a_job("prod", priority=200), a_job(user="bob")):
        accepted(submit(master, spec))
    assert admit(master.cell, a_job("more", replicas=1)) is not None


def test_a_job_may_always_be_made_smaller() -> None:
    master = a_borgmaster(quota_of=())
    for cpu in (500, 100):
        limit = Resources(cpu=cpu, ram=GIB, disk=GIB, ports=10)
        master.apply(SetQuota(at=1, by="root", quota=Quota("alice", Band.BATCH, limit)))
        if cpu == 500:
            accepted(submit(master, a_job(replicas=5)))
    assert admit(master.cell, a_job(replicas=4)) is None
    assert admit(master.cell, a_job(replicas=6)) is not None
