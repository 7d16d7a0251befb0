"""Declarations: jobs, services, allocs, packages and templates, and what their schemas refuse."""

from tests.unit.bcl.cases.case import case, error, part


def job(fields: str, name: str = "j") -> str:
    """The smallest job, with ``fields`` in it."""
    return f"job {name} = {{ runtime = {{ cell = ic }} binary = /b/x {fields} }}"


CASES = (
    case(
        "the smallest job",
        job(""),
        {"job": {"j": {"name": "j", "runtime": {"cell": "ic"}, "binary": "/b/x"}}},
    ),
    case(
        "every declaration under its kind",
        "a = 1\ntemplate t = {runtime = {cell = ic} binary = /b/x}\njob j = t {}\nservice s = t {}\nalloc al = {runtime = {cell = ic}}\nalloc_set as = {runtime = {cell = ic}}\npackage p = {path = ./p}",
        {
            "a": 1,
            "job": {"j": {"name": "j", "runtime": {"cell": "ic"}, "binary": "/b/x"}},
            "service": {"s": {"name": "s", "runtime": {"cell": "ic"}, "binary": "/b/x"}},
            "alloc": {"al": {"name": "al", "runtime": {"cell": "ic"}}},
            "alloc_set": {"as": {"name": "as", "runtime": {"cell": "ic"}}},
            "package": {"p": {"name": "p", "path": "./p"}},
        },
    ),
    case("only templates come to nothing", "template t = {replicas = 'x' + 1}", {}),
    case(
        "a template may be any record",
        "template t = {n: int, whatever = n}\nx = t {n = 1}",
        {"x": {"n": 1, "whatever": 1}},
    ),
    part(
        "bare words where text is wanted",
        job("user = alice priority = production"),
        "job.j",
        {"user": "alice", "priority": "production"},
    ),
    part(
        "text may be computed",
        "local zone = 'ic'\njob j = {runtime = {cell = zone} binary = '/b/' + zone args = {z = f'{zone}-1'}}",
        "job.j",
        {"runtime": {"cell": "ic"}, "binary": "/b/ic", "args": {"z": "ic-1"}},
    ),
    part(
        "numbers may be computed",
        job("requirements = {ram = 2 * 1GiB, cpu = 1 / 4, disk = 1G + 500M} replicas = 6 / 2"),
        "job.j",
        {"requirements": {"ram": 2 << 30, "cpu": 0.25, "disk": 1500000000}, "replicas": 3},
    ),
    part(
        "capitals in requirements",
        job("requirements = {RAM = 1M, Cpu = 1, DISK = 2M}"),
        "job.j.requirements",
        {"ram": 10**6, "cpu": 1, "disk": 2 * 10**6},
    ),
    part(
        "blocks of a job",
        job("requirements { ram = 1M } args { a = 1 }"),
        "job.j",
        {"requirements": {"ram": 10**6}, "args": {"a": 1}},
    ),
    part(
        "capitals over small letters",
        job("requirements { ram = 1M }", "a")
        + "\njob b = a { requirements { ram = super.ram * 2 } }",
        "job.b.requirements",
        {"ram": 2 * 10**6},
    ),
    part(
        "a job of a job of a template",
        "template t = {hidden n = 1, runtime = {cell = ic} binary = /b/x replicas = n * 2}\njob a = t {n = 2}\njob b = a {n = 3, args {x = up.replicas}}",
        "job",
        {"a": {"replicas": 4}, "b": {"replicas": 6, "args": {"x": 6}}},
    ),
    part(
        "the same template for all",
        "template t = {runtime = {cell = ic} binary = /b/x args = {a = 1}}\njob a = t {args {b = 2}}\njob b = t {args = {c = 3}}\njob c = t {}",
        "job",
        {"a": {"args": {"a": 1, "b": 2}}, "b": {"args": {"c": 3}}, "c": {"args": {"a": 1}}},
    ),
    part(
        "hidden fields of a job are no fields of the schema",
        job("hidden wombats = 3 replicas = wombats local k = 1 args = {k = up.replicas}"),
        "job.j",
        {"replicas": 3, "args": {"k": 3}},
    ),
    part(
        "values of arguments",
        job("args = {a = 1, b = 0.5, c = true, d = 'x y', e = word, f = ./p, g = ''}"),
        "job.j.args",
        {"a": 1, "b": 0.5, "c": True, "d": "x y", "e": "word", "f": "./p", "g": ""},
    ),
    part("a priority by number", job("priority = 200"), "job.j", {"priority": 200}),
    part(
        "the environment", job("env = {MODE = test, N = 3}"), "job.j.env", {"MODE": "test", "N": 3}
    ),
    part("after another job", job("after = 'extract'"), "job.j", {"after": "extract"}),
    part(
        "a job from imported code",
        "local lib = import 'lib.borg'\njob j = lib.Web {port = 80}",
        "job.j",
        {"args": {"port": 80}, "binary": "/b/x"},
        files={
            "lib.borg": "hidden Web = {hidden port: int, runtime = {cell = ic} binary = /b/x args = {port = up.port}}"
        },
    ),
    error(
        "a misspelt field, at its place",
        job("\n  replica = 3"),
        "field",
        "'replica'",
        "did you mean 'replicas'?",
        "job j",
        at="2:3",
    ),
    error(
        "a misspelt field within",
        job("runtime = {cel = ic}", "j").replace("runtime = { cell = ic } ", ""),
        "field",
        "'cel'",
        "cell",
    ),
    error(
        "an input of a template that is not hidden",
        "template t = {i: int, runtime = {cell = ic} binary = /b/x}\njob j = t {i = 4}",
        "field",
        "'i'",
        "hidden",
    ),
    error(
        "an input that nobody gave",
        "template t = {hidden i: int, runtime = {cell = ic} binary = /b/x args = {i = up.i}}\njob j = t {}",
        "missing",
        "i",
    ),
    error(
        "a field that the schema needs",
        "job j = {runtime = {cell = ic}}",
        "missing",
        "binary",
        at="1:5",
    ),
    error("both that the schema needs", "job j = {}", "missing", "runtime", "binary"),
    error(
        "ram in capitals and in small letters",
        job("requirements = {ram = 1M, RAM = 2M}"),
        "duplicate",
        "ram",
    ),
    error("capitals are folded in requirements only", job("Replicas = 3"), "field", "replicas"),
    error(
        "ram in milli, wherever it comes from",
        "local m = 100m\n" + job("requirements = {ram = m}"),
        "unit",
        "0.1",
    ),
    error("a fraction of a byte", job("requirements = {ram = 1.5}"), "unit", "1.5"),
    error("cpu in bytes", job("requirements = {cpu = 1GiB}"), "unit", "bytes"),
    error("negative cpu", job("requirements = {cpu = -1}"), "range"),
    error("negative ram", job("requirements = {ram = -5M}"), "range"),
    error("no replicas", job("replicas = 0"), "range", "replicas"),
    error("a fraction of a replica", job("replicas = 2.5"), "type", "replicas"),
    error("replicas as text", job("replicas = '3'"), "type", "replicas"),
    error("replicas in bytes", job("replicas = 3KiB"), "unit", "replicas"),
    error("replicas as a word", job("replicas = many"), "name", "many"),
    error("a band that is none", job("priority = prodution"), "range", "did you mean 'production'"),
    error("a priority beyond the bands", job("priority = 1000"), "range", "priority"),
    error("text as requirements", job("requirements = 'lots'"), "type", "requirements"),
    error("a number as the cell", "job j = {runtime = {cell = 5} binary = /b/x}", "type", "cell"),
    error("a list as an argument", job("args = {a = [1]}"), "type", "a"),
    error("null as an argument", job("args = {a = null}"), "type", "a"),
    error("a function as an argument", job("args = {a = len}"), "type"),
    error("an argument's mistake is told once", job("args = {a = 1 / 0}"), "arith", at="1"),
    error("a job that is no record", "job j = 5", "type", "record"),
    error("a job that is a list", "job j = [1]", "type"),
    error("two jobs of one name", job("") + "\n" + job(""), "duplicate", "j", at="2:5"),
    error(
        "two templates of one name", "template t = {}\ntemplate t = {}", "duplicate", "t", at="2:10"
    ),
    error("a job and a template of one name", "template j = {}\n" + job(""), "duplicate", "j"),
    error(
        "a name with a blank", "job 'a b' = {runtime = {cell = ic} binary = /b/x}", "range", "a b"
    ),
    error("an empty name", "job '' = {runtime = {cell = ic} binary = /b/x}", "range"),
    error("a reserved word as a job", "job if = {}", "syntax"),
    error("a job without a value", "job j", "syntax"),
    error("a job as a block", "job j { runtime = {cell = ic} }", "syntax", "="),
    error("a misspelt kind", "jobb j = {}", "syntax", "job"),
    error(
        "mistakes in several jobs, all of them",
        job("replica = 1", "a")
        + "\n"
        + job("replicas = 0", "b")
        + "\n"
        + job("priority = prodution", "c"),
        "field",
        "1:",
        "2:",
        "3:",
    ),
    error(
        "a template's mistake is told where it stands",
        "template t = {\n  runtime = {cell = ic} binary = /b/x\n  replica = 3\n}\njob a = t {}\njob b = t {}",
        "field",
        "replicas",
        at="3:3",
    ),
    error("a job in itself", "job j = j {replicas = 2}", "cycle", "j"),
    error(
        "an argument that shadows, up is offered",
        job("hidden user_name = a args = {user_name = user_name}"),
        "cycle",
        "up.user_name",
    ),
)
