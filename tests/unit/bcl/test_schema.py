"""The schema of a job is closed, typed and within the limits of admission."""

import pytest

from borgpy.bcl import evaluate_text
from borgpy.bcl.evaluating.export import Json
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
        pytest.param(
            "requirements = {extra = {gpu_millis = 500 flash = 1GiB}}",
            "requirements",
            {"extra": {"gpu_millis": 500, "flash": 1 << 30}},
            id="a resource of the cell's own",
        ),
        pytest.param("appclass = latency_sensitive", "appclass", "latency_sensitive"),
        pytest.param("labels = {track = canary v = 2}", "labels", {"track": "canary", "v": 2}),
        pytest.param("quota_user = ads", "quota_user", "ads", id="another's quota"),
        pytest.param(
            "ports = [admin, {name = dns number = 53}]",
            "ports",
            ["admin", {"name": "dns", "number": 53}],
            id="ports",
        ),
        pytest.param("alloc = room", "alloc", "room", id="an alloc set"),
        pytest.param("after = 'bob/etl'", "after", "bob/etl", id="after another's job"),
        pytest.param("after = [a, b]", "after", ["a", "b"], id="after two jobs"),
        pytest.param(
            "packages = [data, {path = ./model.bin}]",
            "packages",
            ["data", {"path": "./model.bin"}],
            id="packages",
        ),
        pytest.param(
            "replicas = 9 overrides = [{tasks = 0 args = {leader = true}}, {tasks = '1,3-5' env = {A = b}}]",
            "overrides",
            [
                {"tasks": 0, "args": {"leader": True}},
                {"tasks": "1,3-5", "env": {"A": "b"}},
            ],
            id="overrides",
        ),
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
        pytest.param(
            "requirements = {licences = 1}", "field", "'licences'", "extra = {", id="no such thing"
        ),
        pytest.param(
            "requirements = {ram = 1G / 7}",
            "unit",
            "1.42857e+08 bytes",
            "ceil",
            id="part of a byte",
        ),
        pytest.param(
            "requirements = {extra = {gpu = 0.5}}", "type", "no whole number", "", id="half a GPU"
        ),
        pytest.param(
            "requirements = {extra = {'a b' = 1}}", "range", "'a b'", "1 to 63", id="no name"
        ),
        pytest.param(
            "requirements = {cpu = 0.0001}",
            "range",
            "0.1 milli-cores",
            "ceil",
            id="a tiny bit of CPU",
        ),
        pytest.param("notice = 1500us", "range", "1.5 milliseconds", "", id="half a millisecond"),
        pytest.param("user = max", "type", "a function", "quote it", id="a function for a name"),
        pytest.param("user = runtime", "type", "a record", "quote it", id="a record for a name"),
        pytest.param("replicas = null", "type", "not null", "", id="no number"),
        pytest.param("appclass = fast", "range", "'fast'", "batch", id="appclass"),
        pytest.param("env = {'a-b' = 1}", "range", "'a-b'", "letters", id="a variable's name"),
        pytest.param("labels = {'-x' = 1}", "range", "'-x'", "label", id="a label"),
        pytest.param(
            'args = {a = join(["x" for i in range(200_000)])}',
            "range",
            "200,000",
            "a file",
            id="long",
        ),
        pytest.param("after = [a, 5]", "type", "after.1 wants text", "", id="no job's name"),
        pytest.param("after = 'a/b/c'", "range", "'a/b/c'", "USER/JOB", id="whose job"),
        pytest.param("ports = [{name = a number = 0}]", "range", "ports.0.number", "", id="port 0"),
        pytest.param("ports = [{number = 80}]", "missing", "ports.0.name", "", id="nameless port"),
        pytest.param(
            "overrides = [{args = {a = 1}}]",
            "missing",
            "overrides.0.tasks",
            "'0,2,5-9'",
            id="whose",
        ),
        pytest.param(
            "overrides = [{tasks = '5-2'}]", "range", "'5-2'", "for example", id="tasks backwards"
        ),
        pytest.param("overrides = {tasks = 0}", "type", "a list", "", id="no list of overrides"),
        pytest.param(
            "packages = [{version = '1'}]", "missing", "a path or", "./data", id="of what"
        ),
        pytest.param("user = 'a b'", "range", "'a b'", "1 to 63", id="a bad user name"),
        pytest.param("args = {p = %prot%}", "placeholder", "%prot%", "%port%", id="placeholder"),
        pytest.param("args = {p = 'x %cel% y'}", "placeholder", "%cel%", "%cell%", id="in text"),
        pytest.param("args = {a = {b = 1}}", "type", "not a record", "", id="a record"),
        pytest.param("args = {a = [1]}", "type", "not a list", "", id="a list"),
        pytest.param("args = {a = null}", "type", "not null", "", id="null"),
        pytest.param("args = {'a b' = 1}", "range", "'a b'", "", id="a blank in a name"),
        pytest.param("env = {A = 'x\\0'}", "range", "zero character", "", id="a zero character"),
        pytest.param("args = {user = user}", "cycle", "'user'", "up.user", id="a cycle"),
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
            "job j = {runtime = {cell = 5} binary = /x}",
            "type",
            "not an int",
            id="a number as cell",
        ),
        pytest.param(
            "job '5 j' = {runtime = {cell = ic} binary = /x}", "range", "'5 j'", id="a bad job name"
        ),
        pytest.param("job j = 3", "type", "not an int", id="no record"),
        pytest.param("job = 1\n" + job_text(""), "duplicate", "'job'", id="a field named job"),
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


