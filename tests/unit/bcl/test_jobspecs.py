"""The shipped job specs are what the lecture shows, and their web server does what it should."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from textwrap import indent

import pytest

from borgpy.bcl import job_declarations
from borgpy.shipped import shipped
from tests.unit.bcl.samples import LECTURE

SERVER = shipped("jobspecs") / "hello_world_webserver"
LISTING = LECTURE.replace("../hello_world_webserver", "./hello_world_webserver")


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The web server on a free port, until the block is left."""
    process = subprocess.Popen(
        [SERVER, "--port=0", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], **environment},
    )
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline().rsplit(":", 1)[1].rstrip("/\n"))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def get(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("spec", sorted(shipped("jobspecs").glob("*.borg")), ids=lambda p: p.name)
def test_a_shipped_spec_declares_a_job_whose_program_lies_beside_it(spec: Path) -> None:
    (declaration,) = job_declarations(spec.read_text(), str(spec))
    program = spec.parent / declaration.binary
    assert program.is_file()
    assert os.access(program, os.X_OK)


@pytest.mark.parametrize(
    ("name", "replicas"), [("hello_world.borg", "5"), ("hello_world_10k.borg", "10000")]
)
def test_hello_world_is_the_lectures_listing(name: str, replicas: str) -> None:
    text = (shipped("jobspecs") / name).read_text()
    assert text == LISTING.replace("10000", replicas)


def test_the_documentation_shows_the_lectures_listing() -> None:
    page = (Path(__file__).parents[3] / "docs" / "BCL.md").read_text()
    assert indent(LECTURE, "    ") in page


def test_the_web_server_says_hello_with_the_name_of_its_task() -> None:
    with serving(BORG_TASK="ic/alice/hello_world/3") as (_, port):
        assert get(port, "/") == (200, "Hello, world! This is ic/alice/hello_world/3.\n")
        assert get(port, "/healthz") == (200, "ok\n")
        assert get(port, "/nope")[0] == 404


def test_a_silent_client_does_not_keep_the_web_server_from_others() -> None:
    with serving() as (_, port), socket.create_connection(("127.0.0.1", port)):
        assert get(port, "/healthz") == (200, "ok\n")


def test_the_web_server_ends_cleanly_when_told_to() -> None:
    with serving() as (process, port):
        assert get(port, "/healthz")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_taken_port_is_said_to_be_taken() -> None:
    with serving() as (_, port):
        second = subprocess.run(
            [SERVER, f"--port={port}"], capture_output=True, text=True, timeout=30, check=False
        )
    assert second.returncode == 1
    assert second.stderr == (
        f"hello_world_webserver: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    )


@pytest.mark.parametrize("argument", ["--port=abc", "--prot=80", "80", "--port=70000"])
def test_a_wrong_argument_is_named(argument: str) -> None:
    run = subprocess.run(
        [SERVER, argument], capture_output=True, text=True, timeout=30, check=False
    )
    assert run.returncode == 64
    assert repr(argument) in run.stderr
