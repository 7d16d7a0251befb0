"""Job declarations are exact: milli-cores, bytes, milliseconds, and arguments as text."""

import pytest

from borgpy.bcl import BclError, JobDeclaration, Span, job_declarations
from borgpy.bcl.diagnostics import Source
from borgpy.bcl.evaluate import evaluate
from borgpy.bcl.jobs import FileUse, alloc_declarations_of
from borgpy.bcl.loading.program import MemoryFiles, load
from borgpy.model import constraints as c
from borgpy.model.alloc import AllocSetSpec
from borgpy.model.declared.parts import DEFAULT_REQUIREMENTS
from borgpy.model.devices import DeviceRequest
from borgpy.model.overrides import IndexRange, Override
from borgpy.model.priority import DEFAULT_PRIORITY
from borgpy.model.resource_sets import SetRequest
from borgpy.model.resources import Resources
from borgpy.model.spec import (
    AppClass,
    HealthCheck,
    JobSpec,
    Package,
    Restart,
    TaskSpec,
    UpdatePolicy,
)
from tests.unit.bcl.samples import LECTURE, job_text

PACKAGE = Package("hello_world_webserver", "0" * 64, 1)


def declared(extra: str) -> JobDeclaration:
    (declaration,) = job_declarations(job_text(extra), "main.borg")
    return declaration


def test_the_lectures_job_becomes_a_spec() -> None:
    (declaration,) = job_declarations(LECTURE, "jobs/hello.borg")
    assert declaration.binary == "../hello_world_webserver"
    assert declaration.binary_span == Span("jobs/hello.borg", 3, 12, 3, 36)
    assert declaration.spec(PACKAGE, "alice") == JobSpec(
        name="hello_world",
        user="alice",
        cell="ic",
        replicas=10000,
        priority=DEFAULT_PRIORITY,
        task=TaskSpec(
            package=PACKAGE,
            args={"port": "%port%"},
            requirements=Resources(cpu=100, ram=100_000_000, disk=100_000_000),
            ports=("port",),
        ),
    )


def test_what_a_job_does_not_say_has_a_default() -> None:
    declaration = declared("")
    assert declaration.requirements == DEFAULT_REQUIREMENTS
    assert declaration.spec(PACKAGE, "bob") == JobSpec(
        name="j",
        user="bob",
        cell="ic",
        task=TaskSpec(package=PACKAGE, requirements=DEFAULT_REQUIREMENTS),
    )


def test_each_requirement_has_its_own_default() -> None:
    assert declared("requirements = {cpu = 2}").requirements == Resources(
        cpu=2000, ram=DEFAULT_REQUIREMENTS.ram, disk=DEFAULT_REQUIREMENTS.disk
    )


def test_everything_a_job_says_reaches_the_spec() -> None:
    spec = declared(
        "user = carol replicas = 3 priority = production restart = never notice = 250ms "
        "update = {batch = 2} env = {A = %port:web% B = %job%} "
        "health = {port = web path = /ok grace = 1min interval = 0.5s timeout = 200ms}"
    ).spec(PACKAGE, "alice")
    assert spec == JobSpec(
        name="j",
        user="carol",
        cell="ic",
        replicas=3,
        priority=120,
        update=UpdatePolicy(batch=2),
        task=TaskSpec(
            package=PACKAGE,
            env={"A": "%port:web%", "B": "%job%"},
            requirements=DEFAULT_REQUIREMENTS,
            ports=("web",),
            health=HealthCheck("web", "/ok", 60_000, 500, 200),
            restart=Restart.NEVER,
            notice_ms=250,
        ),
    )


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1", "1"),
        ("-0.5", "-0.5"),
        ("100M", "100000000"),
        ("true", "true"),
        ("fast", "fast"),
        ("'a b'", "a b"),
        ("../x", "../x"),
        ("%task%", "%task%"),
    ],
)
def test_arguments_become_text(written: str, text: str) -> None:
    assert declared(f"args = {{a = {written}}}").args == {"a": text}


