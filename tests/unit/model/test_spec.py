"""Specs travel as they are, and old ones keep their digests."""

import msgspec
import pytest

from borgpy.model import constraints as c
from borgpy.model.names import JobKey, is_job_reference, key_of
from borgpy.model.overrides import IndexRange, Override
from borgpy.model.spec import AppClass, JobSpec
from tests.builders import A_PACKAGE, a_job, a_task_spec

EVERYTHING = a_job(
    task=msgspec.structs.replace(
        a_task_spec(),
        appclass=AppClass.LATENCY_SENSITIVE,
        packages=(A_PACKAGE,),
        fixed_ports={"port": 80},
    ),
    labels={"track": "canary"},
    alloc="room",
    after=("bob/etl",),
    overrides=(Override((IndexRange(0, 1),), args={"v": "1"}),),
    constraints=(
        c.Compare(attribute="arch", operator=c.Operator.IN, values=("arm64", "x86_64")),
        c.Limit(attribute="rack", most=2),
        c.Spread(attribute="zone", shares=(c.Share("a", 70),), weight=50),
        c.Exclusive(),
        c.Dedicated(pool="alice/redis"),
        c.Near(job="cache"),
        c.Away(job="bob/etl", attribute="rack", weight=1),
    ),
)


@pytest.mark.parametrize("spec", [a_job(), EVERYTHING])
def test_a_spec_comes_back_as_it_went(spec: JobSpec) -> None:
    assert msgspec.json.decode(msgspec.json.encode(spec), type=JobSpec) == spec
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(spec), type=JobSpec) == spec


def test_new_fields_do_not_restart_what_runs() -> None:
    assert a_task_spec().digest() == "029e157413a2f501b65290ca797be196", "as release 0.1.0 had it"


@pytest.mark.parametrize(
    ("name", "key"), [("web", "alice/web"), ("bob/web", "bob/web")], ids=["own", "another's"]
)
def test_a_job_is_named_from_where_one_stands(name: str, key: str) -> None:
    assert is_job_reference(name)
    assert key_of("alice", name) == JobKey(key)


@pytest.mark.parametrize("text", ["", "/", "a/", "/b", "a/b/c", "a b"])
def test_what_names_no_job(text: str) -> None:
    assert not is_job_reference(text)


@pytest.mark.parametrize("text", ["1", "1.5", ">= 1 <", "> x", "", ">=1,"])
def test_what_says_no_versions(text: str) -> None:
    assert not c.is_version_range(text)


@pytest.mark.parametrize("text", [">= 5.10", "==1", ">=1.2.3, < 2", "!= v4"])
def test_what_says_versions(text: str) -> None:
    assert c.is_version_range(text)
