"""The lecture's listing, and short ways to evaluate and to fail."""

import pytest

from borgpy.bcl import BclError, evaluate_text
from borgpy.bcl.evaluating.export import Json

LECTURE = """\
job hello_world = {
  runtime = { cell = ic } //what cell should run it in?
  binary = ../hello_world_webserver //what program to run?
  args = { port = %port% }
  requirements = {
    RAM = 100M
    disk = 100M
    CPU = 0.1
  }
  replicas = 10000
}
"""


def job_text(extra: str, binary: str = "/b/x") -> str:
    """A file with the smallest job there is, and ``extra`` in it."""
    return f"job j = {{ runtime = {{ cell = ic }} binary = {binary} {extra} }}"


def the_job(extra: str) -> dict[str, Json]:
    """The plain data of the smallest job with ``extra`` in it."""
    jobs = evaluate_text(job_text(extra))["job"]
    assert isinstance(jobs, dict)
    job = jobs["j"]
    assert isinstance(job, dict)
    return job


def error_of(source: str, filename: str = "main.borg") -> BclError:
    """What is wrong with ``source``."""
    with pytest.raises(BclError) as caught:
        evaluate_text(source, filename=filename)
    return caught.value
