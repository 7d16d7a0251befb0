"""What the shipped job specs come to, and that their programs lie where they say."""

import os
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from borgpy.admission.unsupported import unsupported
from borgpy.admission.validate import problems_of
from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.evaluate import Evaluated, evaluate
from borgpy.bcl.jobs import alloc_declarations_of, declarations_of
from borgpy.bcl.loading.program import load
from borgpy.bcl.reading.format import format_text
from borgpy.cli.project import RootFiles
from borgpy.model.spec import Package
from borgpy.shipped import shipped
from tests.unit.bcl.samples import LECTURE

JOBSPECS = shipped("jobspecs")
LISTING = LECTURE.replace("../hello_world_webserver", "./hello_world_webserver")

FILES = sorted(str(path.relative_to(JOBSPECS)) for path in JOBSPECS.rglob("*.borg"))
LIBRARIES = ("greeters/lib/service.borg", "storefront/storefront.borg")
RUNNABLE = [name for name in FILES if name not in LIBRARIES]
"""What a cell of this release takes: all that declare anything."""

NOTHING: Mapping[str, object] = {}


def evaluated(name: str, params: Mapping[str, object] = NOTHING) -> Evaluated:
    """What a file comes to, seen from its own folder, as `borgcfg` without a project around it sees it."""
    path = JOBSPECS / name
    program = load(Source(path.name, path.read_text()), RootFiles(path.parent))
    return evaluate(program, params)


def plain(name: str, params: Mapping[str, object] = NOTHING) -> dict[str, Any]:
    return dict(evaluated(name, params).plain())


@pytest.mark.parametrize("name", [name for name in FILES if name not in LIBRARIES])
def test_a_shipped_spec_declares_jobs_whose_programs_lie_where_it_says(name: str) -> None:
    jobs = declarations_of(evaluated(name))
    assert jobs
    for job in jobs:
        program = (JOBSPECS / name).parent / job.binary
        assert program.is_file()
        assert os.access(program, os.X_OK)


@pytest.mark.parametrize("name", FILES)
def test_a_shipped_spec_is_laid_out_as_any_file_should_be(name: str) -> None:
    source = Source(name, (JOBSPECS / name).read_text())
    assert format_text(source) == source.text


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_declares_nothing_by_itself(name: str) -> None:
    assert plain(name) == {}


@pytest.mark.parametrize("name", RUNNABLE)
def test_a_cell_of_this_release_would_take_it(name: str) -> None:
    file = evaluated(name)
    for job in declarations_of(file):
        spec = job.spec(Package(job.name, "0" * 64, 1), "you")
        assert (*problems_of(spec), *unsupported(spec)) == ()
    for alloc_set in alloc_declarations_of(file):
        assert problems_of(alloc_set.spec("you").job()) == ()


@pytest.mark.parametrize(
    ("name", "replicas"), [("hello_world.borg", "5"), ("hello_world_10k.borg", "10000")]
)
def test_hello_world_is_the_lectures_listing(name: str, replicas: str) -> None:
    text = (shipped("jobspecs") / name).read_text()
    assert text == LISTING.replace("10000", replicas)


def test_the_documentation_shows_the_lectures_listing() -> None:
    page = (Path(__file__).parents[3] / "docs" / "BCL.md").read_text()
    assert indent(LECTURE, "    ") in page


def test_a_storefront_is_the_same_everywhere_but_for_what_its_environment_says() -> None:
    dev = plain("storefront/dev.borg")["job"]["storefront_dev"]
    staging = plain("storefront/staging.borg")["job"]["storefront_staging"]
    prod = plain("storefront/prod.borg")["job"]["storefront"]
    assert [job["replicas"] for job in (dev, staging, prod)] == [1, 4, 40]
    assert [job["priority"] for job in (dev, staging, prod)] == ["batch", "batch", "production"]
    assert [job["update"] for job in (dev, staging, prod)] == [{"batch": n} for n in (1, 1, 4)]
    assert dev["env"] == {"STAGE": "dev", "DOMAIN": "dev.example.com", "VERBOSE": True}
    assert prod["env"] == {"STAGE": "prod", "DOMAIN": "www.example.com"}
    assert dev["requirements"]["ram"] == 64 << 20
    assert staging["requirements"] == prod["requirements"]
    assert prod["requirements"] == {"cpu": 0.1, "ram": 128 << 20, "disk": 50_000_000}
    for job in (dev, staging, prod):
        assert job["args"] == {"port": "%port%"}
        assert job["health"] == {"path": "/healthz", "grace": 10, "interval": 5}
        assert job["labels"]["owner"] == "storefront-team"


