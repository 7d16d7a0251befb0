"""The schema of a job is closed, typed and within the limits of admission."""

import pytest

from borgpy.model import limits
from borgpy.bcl import evaluate_text, schema
from borgpy.bcl.export import Json
from borgpy.model.resources import Resources
from borgpy.model.spec import HealthCheck, JobSpec, TaskSpec, UpdatePolicy
from tests.unit.bcl.samples import error_of, job_text, the_job


@pytest.mark.parametrize(
    ("extra", "field", "value"),
    [
        pytest.param("replicas = 100_000", "replicas", 100_000, id="many replicas"),
        pytest.param("requirements = {RAM = 1.5GiB}", "requirements", {"ram": 3 << 29}),
        pytest.param("requirements = {Cpu = 250m}", "requirements", {"cpu": 0.25}),
        pytest.param("requirements { disk = 0 }", "requirements", {"disk": 0}, id="a block"),
        pytest.param("priority = 200", "priority", 200, id="a priority"),
        pytest.param("priority = production", "priority", "production", id="a band"),
        pytest.param("restart = on_failure", "restart", "on_failure", id="restarts"),
        pytest.param("user = alice", "user", "alice", id="a user"),
        pytest.param("notice = 1.5min", "notice", 90, id="a notice period"),
        pytest.param("update = {batch = 3}", "update", {"batch": 3}, id="a batch"),
        pytest.param("health = {}", "health", {}, id="a health check by default"),
        pytest.param(
            "health = {port = web path = /ok grace = 30s interval = 500ms timeout = 1s failures_allowed = 2}",
            "health",
            {
                "port": "web",
                "path": "/ok",
                "grace": 30,
                "interval": 0.5,
                "timeout": 1,
                "failures_allowed": 2,
            },
            id="a health check",
        ),
        pytest.param(
            "args = {a = 1 b = true c = fast d = ./x e = %port:http% 'log-dir' = '%%20 %task%'}",
            "args",
            {
                "a": 1,
                "b": True,
                "c": "fast",
                "d": "./x",
                "e": "%port:http%",
                "log-dir": "%%20 %task%",
            },
            id="arguments",
        ),
        pytest.param("env = {MODE = test}", "env", {"MODE": "test"}, id="environment"),
    ],
)
def test_what_a_job_may_say(extra: str, field: str, value: Json) -> None:
    assert the_job(extra)[field] == value


