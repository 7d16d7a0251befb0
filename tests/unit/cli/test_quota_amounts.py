import pytest

from borgpy.cli.commands.quota import parse_amount
from borgpy.errors import InvalidConfig


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("cpu=4", ("cpu", 4000)),
        ("cpu=0.1", ("cpu", 100)),
        ("CPU=500m", ("cpu", 500)),
        ("ram=8GiB", ("ram", 8 << 30)),
        ("ram=100M", ("ram", 100_000_000)),
        ("ports=10", ("ports", 10)),
        ("gpu_millis=2000", ("gpu_millis", 2000)),
    ],
)
def test_amounts_are_exact(text: str, amount: tuple[str, int]) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize(
    "text", ["cpu", "=4", "ram=", "ram=8Gb", "cpu=4GiB", "ram=3s", "ports=1.5", "cpu=-1"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfig):
        parse_amount(text)
