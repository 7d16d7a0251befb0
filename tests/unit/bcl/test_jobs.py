"""Job declarations are exact: milli-cores, bytes, milliseconds, and arguments as text."""

import pytest

from borgpy.bcl import BclError, JobDeclaration, Span, job_declarations
from borgpy.bcl.jobs import DEFAULT_REQUIREMENTS
from borgpy.model.priority import DEFAULT_PRIORITY
from borgpy.model.resources import Resources
from borgpy.model.spec import (
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
        pytest.param("requirements = {cpu = 0.0001}", "range", "0.0001", id="a tiny bit of CPU"),
        pytest.param("notice = 1500us", "range", "1500us", id="one and a half milliseconds"),
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


def test_every_field_tells_where_it_is_written() -> None:
    where = declared("args = {p = %port%}\nrequirements = {RAM = 1G}").where
    assert str(where["args.p"]) == "main.borg:1:61"
    assert str(where["requirements.ram"]) == "main.borg:2:23"


def test_a_file_may_declare_any_number_of_jobs() -> None:
    two = job_text("") + "\n" + job_text("").replace("job j", "job k")
    assert [declaration.name for declaration in job_declarations(two, "main.borg")] == ["j", "k"]
    assert job_declarations("x = 1", "main.borg") == ()
