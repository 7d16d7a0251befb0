"""Nobody waits for the parser who has nothing to parse, and its tables are kept."""

import re
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from borgpy.bcl import evaluate_text, parse


def test_importing_bcl_does_not_import_lark() -> None:
    code = "import sys, borgpy.bcl; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_tables_are_kept_beside_the_byte_code_and_a_broken_file_of_them_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    grammar = str(Path(parse.__file__).with_name("grammar.lark"))
    kept = Path(cache_from_source(grammar)).with_name("grammar.lark.cache")
    kept.parent.mkdir(parents=True)
    for damage in (None, b"", b"rubbish\nrubbish", b"again"):
        if damage is not None:
            kept.write_bytes(damage)
        parse.parser.cache_clear()
        assert evaluate_text("a = 1") == {"a": 1}
        assert len(kept.read_bytes()) > 1000
    parse.parser.cache_clear()


def test_without_a_place_to_keep_them_the_tables_are_made_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "absent"))
    parse.parser.cache_clear()
    assert evaluate_text("a = 1") == {"a": 1}
    assert list(tmp_path.iterdir()) == []
    parse.parser.cache_clear()


def test_the_grammar_repeats_no_group_possessively() -> None:
    """Python 3.11 up to 3.11.2 (Debian 12's own) matches ``(?:…)*+`` wrongly; ``(?>(?:…)*)`` means the same."""
    grammar = Path(parse.__file__).with_name("grammar.lark").read_text()
    assert re.findall(r"\)[*+?]\+", grammar) == []
