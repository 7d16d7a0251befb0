"""Devices: a task is told which ones are its own."""

import msgspec

from borgpy.borglet.devices import with_devices
from tests.builders import a_task_spec


def test_the_numbers_are_in_the_environment_under_the_names_that_programs_know() -> None:
    spec = with_devices(a_task_spec(env={"MODE": "x"}), {"tpu-v4": (3,), "gpu": (0, 2)})
    assert spec.env == {
        "BORG_DEVICES_GPU": "0,2",
        "CUDA_VISIBLE_DEVICES": "0,2",
        "NVIDIA_VISIBLE_DEVICES": "0,2",
        "BORG_DEVICES_TPU_V4": "3",
        "MODE": "x",
    }


def test_what_the_job_says_of_them_stays() -> None:
    spec = a_task_spec(env={"CUDA_VISIBLE_DEVICES": "none"})
    told = with_devices(spec, {"gpu": (1,)})
    assert told.env["CUDA_VISIBLE_DEVICES"] == "none"
    assert told.env["BORG_DEVICES_GPU"] == "1"
    assert msgspec.structs.replace(told, env=spec.env) == spec
