"""The fields that people write in BCL: the one place that knows their names, types, limits, defaults and meaning.

The checker of declarations, the reference in ``docs/BCL.md``, ``borgcfg explain --schema`` and the editors' completion are
all made from these structs. What a declaration comes to for a cell is in `borgpy.model.spec`.
"""

from collections.abc import Mapping

import msgspec

from borgpy.model.declared.alloc import DeclaredAlloc
from borgpy.model.declared.job import DeclaredJob, DeclaredService
from borgpy.model.declared.package import DeclaredPackage

DECLARED: Mapping[str, type[msgspec.Struct]] = {
    "job": DeclaredJob,
    "service": DeclaredService,
    "alloc": DeclaredAlloc,
    "alloc_set": DeclaredAlloc,
    "package": DeclaredPackage,
}
"""The schema of each kind of declaration; a template is any record, and has none."""

__all__ = ["DECLARED", "DeclaredAlloc", "DeclaredJob", "DeclaredPackage", "DeclaredService"]
