"""What a Borglet's flags say that its machine offers."""

import pytest

from borgpy.borglet.offer import Offer, offer_of
from borgpy.errors import InvalidConfig
from borgpy.model.devices import DeviceOffer
from borgpy.model.resource_sets import SetOffer
from borgpy.model.resources import Resources


def test_flags_say_what_nobody_could_find_out() -> None:
    offer = offer_of(
        ["rack=r1", "dedicated=*/cache"],
        ["licences=20"],
        ["gpu=4:NVIDIA A100", "tpu=1"],
        ["eni=3x10"],
    )
    assert offer == Offer(
        attributes={"rack": "r1", "dedicated": "*/cache"},
        extras={"licences": 20},
        devices=(DeviceOffer(4, "gpu", "NVIDIA A100"), DeviceOffer(1, "tpu")),
        sets=(SetOffer("eni", 3, 10),),
    )
    assert offer.beside(Resources(cpu=5)) == Resources(cpu=5, extra={"licences": 20})


@pytest.mark.parametrize(
    ("attributes", "extras", "devices", "sets", "message"),
    [
        ("rack", "", "", "", "--attribute rack is not KEY=VALUE"),
        ("no name=x", "", "", "", "'no name' is no name of an attribute"),
        ("dedicated=cache", "", "", "", "--attribute dedicated=cache names no pool"),
        ("", "licences=many", "", "", "--extra licences=many is not NAME=AMOUNT"),
        ("", "licences=-1", "", "", "--extra licences=-1 is not NAME=AMOUNT"),
        ("", f"licences={1 << 61}", "", "", "is more than"),
        ("", "", "gpu=A100", "", r"--gpus A100 is not N\[:MODEL\]"),
        ("", "", "tpu", "", r"--device tpu is not KIND=N\[:MODEL\]"),
        ("", "", "gpu=1000", "", "1,000 devices of kind gpu, and at most 256 count"),
        ("", "", "", "eni=3", "--set eni=3 is not NAME=COUNTxSLOTS"),
        ("", "", "", "eni=300x1", "--set eni=300x1 is too much"),
    ],
)
def test_a_flag_that_says_nothing_is_named(
    attributes: str, extras: str, devices: str, sets: str, message: str
) -> None:
    said = ([text] if text else [] for text in (attributes, extras, devices, sets))
    with pytest.raises(InvalidConfig, match=message):
        offer_of(*said)


def test_nothing_is_offered_twice() -> None:
    with pytest.raises(InvalidConfig, match="--device says gpu twice"):
        offer_of([], [], ["gpu=1", "gpu=2:A100"], [])
