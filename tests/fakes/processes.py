"""Real Borgmasters and Borglets in processes of their own, on loopback, for tests that talk to them over HTTP."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

TOKENS = {
    "root": ("root-token", ["read", "write", "admin"]),
    "alice": ("alice-token", ["read", "write"]),
    "guest": ("guest-token", ["read"]),
    "borglets": ("join-token", ["join"]),
}
CREDENTIAL = "the-credential"


class Served(msgspec.Struct):
    """A running Borgmaster, where it listens, and what it logged."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    data: Path


def write_secrets(folder: Path) -> tuple[Path, Path]:
    """The tokens file and the credential file of a cell."""
    tokens, credential = folder / "tokens.json", folder / "credential"
    tokens.write_text(
        json.dumps(
            [
                {
                    "user": user,
                    "sha256": hashlib.sha256(token.encode()).hexdigest(),
                    "rights": rights,
                }
                for user, (token, rights) in TOKENS.items()
            ]
        )
    )
    credential.write_text(CREDENTIAL)
    return tokens, credential


@contextmanager
def a_served_borgmaster(folder: Path, *flags: str, cell: str = "ic") -> Iterator[Served]:
    """Start one, wait until it serves, and end it by its own process id."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens, credential = write_secrets(folder)
    address_file, log = folder / "address", folder / "borgmaster.log"
    address_file.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "borgpy.cli.borgmaster", "--cell", cell),
        *("--data", str(folder / "data"), "--listen", "127.0.0.1:0"),
        *("--tokens", str(tokens), "--credential", str(credential)),
        *("--address-file", str(address_file), *flags),
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 30
        while not address_file.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the Borgmaster does not serve:\n{log.read_text()}")
            time.sleep(0.02)
        yield Served(process, address_file.read_text().strip(), log, folder / "data")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


@contextmanager
def a_borglet(served: Served, folder: Path, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Borglet that joins ``served``. Its tasks are stopped with it, and it ends by its own process id."""
    folder.mkdir(parents=True, exist_ok=True)
    join_token, data = folder / "join-token", folder / "borglet"
    join_token.write_text(TOKENS["borglets"][0])
    command = [
        *(sys.executable, "-m", "borgpy.cli.borglet", "--master", served.address),
        *("--join-token", str(join_token), "--data", str(data), "--listen", "127.0.0.1:0", *flags),
    ]
    with (folder / "borglet.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            (data / "stop-tasks").touch()
            process.send_signal(signal.SIGCONT)
            process.terminate()
        process.wait(30)
