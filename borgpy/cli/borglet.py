"""``borglet``: takes a machine into a cell, or pretends to be many."""

import asyncio
import logging
import os
import sys
from pathlib import Path

import click
import msgspec

from borgpy.borglet.main import Settings, serve
from borgpy.borglet.offer import Offer, offer_of
from borgpy.borglet.simulate import SIMULATED, Simulation
from borgpy.errors import BorgError, InvalidConfig
from borgpy.model.resources import Resources


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--master", required=True, metavar="URL", help="Where the Borgmaster answers.")
@click.option(
    "--join-token",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the token that lets a machine join.",
)
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for sandboxes, logs, packages and state. One Borglet each.",
)
@click.option("--listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT")
@click.option("--address", metavar="URL", help="Where others reach it, if not at --listen.")
@click.option(
    "--name",
    help="The machine's name [default: the host's name]; simulated, what all names begin with.",
)
@click.option("--cpu", type=int, metavar="MILLI", help="Milli-cores to offer [default: all].")
@click.option("--ram", type=int, metavar="BYTES", help="RAM to offer [default: all].")
@click.option("--disk", type=int, metavar="BYTES", help="Disk to offer [default: what is free].")
@click.option("--ports", type=int, help="Ports to offer [default: the size of --port-range].")
@click.option("--port-range", default="20000-31999", show_default=True, metavar="LOW-HIGH")
@click.option("--attribute", "attributes", multiple=True, metavar="KEY=VALUE")
@click.option(
    "--extra",
    "extras",
    multiple=True,
    metavar="NAME=AMOUNT",
    help="So much of a resource that only this cell knows.",
)
@click.option("--gpus", metavar="N[:MODEL]", help="GPUs to offer, such as 4 or 4:A100.")
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="KIND=N[:MODEL]",
    help="Devices of another kind to offer.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="NAME=COUNTxSLOTS",
    help="Resource sets to offer, such as eni=3x10: three interfaces of ten addresses each.",
)
@click.option("--cgroups/--no-cgroups", default=True, help="Whether cgroups may limit tasks.")
@click.option("--simulate", type=int, metavar="N", help="Stand for N machines without processes.")
@click.option("--separate-ports", is_flag=True, help="Simulated: a port for each machine.")
@click.option(
    "--shape",
    default="8000:34359738368:107374182400",
    show_default=True,
    metavar="CPU:RAM:DISK",
    help="Simulated: what each machine has.",
)
@click.option("--fail-rate", type=float, default=0.0, help="Simulated: share of runs that fail.")
@click.option("--start-ms", type=int, default=100, help="Simulated: how long a start takes.")
@click.option("--seed", type=int, default=1, help="Simulated: chance.")
@click.option(
    "--address-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that gets the address once it serves.",
)
@click.option("--tls-cert", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--tls-key", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
def main(*, verbose: bool, **flags: object) -> None:
    """Start, watch, restart and stop tasks on this machine, as the Borgmaster at --master orders.

    Tasks outlive it: started again with the same --data, it takes them back. They run as the user who runs it, so
    let it run as nobody whose files they must not reach.
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        asyncio.run(serve(_settings(msgspec.convert(flags, Flags))))
    except BorgError as error:
        click.echo(f"borglet: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        click.echo(f"borglet: {error}", err=True)
        sys.exit(BorgError.exit_code)


class Flags(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says, as it says it."""

    master: str
    join_token: Path
    data: Path
    listen: str
    address: str | None
    name: str | None
    cpu: int | None
    ram: int | None
    disk: int | None
    ports: int | None
    port_range: str
    attributes: tuple[str, ...]
    extras: tuple[str, ...]
    gpus: str | None
    devices: tuple[str, ...]
    sets: tuple[str, ...]
    cgroups: bool
    simulate: int | None
    separate_ports: bool
    shape: str
    fail_rate: float
    start_ms: int
    seed: int
    address_file: Path | None
    tls_cert: Path | None
    tls_key: Path | None


def _settings(flags: Flags) -> Settings:
    """The settings that the flags mean; `InvalidConfig` names one that means nothing."""
    host, port = _endpoint(flags.listen)
    lowest, highest = _range(flags.port_range)
    offer = offer_of(
        flags.attributes,
        flags.extras,
        (*((f"gpu={flags.gpus}",) if flags.gpus else ()), *flags.devices),
        flags.sets,
    )
    return Settings(
        borgmaster=flags.master,
        join_token=flags.join_token,
        data=flags.data,
        host=host,
        port=port,
        address=flags.address,
        name=flags.name,
        cpu=flags.cpu,
        ram=flags.ram,
        disk=flags.disk,
        ports=flags.ports,
        lowest_port=lowest,
        highest_port=highest,
        offer=offer,
        search_path=os.environ.get("PATH", ""),
        use_cgroups=flags.cgroups,
        address_file=flags.address_file,
        tls_cert=flags.tls_cert,
        tls_key=flags.tls_key,
        simulation=_simulation(flags, flags.simulate, offer, highest - lowest + 1)
        if flags.simulate is not None
        else None,
    )


def _simulation(flags: Flags, machines: int, offer: Offer, ports: int) -> Simulation:
    return Simulation(
        machines=_between("simulate", machines, 1, 100_000),
        shape=_shape(flags.shape, ports),
        fail_rate=flags.fail_rate,
        start_ms=_between("start-ms", flags.start_ms, 0, 3_600_000),
        seed=flags.seed,
        separate_ports=flags.separate_ports,
        offer=offer,
        prefix=flags.name or SIMULATED,
    )


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise InvalidConfig(f"--listen {text} is not HOST:PORT", hint="127.0.0.1:0 takes any port")
    return host.strip("[]"), int(port)


def _range(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not (low.isdigit() and high.isdigit()):
        raise InvalidConfig(f"--port-range {text} is not LOW-HIGH", hint="e.g. 20000-31999")
    return int(low), int(high)


def _shape(text: str, ports: int) -> Resources:
    amounts = text.split(":")
    if len(amounts) != 3 or not all(amount.isdigit() for amount in amounts):
        raise InvalidConfig(
            f"--shape {text} is not CPU:RAM:DISK",
            hint="milli-cores and bytes, e.g. 8000:34359738368:107374182400",
        )
    cpu, ram, disk = map(int, amounts)
    return Resources(cpu=cpu, ram=ram, disk=disk, ports=ports)


def _between(flag: str, number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise InvalidConfig(f"--{flag} must be {least} to {most}, not {number}")
    return number


if __name__ == "__main__":
    main()
