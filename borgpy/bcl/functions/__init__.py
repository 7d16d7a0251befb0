"""The functions that every file can call: pure, bounded, and each documented with an example that a test runs."""

from collections.abc import Mapping
from types import MappingProxyType

from borgpy.bcl.functions.builtin import Builtin
from borgpy.bcl.functions.callbacks import CALLBACKS
from borgpy.bcl.functions.conversions import CONVERSIONS
from borgpy.bcl.functions.lists import LISTS
from borgpy.bcl.functions.numbers import NUMBERS
from borgpy.bcl.functions.records import RECORDS
from borgpy.bcl.functions.text import TEXT

__all__ = ["BUILTINS", "GROUPS", "Builtin"]

GROUPS: Mapping[str, tuple[Builtin, ...]] = MappingProxyType(
    {
        "lists": (*LISTS, *CALLBACKS),
        "strings": TEXT,
        "numbers and quantities": NUMBERS,
        "records": RECORDS,
        "any value": CONVERSIONS,
    }
)
"""The built-in functions by what they are about."""

BUILTINS: Mapping[str, Builtin] = MappingProxyType(
    {builtin.name: builtin for group in GROUPS.values() for builtin in group}
)
