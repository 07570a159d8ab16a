"""`edgectl broker`: the daemon of the broker."""

import asyncio
import json
import logging
import signal
from pathlib import Path

import click

from edge.broker.service import Broker
from edge.cli.options import broker_config, config_option, json_option
from edge.cli.service_manager import notify
from edge.config import BrokerConfig


@click.group()
def broker() -> None:
    """Run the broker."""


@broker.command()
@config_option
@json_option
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
def run(config_file: Path, *, as_json: bool, verbose: bool) -> None:
    """Run the broker until SIGTERM or SIGINT: enrolment, the message bus, sign-in and desktops.

    Desktops go on when it ends; the next broker finds them. With --json one line says when it is ready.

    \b
    Examples:
      edgectl broker run
      edgectl broker run --config ./broker.toml --verbose
    """
    level = logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "aiohttp", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    asyncio.run(_run(broker_config(config_file), as_json=as_json))


async def _run(config: BrokerConfig, *, as_json: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    service = Broker(config)
    serving = asyncio.create_task(service.run(), name="broker")
    announcing = asyncio.create_task(_announce(service, as_json=as_json), name="announcement")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
    finally:
        for task in (announcing, stopping, serving):
            task.cancel()
        await asyncio.gather(announcing, stopping, serving, return_exceptions=True)
    left = [state.name for state in await service.provider.states() if state.running]
    if left:
        click.echo(f"These desktops go on: {', '.join(left)}; end them with: edgectl desktop stop --all", err=True)


async def _announce(service: Broker, *, as_json: bool) -> None:
    await service.wait_ready()
    notify("READY=1")
    bus, enrolment = service.config.bus, service.config.enrolment
    ready = {"bus": f"{bus.host}:{bus.port}", "enrolment": f"{enrolment.host}:{enrolment.port}"}
    if as_json:
        click.echo(json.dumps({"ready": True, **ready}))
    else:
        click.echo(f"The broker is ready: bus {ready['bus']}, enrolment {ready['enrolment']}")