@pytest.mark.parametrize(
    ("written", "millis"),
    [("0.1", 100), ("0.29", 290), ("250m", 250), ("2", 2000), ("1.001", 1001)],
)
def test_cores_become_milli_cores_exactly(written: str, millis: int) -> None:
    assert declared(f"requirements = {{cpu = {written}}}").requirements.cpu == millis


@pytest.mark.parametrize(
    ("extra", "code", "underlined"),
    [
        pytest.param(
            "overrides = [{tasks = '0,1' args = {a = 1}}]", "range", "'0,1'", id="a task too many"
        ),
        pytest.param(
            "packages = [{path = /c/x}]", "duplicate", "[{path = /c/x}]", id="a file's name"
        ),
        pytest.param("packages = [data]", "name", "[data]", id="a package that is not there"),
        pytest.param(
            "ports = [{name = a number = 53}, {name = b number = 53}]",
            "duplicate",
            "53",
            id="two ports with one number",
        ),
        pytest.param(
            "ports = [{name = a number = 53}, a, {name = a number = 54}]",
            "duplicate",
            "54",
            id="a port with two numbers",
        ),
        pytest.param(
            "alloc = a requirements = {gpu = 0.5}", "field", "0.5", id="a device in an alloc"
        ),
        pytest.param(
            "alloc = a requirements = {sets = [{name = eni value = a}]}",
            "field",
            "[{name = eni value = a}]",
            id="a resource set in an alloc",
        ),
        pytest.param(r"labels = {a = 'b\nc'}", "range", r"'b\nc'", id="a label of two lines"),
        pytest.param(
            r"constraints = [{attribute = a value = '\0'}]", "range", r"'\0'", id="a value to hide"
        ),
        pytest.param(
            r"constraints = [{operator = spread value = {'a\tb' = 50}}]",
            "range",
            r"'a\tb'",
            id="a share of what is no value",
        ),
        pytest.param("health = {}", "missing", "{}", id="a health check without a port"),
        pytest.param("health = {port = web}", "missing", "web", id="a check of another port"),
        pytest.param(
            "args = {p = %port%} health = {path = /%task%}", "placeholder", "/%task%", id="a path"
        ),
    ],
)
def test_what_no_cell_could_do_is_refused(extra: str, code: str, underlined: str) -> None:
    with pytest.raises(BclError) as caught:
        declared(extra)
    (diagnostic,) = caught.value.diagnostics
    start = diagnostic.caret.index("^")
    assert diagnostic.code == code
    assert diagnostic.excerpt[start : len(diagnostic.caret)] == underlined


def test_a_binary_is_a_path_and_holds_no_placeholder() -> None:
    with pytest.raises(BclError, match="binary cannot hold placeholders"):
        job_declarations(job_text("", binary="/b/%cell%/x"), "main.borg")


def test_a_service_is_a_job_that_never_finishes() -> None:
    (declaration,) = job_declarations(job_text("").replace("job j", "service j"), "main.borg")
    spec = declaration.spec(PACKAGE, "bob")
    assert (spec.task.restart, spec.task.appclass) == (Restart.ALWAYS, AppClass.LATENCY_SENSITIVE)


def test_ports_are_those_that_are_named_anywhere() -> None:
    declaration = declared(
        "args = {p = %port:http%} ports = [admin, {name = dns number = 53}] "
        "overrides = [{tasks = 0 env = {D = %port:debug%}}]"
    )
    assert declaration.ports == ("admin", "dns", "http", "debug")
    assert declaration.fixed_ports == {"dns": 53}


def test_single_tasks_may_be_told_something_else() -> None:
    declaration = declared("replicas = 9 overrides = [{tasks = '1,3-5' args = {v = true}}]")
    assert declaration.overrides == (
        Override((IndexRange(1, 1), IndexRange(3, 5)), args={"v": "true"}),
    )


