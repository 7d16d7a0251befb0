"""What the fuzzer checks holds for what it starts from."""

import pytest

from tests.fuzz.bcl_target import CHOICES, check, encoded, program_of
from tests.property.bcl_sources import every_source


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in every_source()])
def test_every_source_keeps_the_promises(text: str) -> None:
    check(text.encode())


@pytest.mark.parametrize("seed", range(50))
def test_choices_make_programs_that_keep_the_promises(seed: int) -> None:
    check(bytes([CHOICES, *((seed * 31 + n * n * 7) % 256 for n in range(200))]))


def test_a_program_survives_as_bytes() -> None:
    data = encoded("x = 1", {"a.borg": "y = 2"})
    program = program_of(data)
    assert (program.main, program.files["a.borg"]) == ("x = 1", "y = 2")