@pytest.mark.parametrize(
    ("extra", "code", "message", "way_out"),
    [
        pytest.param("replica = 3", "field", "'replica'", "'replicas'", id="misspelt"),
        pytest.param("Replicas = 3", "field", "'Replicas'", "'replicas'", id="capitals"),
        pytest.param("wombat = 3", "field", "'wombat'", "hidden", id="invented"),
        pytest.param("health = {prot = a}", "field", "in health", "'port'", id="misspelt within"),
        pytest.param("replicas = 0", "range", "too little", "borgcfg down", id="no replicas"),
        pytest.param("replicas = 10_000_000", "range", "10,000,000", "100,000", id="10 million"),
        pytest.param("replicas = -1", "range", "too little", "", id="negative replicas"),
        pytest.param("replicas = 2.5", "type", "no whole number", "", id="half a replica"),
        pytest.param("replicas = '10'", "type", "not a string", "without quotes", id="quoted"),
        pytest.param("replicas = 10s", "unit", "not a duration", "", id="seconds of replicas"),
        pytest.param("replicas = ten", "name", "unknown name 'ten'", "", id="a word for a number"),
        pytest.param("requirements = {ram = -1M}", "range", "too little", "", id="negative RAM"),
        pytest.param("requirements = {ram = 1EB}", "range", "too much", "1 PiB", id="absurd RAM"),
        pytest.param("requirements = {ram = 100m}", "unit", "0.1 bytes", "100M", id="milli-RAM"),
        pytest.param("requirements = {ram = 30s}", "unit", "duration", "", id="RAM in seconds"),
        pytest.param("requirements = {ram = lots}", "name", "'lots'", "", id="RAM in words"),
        pytest.param("requirements = {cpu = 100M}", "range", "too much", "100m", id="mega-cores"),
        pytest.param("requirements = {cpu = 1GiB}", "unit", "bytes", "", id="cores in bytes"),
        pytest.param("requirements = {ram = 1 RAM = 1}", "duplicate", "'ram' twice", "", id="RAM"),
        pytest.param("requirements = 100M", "type", "a record", "", id="no record"),
        pytest.param("priority = prodution", "range", "'prodution'", "'production'", id="band"),
        pytest.param("priority = 451", "range", "too much", "0 to 450", id="priority"),
        pytest.param("restart = sometimes", "range", "'sometimes'", "always", id="restart"),
        pytest.param("notice = 5", "unit", "a plain number", "5s?", id="a bare duration"),
        pytest.param("notice = 2h", "range", "too much", "600s", id="a long notice"),
        pytest.param("health = {interval = 1ms}", "range", "too little", "0.1s", id="interval"),
        pytest.param("health = {path = 'ok'}", "range", "'ok'", "begins with '/'", id="no path"),
        pytest.param("user = 'a b'", "range", "'a b'", "1 to 63", id="a bad user name"),
        pytest.param("args = {p = %prot%}", "placeholder", "%prot%", "%port%", id="placeholder"),
        pytest.param("args = {p = 'x %cel% y'}", "placeholder", "%cel%", "%cell%", id="in text"),
        pytest.param("args = {a = {b = 1}}", "type", "not a record", "", id="a record"),
        pytest.param("args = {a = [1]}", "type", "not a list", "", id="a list"),
        pytest.param("args = {a = null}", "type", "not a null", "", id="null"),
        pytest.param("args = {'a b' = 1}", "range", "'a b'", "", id="a blank in a name"),
        pytest.param("env = {A = 'x\\0'}", "range", "zero character", "", id="a zero character"),
        pytest.param("args = {user = user}", "cycle", "'user'", "quote it", id="a cycle"),
    ],
)
def test_what_a_job_may_not_say(extra: str, code: str, message: str, way_out: str) -> None:
    error = error_of(job_text(extra))
    (diagnostic,) = error.diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message
    assert way_out in " ".join((diagnostic.label, *diagnostic.notes, diagnostic.help))


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        pytest.param("job j = {}", "missing", "runtime.cell", id="nothing"),
        pytest.param("job j = {runtime = {} binary = /x}", "missing", "runtime.cell", id="cell"),
        pytest.param("job j = {runtime = {cell = ic}}", "missing", "binary", id="binary"),
        pytest.param(
            "job j = {runtime = {cell = 'i c'} binary = /x}", "range", "'i c'", id="a bad cell name"
        ),
        pytest.param(
            "job j = {runtime = {cell = 5} binary = /x}", "type", "not a int", id="a number as cell"
        ),
        pytest.param(
            "job '5 j' = {runtime = {cell = ic} binary = /x}", "range", "'5 j'", id="a bad job name"
        ),
        pytest.param("job j = 3", "type", "not a int", id="no record"),
        pytest.param("job = 1\njob j = {}", "duplicate", "'job'", id="a field named job"),
    ],
)
def test_what_is_no_job(source: str, code: str, message: str) -> None:
    diagnostics = error_of(source).diagnostics
    assert (code, True) in [(d.code, message in d.message) for d in diagnostics]


def test_a_name_that_exists_beats_a_bare_word() -> None:
    source = "local ic = 'other'\n" + job_text("")
    assert evaluate_text(source)["job"] == {
        "j": {"name": "j", "runtime": {"cell": "other"}, "binary": "/b/x"}
    }


def test_fields_of_ones_own_may_be_hidden() -> None:
    assert the_job("hidden wombats = 3 replicas = wombats")["replicas"] == 3


def test_the_schema_has_the_fields_of_the_job_spec() -> None:
    groups = {
        name: kind for name, kind in schema.JOB.fields.items() if isinstance(kind, schema.Group)
    }

    def fields(struct: type) -> set[str]:
        return {name.removesuffix("_ms") for name in struct.__struct_fields__}  # type: ignore[attr-defined]

    assert set(groups["health"].fields) == fields(HealthCheck)
    assert set(groups["update"].fields) == fields(UpdatePolicy)
    assert set(groups["requirements"].fields) == fields(Resources) - {"ports", "extra"}
    job = fields(JobSpec) - {"name", "cell", "task"} | {"runtime"}
    task = fields(TaskSpec) - {"package", "ports"} | {"binary"}
    assert set(schema.JOB.fields) == job | task


def test_the_limits_are_those_of_admission() -> None:
    assert schema.MAX_REPLICAS == limits.MAX_REPLICAS
    assert schema.MAX_CORES * 1000 == limits.MAX_CPU_MILLIS
    assert schema.MAX_RAM == limits.MAX_RAM_BYTES
    assert schema.MAX_DISK == limits.MAX_DISK_BYTES
    assert schema.MAX_NOTICE_SECONDS * 1000 == limits.MAX_NOTICE_MS
    assert schema.MAX_HEALTH_SECONDS * 1000 == limits.MAX_HEALTH_MS
    assert schema.MIN_INTERVAL_SECONDS * 1000 == limits.MIN_INTERVAL_MS
