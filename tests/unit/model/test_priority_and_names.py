"""Bands, who may preempt whom, and what things are called."""

import pytest

from borgpy.model.names import JobKey, bns_name, is_name, job_key, split_job
from borgpy.model.priority import Band, band_of, may_preempt
from borgpy.model.resources import Resources, amount_text


@pytest.mark.parametrize(
    ("priority", "band"),
    [
        (0, Band.FREE),
        (99, Band.FREE),
        (100, Band.BATCH),
        (115, Band.BATCH),
        (116, Band.MID),
        (119, Band.MID),
        (120, Band.PRODUCTION),
        (359, Band.PRODUCTION),
        (360, Band.MONITORING),
        (450, Band.MONITORING),
    ],
)
def test_bands_are_those_of_the_2019_trace(priority: int, band: Band) -> None:
    assert band_of(priority) is band


@pytest.mark.parametrize("priority", [-1, 451])
def test_other_priorities_have_no_band(priority: int) -> None:
    with pytest.raises(ValueError, match=str(priority)):
        band_of(priority)


@pytest.mark.parametrize(
    ("preemptor", "victim", "allowed"),
    [
        pytest.param(110, 0, True, id="a higher band preempts a lower one"),
        pytest.param(105, 100, True, id="within the batch band the higher number wins"),
        pytest.param(100, 100, False, id="equals leave each other alone"),
        pytest.param(300, 200, False, id="production never preempts production"),
        pytest.param(400, 200, True, id="monitoring preempts production"),
        pytest.param(0, 200, False, id="nobody preempts upwards"),
    ],
)
def test_who_may_preempt_whom(preemptor: int, victim: int, allowed: bool) -> None:
    assert may_preempt(preemptor, victim) is allowed


def test_a_task_has_a_name_like_in_borg() -> None:
    assert bns_name("cc", job_key("ubar", "jfoo"), 50, "google.com") == (
        "50.jfoo.ubar.cc.borg.google.com"
    )
    assert split_job(JobKey("ubar/jfoo")) == ("ubar", "jfoo")


@pytest.mark.parametrize("name", ["web", "hello_world", "_x", "a-b", "A9"])
def test_names_that_may_be_used(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "9lives", "-x", "a/b", "a b", "ä", "x" * 64, "a\n", "a."])
def test_names_that_may_not(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    ("dimension", "amount", "text"),
    [
        ("cpu", 100, "0.1 cores"),
        ("cpu", 1000, "1 core"),
        ("ports", 1, "1 port"),
        ("ram", 100_000_000, "95.4 MiB"),
        ("disk", 1 << 30, "1 GiB"),
        ("ports", 3, "3 ports"),
        ("gpu_millis", 1500, "1,500 gpu_millis"),
    ],
)
def test_amounts_read_as_people_say_them(dimension: str, amount: int, text: str) -> None:
    assert amount_text(dimension, amount) == text


def test_equal_vectors_are_equal_bytes_whatever_the_order_they_were_told_in() -> None:
    import msgspec

    one = Resources(extra={"b": 1, "a": 2, "zero": 0})
    other = Resources(extra={"a": 2, "b": 1})
    assert one == other
    assert hash(one) == hash(other)
    assert msgspec.msgpack.encode(one) == msgspec.msgpack.encode(other)
