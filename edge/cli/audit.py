"""`edgectl audit`: who did what."""

import json
from pathlib import Path

import click

from edge.cli.options import administration, config_option, json_option
from edge.cli.output import moment, print_json, print_table


@click.group()
def audit() -> None:
    """Read the audit log."""


@audit.command(name="list")
@click.option("--after", "after_id", type=int, default=0, help="Begin behind the line of this number.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="At most so many lines."
)
@config_option
@json_option
def list_(after_id: int, limit: int, config_file: Path, *, as_json: bool) -> None:
    """List the lines of the audit log, oldest first.

    \b
    Examples:
      edgectl audit list --after 120
      edgectl audit list --json | jq '.[] | select(.act == "sign-in.refuse")'
    """
    with administration(config_file) as opened:
        lines = opened.read_audit(after_id=after_id, limit=limit)
    if as_json:
        print_json(lines)
        return
    rows = [
        [line.id, moment(line.at), line.actor, line.act, line.subject, json.dumps(line.detail, ensure_ascii=False)]
        for line in lines
    ]
    print_table(["LINE", "TIME", "WHO", "ACT", "ON", "DETAIL"], rows, "The log is empty.")
