"""`borgcfg quota`: who may use how much, in which band."""

import click
import msgspec

from borgpy.cli.connection import connect
from borgpy.cli.options import Group, Options, command
from borgpy.cli.output import Table, share_text, show
from borgpy.errors import InvalidConfig
from borgpy.model.api import QuotaView
from borgpy.model.priority import Band
from borgpy.model.resources import MILLI, NOTHING, Resources, amount_text

STANDARD = ("cpu", "ram", "disk", "ports")


@click.group("quota", cls=Group)
def quota() -> None:
    """Who may use how much."""


@command("get", parameters=[click.argument("user", required=False, default="")])
async def get(options: Options, user: str) -> None:
    """The quota of a user, by band; your own if none is named, everybody's with 'all'."""
    async with connect(options) as connection:
        whose = "" if user == "all" else user or connection.user
        views = await connection.client.quota(whose)
    show(
        options,
        views,
        text=lambda: _table(views) if views else "no quota",
        names=lambda: [f"{view.user}/{view.band.value}" for view in views],
    )


@command(
    "set",
    parameters=[
        click.argument("user"),
        click.argument("band", type=click.Choice([band.value for band in Band])),
        click.argument("amounts", nargs=-1, required=True, metavar="cpu=4 ram=8GiB …"),
    ],
    epilog="Amounts that are not named stay as they are.",
)
async def set_(options: Options, user: str, band: str, amounts: tuple[str, ...]) -> None:
    """Set a user's limit in one band."""
    changes = dict(parse_amount(amount) for amount in amounts)
    async with connect(options) as connection:
        present = _limit(await connection.client.quota(user), Band(band))
        limit = _changed(present, changes)
        accepted = await connection.client.set_quota(user, Band(band), limit)
    said = ", ".join(
        amount_text(name, amount) + _unit(name) for name, amount in limit.by_name().items()
    )
    show(
        options,
        accepted,
        text=lambda: f"{user} may use {said} in the {band} band",
        names=lambda: [f"{user}/{band}"],
    )


quota.add_command(get)
quota.add_command(set_)


def parse_amount(text: str) -> tuple[str, int]:
    """``cpu=0.5`` as ``("cpu", 500)``, ``ram=8GiB`` in bytes; units as in job files."""
    from borgpy.bcl.reading.literals import PLAIN, BadLiteral, read_number
    from borgpy.bcl.values import BYTES

    name, equals, value = text.partition("=")
    name = name.strip().casefold()
    if not (equals and name):
        raise InvalidConfig(
            f"{text!r} is no amount", hint="write cpu=4, ram=8GiB, disk=1T, ports=10"
        )
    try:
        number, unit = read_number(value.strip())
    except BadLiteral as error:
        raise InvalidConfig(f"{text!r}: {error.message}", hint=error.help) from error
    amount = number * MILLI if name == "cpu" else number
    fits = unit == PLAIN or (unit == BYTES and name in ("ram", "disk"))
    if not fits or (name != "cpu" and amount != int(amount)):
        raise InvalidConfig(f"{text!r}: this is no amount of {name}")
    return name, round(amount)


def _limit(views: list[QuotaView], band: Band) -> Resources:
    return next((view.limit for view in views if view.band is band and view.limit), NOTHING)


def _changed(present: Resources, changes: dict[str, int]) -> Resources:
    standard = {name: n for name, n in changes.items() if name in STANDARD}
    extra = {name: n for name, n in changes.items() if name not in STANDARD}
    return msgspec.structs.replace(present, **standard, extra=present.extra | extra)


def _unit(name: str) -> str:
    return f" of {name}" if name in ("ram", "disk") else ""


def _table(views: list[QuotaView]) -> Table:
    rows = [
        (
            view.user,
            view.band.value,
            *(share_text(name, view.used, view.limit) for name in STANDARD),
        )
        for view in views
    ]
    return Table(("USER", "BAND", *(name.upper() for name in STANDARD)), rows)
