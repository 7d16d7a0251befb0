"""Locks: what they hold, and that what is no lock is told."""

import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from borgpy.bcl.diagnostics import Fault, Source
from borgpy.bcl.loading.lock import imported, lock_text, read_lock, renewed
from borgpy.bcl.loading.program import MemoryFiles, load

A, B = "a" * 64, "b" * 64


def test_a_lock_says_what_was_written_into_it() -> None:
    entries = {"z.borg": A, "a b.json": B}
    text = lock_text(entries)
    assert read_lock(Source("borg.lock", text)) == entries
    assert text.splitlines()[1:] == [f"{B}  a b.json", f"{A}  z.borg"]
    assert read_lock(Source("borg.lock", f"\r\n# x\r\n{A} *z.borg\r\n")) == {"z.borg": A}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("<<<<<<< HEAD\n", "borg.lock:1:1"),
        (f"{A}  x\n{A}x\n", "borg.lock:2:1"),
        (f"{A[:-1]}  x\n", "borg.lock:1:1"),
        (f"{A}  x\n{B}  x\n", "borg.lock:2:1"),
    ],
)
def test_what_is_no_lock_is_told_at_its_line(text: str, place: str) -> None:
    with pytest.raises(Fault) as caught:
        read_lock(Source("borg.lock", text))
    assert (caught.value.code, str(caught.value.spot)) == ("import", place)


def test_what_a_program_imports_is_locked_and_the_program_is_not() -> None:
    files = MemoryFiles({"l.borg": 'd = import "d.json"', "d.json": "{}"})
    program = load(Source("m.borg", 'x = import "l.borg"'), files)
    assert sorted(imported([program])) == ["d.json", "l.borg"]
    assert imported([program])["d.json"] == sha256(b"{}").hexdigest()


def test_what_other_files_import_stays_locked_while_it_is_there() -> None:
    old = {"gone.borg": A, "other.borg": A, "lib.borg": A}
    assert renewed(old, {"lib.borg": B}, {"other.borg", "lib.borg"}) == {
        "other.borg": A,
        "lib.borg": B,
    }


def test_sha256sum_reads_it(tmp_path: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("there is no sha256sum here")
    (tmp_path / "l.borg").write_text("a = 1")
    (tmp_path / "borg.lock").write_text(lock_text({"l.borg": sha256(b"a = 1").hexdigest()}))
    command = ["sha256sum", "--strict", "-c", "borg.lock"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
