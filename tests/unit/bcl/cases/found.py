"""What fuzzing and chance have found, as small as it gets."""

from tests.unit.bcl.cases.case import Case

CASES: tuple[Case, ...] = ()
