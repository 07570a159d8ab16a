"""`edgectl desktop`: where users' programs run."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from edge.broker.administration import Administration
from edge.broker.desktops.base import DesktopState
from edge.broker.desktops.local import LocalProvider
from edge.broker.paths import DataDirectory
from edge.broker.service import is_running
from edge.cli.carrying_out import carried_out
from edge.cli.options import administration, broker_config, config_option, json_option
from edge.cli.output import print_json, print_table
from edge.config import BrokerConfig


@click.group()
def desktop() -> None:
    """List, assign, withdraw and stop desktops."""


@desktop.command(name="list")
@config_option
@json_option
def list_(config_file: Path, *, as_json: bool) -> None:
    """List all desktops, whose they are, and what of them runs.

    \b
    Examples:
      edgectl desktop list
      edgectl desktop list --json
    """
    config = broker_config(config_file)
    with administration(config_file) as opened:
        assignments = opened.list_desktops()
    states = {state.name: state for state in _states(config)}
    rows = []
    for assignment in assignments:
        state = states.get(assignment.desktop) or DesktopState(assignment.desktop, False, None, {})
        rows.append((assignment, state))
    if as_json:
        print_json([{"user": assignment.user, **_as_dict(state)} for assignment, state in rows])
        return
    cells = [
        [state.name, assignment.user or "-", "running" if state.running else "stopped", state.port or "-"]
        for assignment, state in rows
    ]
    print_table(["NAME", "USER", "STATE", "PORT"], cells, "There are no desktops.")


@desktop.command()
@click.argument("user")
@click.argument("name")
@config_option
@json_option
def assign(user: str, name: str, config_file: Path, *, as_json: bool) -> None:
    """Give desktop NAME, which is made if it is new, to USER, who may have several. Whoever had it loses it.

    \b
    Example:
      edgectl desktop assign kim kim-work
    """
    config = broker_config(config_file)
    with administration(config_file) as opened:
        done = carried_out(opened, config, opened.assign_desktop(user, name), f"desktop {name}")
    if as_json:
        print_json({"desktop": name, "user": user, "carried_out": done})
    else:
        click.echo(f"desktop {name}: assigned to {user}")


@desktop.command()
@click.argument("name")
@config_option
@json_option
def withdraw(name: str, config_file: Path, *, as_json: bool) -> None:
    """Take desktop NAME from its user. Its files stay; assign it to give it to somebody.

    \b
    Example:
      edgectl desktop withdraw kim-work
    """
    config = broker_config(config_file)
    with administration(config_file) as opened:
        done = carried_out(opened, config, opened.withdraw_desktop(name), f"desktop {name}")
    if as_json:
        print_json({"desktop": name, "user": None, "carried_out": done})
    else:
        click.echo(f"desktop {name}: withdrawn")


@desktop.command()
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Stop all desktops.")
@config_option
@json_option
def stop(names: Sequence[str], config_file: Path, *, every: bool, as_json: bool) -> None:
    """Stop desktops: their programs end, their files stay. The next sign-in starts them again.

    \b
    Examples:
      edgectl desktop stop kim
      edgectl desktop stop --all
    """
    if bool(names) == every:
        raise click.UsageError("give the names of desktops, or --all")
    config = broker_config(config_file)
    with administration(config_file) as opened:
        wanted = [found.desktop for found in opened.list_desktops()] if every else list(names)
        for name in wanted:
            _stop(opened, config, name)
            if not as_json:
                click.echo(f"desktop {name}: stopped")
    if as_json:
        print_json([{"desktop": name, "running": False} for name in wanted])


def _stop(opened: Administration, config: BrokerConfig, name: str) -> None:
    acts = opened.stop_desktop(name)
    if is_running(config):
        carried_out(opened, config, acts, f"desktop {name}")
    else:
        asyncio.run(LocalProvider(DataDirectory(config.data_dir).desktops, config.desktops).stop(name))
        opened.set_done(acts)


def _states(config: BrokerConfig) -> Sequence[DesktopState]:
    return asyncio.run(LocalProvider(DataDirectory(config.data_dir).desktops, config.desktops).states())


def _as_dict(state: DesktopState) -> dict[str, object]:
    return {"desktop": state.name, "running": state.running, "port": state.port, "processes": state.processes}
