"""What fuzzing and chance have found, as small as it gets."""

from borgpy.bcl.limits import Limits
from tests.unit.bcl.cases.case import Case, error

CASES: tuple[Case, ...] = (
    error(
        "an f-string too long, with nothing within",
        f"x = f'{'{{' * 40}'",
        "limit",
        "--max-string",
        at="1:5",
        limits=Limits(string=35),
    ),
)