def test_the_canary_is_production_but_for_its_size_and_its_label() -> None:
    jobs = plain("storefront/prod.borg")["job"]
    canary, prod = jobs["storefront_canary"], jobs["storefront"]
    differing = {name for name in prod if prod[name] != canary[name]}
    assert differing == {"name", "replicas", "labels", "update", "overrides"}
    assert canary["labels"] == {**prod["labels"], "track": "canary"}


def test_greeters_are_one_service_for_each_language() -> None:
    services = plain("greeters/greeters.borg")["service"]
    assert {name: service["env"]["GREETING"] for name, service in services.items()} == {
        "greeter_english": "Hello",
        "greeter_german": "Guten Tag",
        "greeter_french": "Bonjour",
    }
    assert {service["replicas"] for service in services.values()} == {2}
    german = plain("greeters/greeters.borg", {"requests_per_second": 300, "only": "german"})
    assert list(german["service"]) == ["greeter_german"]
    assert german["service"]["greeter_german"]["replicas"] == 6
    assert german["service"]["greeter_german"]["labels"] == {
        "team": "greeters",
        "language": "german",
    }


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param("requirements { ram = 8MiB }", "a Python server needs 16 MiB", id="memory"),
        pytest.param("requirements { ram = 1GiB }", "must fit on disk", id="disk"),
        pytest.param("priority = 'production'", "too few for production", id="production"),
    ],
)
def test_the_library_says_what_a_service_must_not_do(change: str, complaint: str) -> None:
    folder = JOBSPECS / "greeters"
    text = (
        'local library = import "lib/service.borg"\n'
        f"service s = library.web {{ team = 'us', binary = /b, replicas = 2, {change} }}\n"
    )
    with pytest.raises(BclError, match=complaint) as error:
        evaluate(load(Source("main.borg", text), RootFiles(folder)))
    assert error.value.code == "assert"


@pytest.mark.parametrize("shards", [1, 4, 8])
def test_an_alloc_of_wordcount_has_room_for_a_worker_and_the_master(shards: int) -> None:
    result = plain("wordcount/wordcount.borg", {"shards": shards})
    jobs, room = result["job"], result["alloc_set"]["counting_room"]
    assert jobs["wordcount_workers"]["replicas"] == room["replicas"] == shards
    assert jobs["wordcount_workers"]["args"]["shard"] == "%replica%"
    for name in ("cpu", "ram", "disk"):
        inside = [job["requirements"][name] for job in jobs.values()]
        assert room["requirements"][name] == sum(inside)
    assert {job["alloc"] for job in jobs.values()} == {"counting_room"}


def test_the_nightly_batch_fetches_everything_before_it_merges() -> None:
    result = plain("nightly/nightly.borg", {"day": "2026-02-28", "sources": ["orders", "clicks"]})
    jobs = result["job"]
    assert list(jobs) == ["fetch_orders", "fetch_clicks", "merge", "report"]
    assert jobs["merge"]["after"] == ["fetch_orders", "fetch_clicks"]
    assert jobs["report"]["after"] == ["merge"]
    assert jobs["fetch_clicks"]["args"]["within"] == "1800s"
    assert {job["args"]["day"] for job in jobs.values()} == {"2026-02-28"}
    assert {job["priority"] for job in jobs.values()} == {"batch"}


@pytest.mark.parametrize(
    ("name", "params", "complaint"),
    [
        ("nightly/nightly.borg", {"day": "yesterday"}, "yesterday is no day"),
        ("wordcount/wordcount.borg", {"shards": 1000}, "1000 shards are no good idea"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(
    name: str, params: Mapping[str, object], complaint: str
) -> None:
    with pytest.raises(BclError, match=complaint):
        evaluated(name, params)
