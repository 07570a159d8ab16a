"""Waiting for the running broker to carry out what was decided."""

import click

from edge.broker.administration import Administration
from edge.broker.service import is_running
from edge.cli.failure import Pending
from edge.config import BrokerConfig

PATIENCE_S = 20.0


def carried_out(administration: Administration, config: BrokerConfig, acts: list[int], what: str) -> bool:
    """Wait until it is done: True. False if no broker runs: it does it at its next start.

    Raises `Pending` (exit code 4) if the running broker has not done it in time.
    """
    if not acts:
        return True
    if not is_running(config):
        click.echo(f"{what}: recorded; no broker runs, the next one carries it out when it starts", err=True)
        return False
    if not administration.wait_done(acts, PATIENCE_S):
        raise Pending(
            f"{what}: recorded, but the broker has not carried it out within {PATIENCE_S:g} s; look at its log"
        )
    return True
