"""The documents do not lie: what they say is compared with the code."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from borgpy import errors
from borgpy.bcl import job_declarations
from borgpy.cli import borgcfg
from borgpy.model.cell import Cell
from borgpy.server.metrics import Metrics
from tests.docs.generated import DOCUMENTS, PARTS, ROOT, names_in, renewed
from tests.docs.reading import anchors, command_lines, does_something, flags_of, job_texts

README = (ROOT / "README.md").read_text()
OPERATIONS = (ROOT / "docs" / "OPERATIONS.md").read_text()
EVERYTHING = "\n".join(path.read_text() for path in DOCUMENTS)

each_document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


@each_document
def test_what_is_made_from_the_code_is_up_to_date(path: Path) -> None:
    text = path.read_text()
    assert text == renewed(text), "run: python -m tests.docs.generated"


def test_every_part_made_from_the_code_is_shown_once() -> None:
    shown = [name for path in DOCUMENTS for name in names_in(path.read_text())]
    assert sorted(shown) == sorted(PARTS)


def test_job_specs_are_found_in_files_in_readme_and_in_the_language_manual() -> None:
    where = {name.split("-")[0] for name, _ in job_texts()}
    assert {"hello_world.borg", "hello_world_10k.borg", "README.md", "BCL.md"} <= where


@pytest.mark.parametrize(("name", "text"), [pytest.param(n, t, id=n) for n, t in job_texts()])
def test_every_job_spec_declares_a_job(name: str, text: str) -> None:
    assert job_declarations(text, name)


@each_document
def test_every_internal_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", path.read_text()):
        if "://" in target:
            continue
        file, _, anchor = unquote(target).partition("#")
        aim = (path.parent / file).resolve() if file else path
        assert aim.exists(), f"{target} is not there"
        if anchor:
            assert anchor in anchors(aim.read_text()), f"{target} has no such heading"


def test_every_source_file_that_is_named_exists() -> None:
    named = set(re.findall(r"`(?:borgpy/)?((?:[a-z_]+/)+[a-z_]+\.py)", EVERYTHING))
    assert "master/updates.py" in named
    missing = {
        name for name in named if not ((ROOT / name).exists() or (ROOT / "borgpy" / name).exists())
    }
    assert not missing


def test_every_command_of_borgcfg_is_named_in_readme_or_operations() -> None:
    for name in borgcfg.cli.list_commands(click.Context(borgcfg.cli)):
        assert re.search(
            rf"borgcfg [^`\n]*\b{name}\b|· `{name}`|^`{name}`", README, re.MULTILINE
        ), name


def test_every_command_line_of_ours_in_the_documents_is_understood() -> None:
    lines = list(command_lines())
    assert len(lines) > 20
    for words in lines:
        assert does_something(words), " ".join(words)
        unknown = [w for w in words if w.startswith("-") and w.split("=")[0] not in flags_of(words)]
        assert not unknown, " ".join(words)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^    make ([a-z]+)", README, re.MULTILINE))
    assert {"hello", "test"} <= named <= targets


def test_every_benchmark_that_is_quoted_exists() -> None:
    named = set(re.findall(r"python -m benchmarks\.(\w+)", EVERYTHING))
    assert named
    assert all((ROOT / "benchmarks" / f"{name}.py").is_file() for name in named)


def test_the_exit_codes_are_the_programs_own() -> None:
    table = dict(re.findall(r"^\| (\d+) \| ([^|]+) \|$", README, re.MULTILINE))
    said = " ".join(borgcfg.EXIT_CODES.split("Exit codes:")[1].split()).rstrip(".")
    assert table == dict(item.split(" ", 1) for item in said.split(", "))
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    raised = {str(kind.exit_code) for kind in kinds if issubclass(kind, errors.BorgError)}
    assert raised <= set(table)


def test_every_metric_that_is_named_is_measured() -> None:
    named = set(re.findall(r"`(borg_[a-z_]+)", OPERATIONS))
    measured = Metrics().text(Cell("ic"), 0).decode()
    families = set(re.findall(r"^# TYPE (\w+)", measured, re.MULTILINE))
    assert named
    assert named <= families


def test_decisions_are_numbered_and_one_page_each() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [path.name[:4] for path in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    for path in records:
        text = path.read_text()
        assert re.findall(r"^## (\w+)", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Alternatives",
            "Consequence",
        ]
        assert len(text.splitlines()) < 60


def test_no_committed_file_names_a_workplace_or_a_package_index() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no checkout")
    # Put together here, so that this file does not name them itself.
    unwanted = re.compile("|".join([r"(?<![\w.])/" + "work/", "extra-" + "index", "index-" + r"url\s*=", "--index-" + r"url\s"]))  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            found = unwanted.search(path.read_bytes().decode(errors="replace"))
            assert found is None, f"{name} says {found[0]!r}"
