"""The wheel in an empty environment outside the checkout: everything that `borgcfg up` needs travels inside it."""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

import borgpy
from tests.e2e.cells import TestCell, a_cell, answer

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CHECKOUT = Path(borgpy.__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    built = subprocess.run(
        [*command, str(CHECKOUT)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment which holds the wheel and what it says it needs, and nothing else."""
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-compile", str(wheel)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), *install],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (site_packages,) = home.glob("lib/python*/site-packages")
    for needed in _needed_by("borgpy"):
        _lend(needed, site_packages)
    return home / "bin"


@pytest.fixture(scope="module")
def installed(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCell]:
    with a_cell(tmp_path_factory.mktemp("cell") / "home", (str(programs / "borgcfg"),)) as cell:
        yield cell


def test_the_wheel_carries_migrations_and_job_specs(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        mode = archive.getinfo("borgpy/_shipped/jobspecs/hello_world_webserver").external_attr >> 16
    assert "borgpy/_shipped/jobspecs/hello_world.borg" in names
    assert "borgpy/_shipped/jobspecs/hello_world_10k.borg" in names
    assert "borgpy/_shipped/migrations/cell/env.py" in names
    assert any(re.match(r"borgpy/_shipped/migrations/cell/versions/v0001", name) for name in names)
    assert mode & 0o777 == 0o755
    assert not [name for name in names if name.startswith(("tests", "benchmarks", ".venv"))]


def test_nothing_comes_from_the_checkout(programs: Path, tmp_path: Path) -> None:
    code = "import sys, borgpy, borgpy.shipped as s; print(borgpy.__file__, s.shipped('migrations'), *sys.path)"
    said = subprocess.run(
        [programs / "python", "-c", code],
        cwd=tmp_path,
        env=TestCell(tmp_path).environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert str(programs.parent) in said
    assert f"{CHECKOUT}/borgpy" not in said
    assert "_shipped/migrations" in said
    absent = [str(programs / "python"), "-c", "import pytest"]
    failed = subprocess.run(absent, capture_output=True, text=True, check=False)
    assert "No module named 'pytest'" in failed.stderr


def test_from_init_to_healthy_tasks_and_back(installed: TestCell, tmp_path: Path) -> None:
    ended = installed.run("init", cwd=tmp_path)
    assert "borgcfg up hello_world.borg" in ended.err
    assert (tmp_path / "hello_world_webserver").stat().st_mode & 0o777 == 0o755
    assert installed.run("validate", "hello_world.borg", cwd=tmp_path).out == ""
    up = installed.run("up", "hello_world.borg", "--verify", cwd=tmp_path)
    assert "all 5 tasks" in up.err
    tasks = installed.tasks("hello_world")
    assert len({task.url for task in tasks}) == 5
    for task in tasks:
        assert f"hello_world/{task.index}" in answer(task.url)
    again = installed.try_("init", cwd=tmp_path)
    assert again.code == 6, "what is there is not overwritten"
    installed.run("cell", "stop")
    assert installed.survivors() == []


def _needed_by(name: str) -> set[str]:
    """What ``name`` needs to run, and what that needs, by the requirements they state; not ``name`` itself."""
    needed: set[str] = set()
    open_ = [(name, frozenset[str]())]
    seen = set(open_)
    while open_:
        of, extras = open_.pop()
        for text in distribution(of).requires or ():
            requirement = Requirement(text)
            wanted = [{"extra": extra} for extra in extras or ("",)]
            if requirement.marker and not any(map(requirement.marker.evaluate, wanted)):
                continue
            needed.add(requirement.name)
            step = (requirement.name, frozenset(requirement.extras))
            if step not in seen:
                seen.add(step)
                open_.append(step)
    return needed


def _lend(name: str, site_packages: Path) -> None:
    """Put an installed package into another environment, file by file as its record lists them."""
    lent = distribution(name)
    for file in lent.files or ():
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        there = site_packages / str(file)
        there.parent.mkdir(parents=True, exist_ok=True)
        if not there.exists():
            os.symlink(str(lent.locate_file(file)), there)
