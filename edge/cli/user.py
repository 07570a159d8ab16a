"""`edgectl user`: the people."""

import sys
from pathlib import Path

import click
import segno

from edge.broker.administration import Administration, NewUser
from edge.cli.carrying_out import carried_out
from edge.cli.failure import Failure
from edge.cli.options import administration, broker_config, config_option, json_option
from edge.cli.output import print_json, print_table
from edge.errors import BrokerError

CODE_ATTEMPTS = 3


@click.group()
def user() -> None:
    """Add, list, lock and unlock users."""


@user.command()
@click.argument("name")
@click.option("--no-confirm", is_flag=True, help="Do not ask for a first code: for scripts.")
@click.option("--no-desktop", is_flag=True, help="Assign no desktop; otherwise one of the same name.")
@config_option
@json_option
def add(name: str, config_file: Path, *, no_confirm: bool, no_desktop: bool, as_json: bool) -> None:
    """Add a user: show a QR code for an authenticator, once, and ask for the first code that it shows.

    Nothing is kept until the code was right. The ten recovery codes are shown once, too: each lets the user in once
    without the authenticator. With --json, secret and recovery codes are in the output, and the QR code goes to
    standard error.

    \b
    Examples:
      edgectl user add kim
      edgectl user add lee --no-confirm --json > lee.json
    """
    with administration(config_file) as opened:
        new = opened.prepare_user(name, desktop=not no_desktop)
        if no_confirm:
            opened.add_user(new, first_code=None)
        else:
            click.echo(f"Scan this with the authenticator of {name}:\n", err=as_json)
            _show_qr(new.uri, to_stderr=as_json)
            click.echo(f"\nOr type the secret: {new.secret}\n", err=as_json)
            _confirm(opened, new, to_stderr=as_json)
    if as_json:
        print_json(new)
        return
    if no_confirm:
        click.echo(f"The secret for the authenticator: {new.secret}\n{new.uri}")
    click.echo("\nRecovery codes, each good for one sign-in. Keep them where the authenticator is not:")
    for code in new.recovery_codes:
        click.echo(f"  {code}")
    click.echo(f"\nuser {name}: added{f', with desktop {new.desktop}' if new.desktop else ', without a desktop'}")


def _show_qr(uri: str, *, to_stderr: bool) -> None:
    segno.make_qr(uri, error="l").terminal(out=sys.stderr if to_stderr else sys.stdout, compact=True)


def _confirm(opened: Administration, new: NewUser, *, to_stderr: bool) -> None:
    for left in reversed(range(CODE_ATTEMPTS)):
        code: str = click.prompt("The code that it shows now", err=to_stderr)
        try:
            opened.add_user(new, first_code=code)
        except BrokerError as error:
            if left == 0 or "does not confirm" not in str(error):
                raise Failure(f"{error}; user {new.name} was not added") from error
            click.echo(f"{error}.", err=True)
        else:
            return


@user.command(name="list")
@config_option
@json_option
def list_(config_file: Path, *, as_json: bool) -> None:
    """List all users.

    \b
    Examples:
      edgectl user list
      edgectl user list --json
    """
    with administration(config_file) as opened:
        users = opened.list_users()
    if as_json:
        print_json(users)
        return
    rows = [
        [
            found.name,
            " ".join(found.desktops) or "-",
            "yes" if found.locked else "no",
            found.failures,
            found.recovery_codes_left,
        ]
        for found in users
    ]
    print_table(["NAME", "DESKTOPS", "LOCKED", "FAILURES", "RECOVERY CODES"], rows, "There are no users.")


@user.command()
@click.argument("name")
@config_option
@json_option
def lock(name: str, config_file: Path, *, as_json: bool) -> None:
    """Keep a user out, and end the user's connections. The desktop goes on.

    \b
    Example:
      edgectl user lock kim
    """
    config = broker_config(config_file)
    with administration(config_file) as opened:
        done = carried_out(opened, config, opened.lock_user(name), f"user {name}")
    if as_json:
        print_json({"user": name, "locked": True, "carried_out": done})
    else:
        click.echo(f"user {name}: locked")


@user.command()
@click.argument("name")
@config_option
@json_option
def unlock(name: str, config_file: Path, *, as_json: bool) -> None:
    """Let a user in again, and forget the failed attempts.

    \b
    Example:
      edgectl user unlock kim
    """
    with administration(config_file) as opened:
        opened.unlock_user(name)
    if as_json:
        print_json({"user": name, "locked": False})
    else:
        click.echo(f"user {name}: unlocked")
