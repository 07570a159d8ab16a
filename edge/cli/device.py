"""`edgectl device`: the boards."""

from pathlib import Path

import click

from edge.cli.carrying_out import carried_out
from edge.cli.options import administration, broker_config, config_option, json_option
from edge.cli.output import moment, print_json, print_table


@click.group()
def device() -> None:
    """Add, list, show, unlock and revoke devices."""


@device.command()
@click.argument("name")
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the enrolment file.  [default: NAME.json]",
)
@config_option
@json_option
def add(name: str, file: Path | None, config_file: Path, *, as_json: bool) -> None:
    """Expect a device: write the file with which it enrols, once and within a day.

    A device that exists, revoked or not, gets a new token, and can be enrolled again. The file holds a secret.

    \b
    Examples:
      edgectl device add desk-1
      edgectl device add desk-1 --file /media/boot/edge/enrolment.json
    """
    path = (file or Path(f"{name}.json")).absolute()
    with administration(config_file) as opened:
        content = opened.add_device(name, path)
    if as_json:
        print_json({"device": name, "file": str(path), "host": content.host, "port": content.port})
    else:
        click.echo(f"{path}: put it on the board as its enrolment_file (/etc/edged/enrolment.json).")


@device.command(name="list")
@config_option
@json_option
def list_(config_file: Path, *, as_json: bool) -> None:
    """List all devices.

    \b
    Examples:
      edgectl device list
      edgectl device list --json | jq -r '.[] | select(.state == "expired") | .name'
    """
    with administration(config_file) as opened:
        devices = opened.list_devices()
    if as_json:
        print_json(devices)
        return
    rows = [
        [found.name, found.state, found.presence, moment(found.certificate_not_after), moment(found.seen_at)]
        for found in devices
    ]
    print_table(["NAME", "STATE", "PRESENCE", "CERTIFICATE UNTIL", "SEEN"], rows, "There are no devices.")


@device.command()
@click.argument("name")
@config_option
@json_option
def show(name: str, config_file: Path, *, as_json: bool) -> None:
    """Show one device.

    \b
    Example:
      edgectl device show desk-1
    """
    with administration(config_file) as opened:
        found = opened.show_device(name)
    if as_json:
        print_json(found)
        return
    print_table(
        ["DEVICE", found.name],
        [
            ["state", found.state],
            ["presence", found.presence],
            ["added", moment(found.created_at)],
            ["certificate until", moment(found.certificate_not_after)],
            ["seen", moment(found.seen_at)],
            ["revoked", moment(found.revoked_at)],
            ["failed sign-ins", f"{found.failures}{' (locked)' if found.locked else ''}"],
        ],
        "",
    )


@device.command()
@click.argument("name")
@config_option
@json_option
def unlock(name: str, config_file: Path, *, as_json: bool) -> None:
    """Let users sign in again at a device that was locked after twenty failures.

    \b
    Example:
      edgectl device unlock desk-1
    """
    with administration(config_file) as opened:
        opened.unlock_device(name)
    if as_json:
        print_json({"device": name, "locked": False})
    else:
        click.echo(f"device {name}: unlocked")


@device.command()
@click.argument("name")
@config_option
@json_option
def revoke(name: str, config_file: Path, *, as_json: bool) -> None:
    """Revoke a device: it is thrown out of the bus and of its desktops at once, and cannot come back.

    \b
    Example:
      edgectl device revoke desk-1
    """
    config = broker_config(config_file)
    with administration(config_file) as opened:
        done = carried_out(opened, config, opened.revoke_device(name), f"device {name}")
    if as_json:
        print_json({"device": name, "revoked": True, "carried_out": done})
    else:
        click.echo(f"device {name}: revoked")
