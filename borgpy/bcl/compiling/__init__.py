"""From syntax to closures: names are resolved once, and what is left to do at run time is the work itself."""

from borgpy.bcl.compiling.compiler import Compiler

__all__ = ["Compiler"]