def test_what_is_said_of_the_place_reaches_the_spec() -> None:
    spec = declared(
        "alloc = room after = [etl, 'bob/load'] quota_user = ads labels = {track = canary v = 2} "
        "requirements = {extra = {gpu_millis = 500}}"
    ).spec(PACKAGE, "alice")
    assert (spec.alloc, spec.after, spec.quota_user) == ("room", ("etl", "bob/load"), "ads")
    assert spec.labels == {"track": "canary", "v": "2"}
    assert spec.task.requirements.extra == {"gpu_millis": 500}


@pytest.mark.parametrize(
    ("written", "constraint"),
    [
        ("attribute = gpu", c.Compare(attribute="gpu", operator=c.Operator.EXISTS)),
        (
            "attribute = arch value = arm64",
            c.Compare(attribute="arch", operator=c.Operator.EQUAL, values=("arm64",)),
        ),
        (
            "attribute = zone value = [a, b] weight = 5",
            c.Compare(attribute="zone", operator=c.Operator.IN, values=("a", "b"), weight=5),
        ),
        (
            "attribute = cores operator = '>=' value = 16",
            c.Compare(attribute="cores", operator=c.Operator.AT_LEAST, values=("16",)),
        ),
        ("operator = distinct", c.Limit(attribute=c.MACHINE, most=1)),
        ("attribute = rack operator = limit value = 2", c.Limit(attribute="rack", most=2)),
        ("attribute = zone operator = spread", c.Spread(attribute="zone")),
        (
            "attribute = zone operator = spread value = {b = 30 a = 70}",
            c.Spread(attribute="zone", shares=(c.Share("a", 70), c.Share("b", 30))),
        ),
        ("operator = exclusive", c.Exclusive()),
        ("operator = dedicated value = '*/redis'", c.Dedicated(pool="*/redis")),
        ("operator = near value = cache", c.Near(job="cache")),
        ("attribute = rack operator = away value = 'b/x'", c.Away(job="b/x", attribute="rack")),
        ("operator = plugin value = licensed", c.Plugin(name="licensed")),
    ],
)
def test_constraints_become_what_the_cell_knows(written: str, constraint: c.Constraint) -> None:
    assert declared(f"constraints = [{{ {written} }}]").constraints == (constraint,)


@pytest.mark.parametrize(
    ("written", "devices"),
    [
        ("gpu = 2", (DeviceRequest(2),)),
        ("GPU = 0.5", (DeviceRequest(1, 500),)),
        ("gpu = 250m", (DeviceRequest(1, 250),)),
        ("gpu = 0", ()),
        ("gpu = { model = A100 }", (DeviceRequest(models=("A100",)),)),
        (
            "gpu = { count = 0.25 model = [A100, 'H100 80G'] }",
            (DeviceRequest(1, 250, models=("A100", "H100 80G")),),
        ),
        (
            "gpu = 1 devices = { tpu = { count = 4 } }",
            (DeviceRequest(), DeviceRequest(4, kind="tpu")),
        ),
    ],
)
def test_devices_are_whole_or_a_part_of_one(
    written: str, devices: tuple[DeviceRequest, ...]
) -> None:
    spec = declared(f"requirements = {{ cpu = 1 {written} }}").spec(PACKAGE, "alice")
    assert spec.task.devices == devices
    assert spec.task.requirements.extra == {}


def test_resource_sets_and_the_expected_runtime_reach_the_spec() -> None:
    spec = declared(
        "requirements = { sets = [{ name = eni value = 'sg-1' slots = 2 }, "
        "{ name = licence value = spice }] } expected_runtime = 10min"
    ).spec(PACKAGE, "alice")
    assert spec.task.sets == (SetRequest("eni", "sg-1", 2), SetRequest("licence", "spice"))
    assert spec.runtime_ms == 600_000


