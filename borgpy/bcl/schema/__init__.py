"""Whether a declaration is what it should be: the closed schemas of jobs, services, alloc sets and packages."""

from borgpy.bcl.diagnostics import Details, Fault, Findings, Spot
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.schema.build import group_of
from borgpy.bcl.schema.checked import Checked, Where
from borgpy.bcl.schema.kind import REFUSED, Refused, wrong_type
from borgpy.bcl.schema.place import Declared, Place
from borgpy.bcl.values import Value
from borgpy.model.declared import DECLARED
from borgpy.model.names import NAME_RULE, is_name

__all__ = ["Checked", "Where", "check"]


def check(kind: str, name: str, spot: Spot, value: Value, findings: Findings) -> Checked | None:
    """The declaration ``kind name = value`` as plain data; everything that is wrong with it goes to ``findings``.

    ``spot`` is where the name stands. A template may be any record, and comes to nothing.
    """
    declared = Declared(kind, name, spot)
    if not is_name(name):
        help = f"a name is {NAME_RULE}"
        findings.report("range", spot, f"'{name}' cannot name {_a(kind)}", Details(help=help))
    place = Place("", spot, declared, findings)
    if not isinstance(value, Record):
        wrong_type(value, place, "a record { .. }")
        return None
    if kind not in DECLARED:
        return None
    group = group_of(kind)
    try:
        plain = group.accept(value)
    except Fault:
        plain = REFUSED
    if isinstance(plain, Refused):
        group.complain_of_record(value, place, spot)
        return None
    assert isinstance(plain, dict)
    return Checked(kind, name, spot, {"name": name, **plain}, value)


def _a(kind: str) -> str:
    return f"an {kind}" if kind.startswith("a") else f"a {kind}"
