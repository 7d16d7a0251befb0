"""How to call us again: what a hint prints must work when it is pasted."""

import shutil
import sys
from pathlib import Path


def own_command() -> str:
    """``borgcfg`` if that finds us, else the path or module we were called by."""
    called = Path(sys.argv[0])
    if called.suffix == ".py":
        return f"{sys.executable} -m borgpy.cli.borgcfg"
    found = shutil.which("borgcfg")
    if called.name == "borgcfg" and (not found or Path(found).resolve() != called.resolve()):
        return str(called)
    return "borgcfg"