@pytest.mark.parametrize("field", ["user", "alloc", "health", "quota_user"])
def test_null_takes_back_what_was_inherited(field: str) -> None:
    value = "{}" if field == "health" else "x"
    source = job_text(f"{field} = {value}") + f"\njob k = j {{ {field} = null }}"
    jobs = evaluate_text(source)["job"]
    assert isinstance(jobs, dict)
    assert field in jobs["j"]  # type: ignore[operator]
    assert field not in jobs["k"]  # type: ignore[operator]


def test_all_mistakes_are_found_at_once() -> None:
    error = error_of(
        job_text("replica = 1 notice = 5 health = {prot = a} args = {a = [] b = %x%} labels = 3")
    )
    assert [diagnostic.code for diagnostic in error.diagnostics] == [
        "field",
        "unit",
        "field",
        "type",
        "placeholder",
        "type",
    ]


def test_what_fails_to_evaluate_does_not_hide_the_rest() -> None:
    error = error_of(job_text("replicas = 1 / 0 requirements = {ram = nope + 1} notice = 5"))
    assert [diagnostic.code for diagnostic in error.diagnostics] == ["arith", "name", "unit"]


INHERITED = """\
template base = { runtime = { cell = ic } binary = /x wombats = 1 notice = 5 }
job a = base {}
job b = base { replicas = 0 }
"""


def test_a_templates_mistake_is_told_once_with_the_way_that_led_to_it() -> None:
    inherited, notice, own = error_of(INHERITED).diagnostics
    assert str(inherited.span) == "main.borg:1:55"
    assert inherited.message == "unknown field 'wombats' in job a"
    assert [step.what for step in inherited.via] == ["job a", "extends template base"]
    assert notice.via == inherited.via
    assert (str(own.span), own.via) == ("main.borg:3:27", ())


def test_an_editor_can_mend_a_misspelt_field() -> None:
    (diagnostic,) = error_of(job_text("replica = 3")).diagnostics
    change, hide = diagnostic.fixes
    assert [(edit.text, str(edit.span)) for edit in change.edits] == [
        ("replicas", "main.borg:1:49")
    ]
    assert [edit.text for edit in hide.edits] == ["hidden "]


def test_the_wrong_unit_can_be_mended() -> None:
    for written, mended in (("ram = 100m", "100M"), ("cpu = 100M", "100m")):
        (diagnostic,) = error_of(job_text(f"requirements = {{ {written} }}")).diagnostics
        assert [edit.text for fix in diagnostic.fixes for edit in fix.edits] == [mended]


def test_capitals_may_not_override_small_letters() -> None:
    source = job_text("requirements = {ram = 1G}") + "\njob k = j { requirements { RAM = 2G } }"
    (diagnostic,) = error_of(source).diagnostics
    assert (diagnostic.code, str(diagnostic.span)) == ("duplicate", "main.borg:2:28")
    assert "main.borg:1:65" in diagnostic.notes[0]
