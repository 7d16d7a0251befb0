"""`borgcfg lsp` where the extra is not installed."""

import sys

import pytest

from borgpy.cli.borgcfg import run


def test_without_the_extra_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [n for n in sys.modules if n.startswith(("pygls", "borgpy.cli.lsp"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pygls", None)
    assert run(["lsp"]) == 1
    said = capsys.readouterr().err
    assert "the language server needs pygls" in said
    assert "pip install 'borgpy[lsp]'" in said
