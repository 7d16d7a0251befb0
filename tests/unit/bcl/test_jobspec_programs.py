"""The programs of the shipped job specs do what they should."""

import os
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from borgpy.shipped import shipped

SERVER = shipped("jobspecs") / "hello_world_webserver"


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


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(shipped("jobspecs") / program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_the_words_that_workers_count_are_added_up_by_the_master(tmp_path: Path) -> None:
    shards = [f"--spool={tmp_path}/spool", "--shards=3"]
    counted = [
        run("wordcount/wordcount", "--role=worker", f"--shard={shard}", *shards)
        for shard in range(3)
    ]
    assert [done.returncode for done in counted] == [0, 0, 0]
    words = Counter((shipped("jobspecs") / "wordcount/wordcount").read_text().split())
    assert sum(int(done.stdout.split()[2]) for done in counted) == words.total()
    master = run("wordcount/wordcount", "--role=master", *shards)
    found = {line.split()[1]: int(line.split()[0]) for line in master.stdout.splitlines()}
    assert len(found) == 10
    assert all(words[word] == count for word, count in found.items())


def test_a_nightly_step_says_that_it_is_done() -> None:
    done = run("nightly/nightly", "--work=merge", "--day=2026-01-31", "--within=600s")
    assert done.stdout.splitlines() == ["merge for 2026-01-31, within 600s", "merge is done"]
    assert run("nightly/nightly", "--wrok=merge").returncode == 64
