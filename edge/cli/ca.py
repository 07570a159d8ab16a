"""`edgectl ca`: the certificate authority."""

from pathlib import Path

import click

from edge.broker.administration import initialise
from edge.cli.options import broker_config, config_option, json_option, person
from edge.cli.output import moment, print_json
from edge.trust.certificates import fingerprint


@click.group()
def ca() -> None:
    """Make the certificate authority of an installation."""


@ca.command()
@config_option
@json_option
def init(config_file: Path, *, as_json: bool) -> None:
    """Make the CA and the master key in the data directory, once.

    Back them up: without the master key no user can sign in, and without the CA each device has to be enrolled again.

    \b
    Examples:
      edgectl ca init
      edgectl ca init --config ./broker.toml
    """
    config = broker_config(config_file)
    authority = initialise(config, person())
    certificate = authority.certificate
    if as_json:
        print_json(
            {
                "data_dir": str(config.data_dir),
                "fingerprint_sha256": fingerprint(certificate),
                "not_after": certificate.not_valid_after_utc.timestamp(),
            }
        )
        return
    click.echo(f"The CA and the master key are in {config.data_dir}. Back them up, and keep them secret.")
    click.echo(f"SHA-256 of the CA's certificate: {fingerprint(certificate)}")
    click.echo(f"It is good until {moment(certificate.not_valid_after_utc.timestamp())}.")