@pytest.mark.parametrize(
    ("written", "code", "message"),
    [
        ("gpu = 1.5", "range", "whole devices can be asked for, or a part of one"),
        ("gpu = 0.0001", "range", "whole devices can be asked for, or a part of one"),
        ("gpu = 1000", "range", "too much"),
        ("gpu = 'many'", "type", "requirements.gpu"),
        ("gpu = { model = A100 size = 3 }", "field", "unknown field 'size'"),
        ("gpu = 1 devices = { gpu = 2 }", "duplicate", "gpu is there twice"),
        ("sets = [{ name = eni }]", "missing", "value is missing"),
        (
            "sets = [{ name = eni value = a }, { name = eni value = b }]",
            "duplicate",
            "two resource sets called 'eni'",
        ),
        ("sets = [{ name = eni value = a slots = 0 }]", "range", "too little"),
    ],
)
def test_what_is_asked_for_by_number_is_checked(written: str, code: str, message: str) -> None:
    with pytest.raises(BclError, match=message) as caught:
        declared(f"requirements = {{ {written} }}")
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_packages_are_files_that_are_declared_or_described() -> None:
    digest = "ab" * 32
    declarations = job_declarations(
        f"package data = {{ path = ./data.bin sha256 = '{digest}' }}\n"
        + job_text("packages = [data, {path = ./a/b.bin}, {sha256 = '" + digest + "' name = y}]"),
        "main.borg",
    )
    (declaration,) = declarations
    assert [(use.name, use.path, use.digest) for use in declaration.packages] == [
        ("data.bin", "./data.bin", digest),
        ("b.bin", "./a/b.bin", ""),
        ("y", "", digest),
    ]
    assert isinstance(declaration.packages[0], FileUse)
    assert [str(use.span) for use in declaration.packages] == [
        "main.borg:1:25",
        "main.borg:2:75",
        "main.borg:2:60",
    ], "where the path is written: it starts from that file's directory"


def test_an_alloc_set_becomes_a_spec() -> None:
    source = "alloc_set room = { runtime = {cell = ic} requirements = {ram = 4G} replicas = 3 }"
    program = load(Source("main.borg", source), MemoryFiles({}))
    (declaration,) = alloc_declarations_of(evaluate(program))
    asked = Resources(cpu=100, ram=4 * 10**9, disk=64 << 20)
    assert declaration.spec("bob") == AllocSetSpec("room", "bob", "ic", asked, replicas=3)
    assert str(declaration.where["requirements.ram"]) == "main.borg:1:64"


@pytest.mark.parametrize(
    ("path", "span"),
    [
        ("args.p", "main.borg:1:61"),
        ("requirements.ram", "main.borg:2:23"),
        ("requirements.cpu", "main.borg:2:16"),
        ("constraints.1.value", "main.borg:3:72"),
        ("constraints.7.value", "main.borg:3:15"),
        ("labels.a.b", "main.borg:4:19"),
        ("health.grace_ms", "main.borg:5:19"),
        ("health.timeout_ms", "main.borg:5:10"),
        ("name", None),
        ("notice", None),
    ],
)
def test_where_a_field_is_written_is_found_when_somebody_asks(path: str, span: str | None) -> None:
    where = declared(
        "args = {p = %port%}\nrequirements = {RAM = 1G}\n"
        "constraints = [{attribute = a}, {attribute = b operator = '!=' value = x}]\n"
        "labels = {'a.b' = 1}\n"
        "health = {grace = 5s}"
    ).where
    found = where.get(path)
    assert (None if found is None else str(found)) == span


def test_every_field_tells_where_it_is_written() -> None:
    where = declared("args = {p = %port%}\nrequirements = {RAM = 1G}").where
    assert str(where["args.p"]) == "main.borg:1:61"
    assert str(where["requirements.ram"]) == "main.borg:2:23"


def test_a_file_may_declare_any_number_of_jobs() -> None:
    two = job_text("") + "\n" + job_text("").replace("job j", "job k")
    assert [declaration.name for declaration in job_declarations(two, "main.borg")] == ["j", "k"]
    assert job_declarations("x = 1", "main.borg") == ()
