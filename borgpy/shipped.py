"""Where the files that travel with the package lie: beside it in a checkout, inside it in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder ``migrations`` or ``jobspecs``; `FileNotFoundError` from a broken installation."""
    for parent in (_PACKAGE / "_shipped", _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise FileNotFoundError(f"{name} is missing from the installation of borgpy at {_PACKAGE}")
