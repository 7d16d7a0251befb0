"""Where values come from, and what messages tell of it."""

import pytest

from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.evaluate import Evaluated, evaluate
from borgpy.bcl.explain import explain, steps_of
from borgpy.bcl.loading.program import MemoryFiles, load
from borgpy.errors import InvalidConfig

LIBRARY = """\
hidden base = {
  ram = 100M
  replicas = 3
  total = ram * replicas
  flags = ["-v"]
  limits = { cpu = 1, disk = 1G }
  port: int
}
"""

WEB = """\
local lib = import "lib/base.borg"
web = lib.base {
  ram = super.ram * 4
  flags += ["-x"]
  limits { cpu = 2 }
  port = 80
}
"""


def evaluated(source: str, **files: str) -> Evaluated:
    tree = {name.replace("__", "/") + ".borg": text for name, text in files.items()}
    return evaluate(load(Source("main.borg", source), MemoryFiles(tree)))


def explained(path: str, source: str = WEB) -> str:
    return explain(evaluated(source, lib__base=LIBRARY), path).render()


def test_a_value_names_every_layer_that_sets_it() -> None:
    assert explained("web.ram") == (
        "400,000,000 (as bytes 381.5 MiB)\n"
        "  main.borg:3:9      super.ram * 4  = 400000000   (override, wins in web)\n"
        "  lib/base.borg:2:9  100M           = 100000000   (inherited in base,"
        " imported at main.borg:1:13)"
    )


def test_an_inherited_value_has_the_layer_it_was_written_in() -> None:
    assert explained("web.total").splitlines()[1] == (
        "  lib/base.borg:4:11  ram * replicas  = 1200000000"
        "   (set in base, imported at main.borg:1:13)"
    )


def test_a_list_that_was_added_to_tells_both_parts() -> None:
    told = explained("web.flags").splitlines()
    assert told[0] == '["-v", "-x"] (list)'
    assert '+= ["-x"]' in told[1]
    assert "adds, wins" in told[1]
    assert "inherited" in told[2]


def test_a_field_within_an_extended_record_has_the_layers_of_that_record() -> None:
    told = explained("web.limits.cpu").splitlines()
    assert told[1].split() == [
        "main.borg:5:18",
        "2",
        "=",
        "2",
        "(override,",
        "wins",
        "in",
        "web.limits)",
    ]
    assert told[2].startswith("  lib/base.borg:6:20  1  = 1   (inherited in base.limits")


def test_an_untouched_field_of_an_extended_record_comes_from_below() -> None:
    assert "lib/base.borg:6:30" in explained("web.limits.disk")


def test_a_declared_type_is_a_layer_and_a_schema() -> None:
    told = explained("web.port")
    assert "main.borg:6:10" in told
    assert ": int" in told
    assert "(declared in base" in told
    assert told.splitlines()[-1].split() == ["schema", "port:", "int"]


JOB = """\
job web = {
  runtime = { cell = "ic" }
  binary = /b/web
  requirements = { RAM = 100M }
}
job big = web { requirements { RAM = super.RAM * 4 } }
"""


def test_a_field_of_a_job_is_explained_as_the_specification_shows_it() -> None:
    assert explained("job.big.requirements.ram", JOB) == (
        "400,000,000 B (381.5 MiB)\n"
        "  main.borg:6:38  super.RAM * 4  = 400000000   (override, wins in job big.requirements)\n"
        "  main.borg:4:26  100M           = 100000000   (inherited in job web.requirements)\n"
        "  schema          requirements.ram: bytes, up to 1 PiB"
    )


def test_a_whole_job_is_explained_by_the_records_it_is_made_of() -> None:
    assert explained("job.big", JOB).splitlines()[1:] == [
        "  main.borg:6:5  job big     (the record)",
        "  main.borg:1:5  job web     (extends)",
    ]


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        pytest.param("job.web.args", ("job", "web", "args"), id="plain names"),
        pytest.param('a."log-dir".b', ("a", "log-dir", "b"), id="a quoted name"),
        pytest.param("a['x y']", ("a[", "x y", "]"), id="brackets hold numbers only"),
        pytest.param("cells[0].name", ("cells", 0, "name"), id="an index"),
    ],
)
def test_paths(path: str, steps: tuple[str | int, ...]) -> None:
    if path == "a['x y']":
        with pytest.raises(InvalidConfig, match="is no path"):
            steps_of(path)
    else:
        assert steps_of(path) == steps


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        pytest.param("webb.ram", "'webb' is not a field", "did you mean 'web'?", id="misspelt"),
        pytest.param("web.ram.x", "web.ram is 400,000,000", "", id="into a number"),
        pytest.param("web.flags[7]", "web.flags has 2 items", "", id="beyond a list"),
        pytest.param("", "the path is empty", "", id="empty"),
    ],
)
def test_a_path_that_leads_nowhere(path: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        explained(path)
    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith(hint)


def failure(source: str, **files: str) -> str:
    with pytest.raises(BclError) as caught:
        evaluated(source, **files)
    return caught.value.message


def test_a_mistake_tells_the_values_involved_and_the_layers_it_was_reached_through() -> None:
    source = 'local lib = import "lib/base.borg"\nweb = lib.base {\n  ram = "1G"\n  port = 1\n}\n'
    assert failure(source, lib__base=LIBRARY) == (
        "lib/base.borg:4:15: error[type]: '*' does not apply to string and int\n"
        "    4 |   total = ram * replicas\n"
        "      |               ^\n"
        '  where ram = "1G" (string)  set at main.borg:3:9   in web\n'
        "        replicas = 3         set at lib/base.borg:3:14   in base\n"
        "  via   web           main.borg:2:1\n"
        "        extends base  lib/base.borg:1:8, imported at main.borg:1:13"
    )


def test_a_cycle_tells_its_way_round() -> None:
    assert failure("cost = unit * 2\nunit = cost / 3") == (
        "main.borg:1:8: error[cycle]: 'cost' depends on itself\n"
        "    1 | cost = unit * 2\n"
        "      |        ^^^^^^^^\n"
        "  note: cost (main.borg:1:1) -> unit (main.borg:2:1) -> cost\n"
        "  help: use super.cost for the inherited value, up.cost for the enclosing one"
    )


def test_an_inherited_name_that_is_read_without_self_is_pointed_at() -> None:
    told = failure("hidden knight = {armor = 1}\nk = knight { helmet = armor }")
    assert "knight (main.borg:1:8) has a field 'armor'" in told
    assert "inherited fields are read as self.armor" in told


def test_what_depends_on_something_broken_is_not_told_again() -> None:
    with pytest.raises(BclError) as caught:
        evaluated('a = 1 + "x"\nb = a\nc = {d = b}\ne = nope')
    assert [d.code for d in caught.value.diagnostics] == ["type", "name"]


def test_at_most_twenty_mistakes_are_told_and_the_others_counted() -> None:
    with pytest.raises(BclError) as caught:
        evaluated("".join(f"x{i} = nope{i}\n" for i in range(50)))
    assert len(caught.value.diagnostics) == 20
    assert caught.value.message.endswith("and 30 more errors")
