"""What fuzzing and chance have found, as small as it gets."""

from borgpy.bcl.limits import Limits
from tests.unit.bcl.cases.case import Case, error

CASES: tuple[Case, ...] = (
    error("a loop that ends where its name is due", "x = {for a in b:", "syntax", "1:5", at="1:17"),
    error(
        "fields that wait for each other beyond what Python bears",
        "local f = lambda n: json([f(n)])\nx = f(1)",
        "limit",
        "--max-depth",
        limits=Limits(depth=10**6, steps=10**8),
    ),
    error(
        "an f-string too long, with nothing within",
        f"x = f'{'{{' * 40}'",
        "limit",
        "--max-string",
        at="1:5",
        limits=Limits(string=35),
    ),
)
