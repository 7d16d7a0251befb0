"""Quota: how much of each resource a user's jobs may request in one band, all together (Borg §2.5)."""

import msgspec

from borgpy.model.priority import Band
from borgpy.model.resources import Resources


class Quota(msgspec.Struct, frozen=True, omit_defaults=True):
    """The limit of one user in one band. Without one nothing may run there, except in the free band, which has no limit."""

    user: str
    band: Band
    limit: Resources


UNLIMITED_BAND = Band.FREE
