"""Which file an import names, and where imports stand."""

import pytest

from borgpy.bcl.loading.imports import imported_path
from borgpy.bcl.values import Wrong


@pytest.mark.parametrize(
    ("importer", "written", "path"),
    [
        ("main.borg", "lib.borg", "lib.borg"),
        ("jobs/web.borg", "base.borg", "jobs/base.borg"),
        ("jobs/web.borg", "../lib/./base.borg", "lib/base.borg"),
        ("jobs/web.borg", "a/../../jobs/b", "jobs/b"),
        ("main.borg", "..lib/~x.borg", "..lib/~x.borg"),
        ("main.borg", "a//b.borg", "a/b.borg"),
        ("main.borg", "größe.borg", "größe.borg"),
    ],
)
def test_paths_start_from_the_file_that_imports(importer: str, written: str, path: str) -> None:
    assert imported_path(importer, written) == path


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("/etc/passwd", "absolute path"),
        ("//etc/passwd", "absolute path"),
        ("../x.borg", "outside the project"),
        ("a/../../x.borg", "outside the project"),
        ("..", "outside the project"),
        ("~/x.borg", "home folder"),
        ("~root/x.borg", "home folder"),
        ("https://host/x.borg", "URL"),
        ("file:///etc/passwd", "URL"),
        ("lib\\x.borg", "did you mean 'lib/x.borg'"),
        ("x\0.borg", "characters"),
        ("x\n.borg", "characters"),
        ("x\ud800", "characters"),
        ("", "empty"),
        (".", "folder"),
        ("lib/", "folder"),
        ("lib/.", "folder"),
        ("lib/..", "folder"),
        ("x" * 1025, "longer than"),
    ],
)
def test_only_files_of_the_project_can_be_named(written: str, said: str) -> None:
    with pytest.raises(Wrong) as caught:
        imported_path("main.borg", written)
    assert caught.value.code == "import"
    assert said in f"{caught.value.message} {caught.value.help}"
