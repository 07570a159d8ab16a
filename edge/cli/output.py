"""What commands print: tables for people, JSON for programs."""

import time
from collections.abc import Sequence

import click
import msgspec


def print_json(value: object) -> None:
    """Print a value (structs, dataclasses, lists, ...) as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Print rows below their head, or the sentence `empty` if there are none."""
    if not rows:
        click.echo(empty)
        return
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def moment(seconds: float | None) -> str:
    """Write a time in seconds since 1970 in UTC, "-" for never."""
    return "-" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(seconds))
