"""borgpy: a Borg-style declarative job service."""

__version__ = "0.1.0"
