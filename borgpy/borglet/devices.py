"""How a task learns which devices of its machine are its own: by environment variables."""

from collections.abc import Mapping

import msgspec

from borgpy.model.spec import TaskSpec

ALSO_TOLD: Mapping[str, tuple[str, ...]] = {
    "gpu": ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"),
}
"""The variables in which programs look for them that know nothing of Borg."""


def with_devices(spec: TaskSpec, devices: Mapping[str, tuple[int, ...]]) -> TaskSpec:
    """``spec`` with the numbers of these devices, by kind, in its environment. What the job says there itself stays."""
    told: dict[str, str] = {}
    for kind, numbers in sorted(devices.items()):
        names = (f"BORG_DEVICES_{kind.upper().replace('-', '_')}", *ALSO_TOLD.get(kind, ()))
        told |= dict.fromkeys(names, ",".join(map(str, numbers)))
    return msgspec.structs.replace(spec, env=told | spec.env)
