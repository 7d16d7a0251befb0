"""A snapshot as plain values, for tests that compare whole ones."""

import msgspec
import numpy as np

from borgpy.scheduling.snapshot import Attributes, Snapshot


def seen(value: object) -> object:
    """All that a pass can see of a snapshot, or of a part of one: what serves only to tell it from others is left out."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.kind, value.tolist()
    if isinstance(value, Snapshot):
        fields = set(value.__struct_fields__) - {"versions", "layout", "attributes"}
        rows = [dict(value.attributes[row]) for row in range(len(value))]
        return {field: seen(getattr(value, field)) for field in sorted(fields)}, rows
    if isinstance(value, msgspec.Struct):
        return {field: seen(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: seen(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [seen(part) for part in value]
    assert not isinstance(value, Attributes)
    return value
