"""A package as it is written: files that tasks find beside their binary."""

from typing import Annotated

from msgspec import Meta

from borgpy.model.declared.parts import Part
from borgpy.model.declared.values import Digest, Name, Path


class DeclaredPackage(Part, frozen=True, kw_only=True):
    """A file that is brought to the machine before a task starts, and lies in the task's directory."""

    path: Annotated[
        Path | None,
        Meta(
            description="The file, relative to the directory of the one that says so. Without it `sha256` names a package that the cell has already.",
            examples=["./model.bin"],
        ),
    ] = None
    sha256: Annotated[
        Digest | None,
        Meta(description="What the file must be: the SHA-256 of its content, in hex."),
    ] = None
    version: Annotated[
        str | None, Meta(description="What people call this state of it.", examples=["'2.1'"])
    ] = None


class DeclaredPackageUse(DeclaredPackage, frozen=True, kw_only=True):
    """A package that is described where it is used, or the value of a package declaration."""

    name: Annotated[
        Name | None,
        Meta(description="What the file is called in the task's directory; the path's last part."),
    ] = None
