"""``borglet``: takes a machine into a cell, or pretends to be many."""

import asyncio
import logging
import os
import sys
from pathlib import Path

import click

from borgpy.borglet.main import Settings, serve
from borgpy.borglet.simulate import Simulation
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
@click.option("--name", help="The machine's name [default: the host's name].")
@click.option("--cpu", type=int, metavar="MILLI", help="Milli-cores to offer [default: all].")
@click.option("--ram", type=int, metavar="BYTES", help="RAM to offer [default: all].")
@click.option("--disk", type=int, metavar="BYTES", help="Disk to offer [default: what is free].")
@click.option("--ports", type=int, help="Ports to offer [default: the size of --port-range].")
@click.option("--port-range", default="20000-31999", show_default=True, metavar="LOW-HIGH")
@click.option("--attribute", "attributes", multiple=True, metavar="KEY=VALUE")
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
def main(
    master: str,
    join_token: Path,
    data: Path,
    listen: str,
    address: str | None,
    name: str | None,
    cpu: int | None,
    ram: int | None,
    disk: int | None,
    ports: int | None,
    port_range: str,
    attributes: tuple[str, ...],
    cgroups: bool,
    simulate: int | None,
    separate_ports: bool,
    shape: str,
    fail_rate: float,
    start_ms: int,
    seed: int,
    address_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    verbose: bool,
) -> None:
    """Start, watch, restart and stop tasks on this machine, as the Borgmaster at --master orders.

    Tasks outlive it: started again with the same --data, it takes them back. They run as the user who runs it, so
    let it run as nobody whose files they must not reach.
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        host, port = _endpoint(listen)
        lowest, highest = _range(port_range)
        simulation = None
        labels = dict(_pair(attribute) for attribute in attributes)
        if simulate is not None:
            simulation = Simulation(
                machines=_between("simulate", simulate, 1, 100_000),
                shape=_shape(shape, highest - lowest + 1),
                fail_rate=fail_rate,
                start_ms=_between("start-ms", start_ms, 0, 3_600_000),
                seed=seed,
                separate_ports=separate_ports,
                attributes=labels,
            )
        settings = Settings(
            borgmaster=master,
            join_token=join_token,
            data=data,
            host=host,
            port=port,
            address=address,
            name=name,
            cpu=cpu,
            ram=ram,
            disk=disk,
            ports=ports,
            lowest_port=lowest,
            highest_port=highest,
            attributes=labels,
            search_path=os.environ.get("PATH", ""),
            use_cgroups=cgroups,
            address_file=address_file,
            tls_cert=tls_cert,
            tls_key=tls_key,
            simulation=simulation,
        )
        asyncio.run(serve(settings))
    except BorgError as error:
        click.echo(f"borglet: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        click.echo(f"borglet: {error}", err=True)
        sys.exit(BorgError.exit_code)


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


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise InvalidConfig(f"--attribute {text} is not KEY=VALUE", hint="e.g. --attribute zone=a")
    return key, value


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
