"""How a command fails: one line on standard error and a documented exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from edge.errors import EdgeError

EXIT_CODES = """\
\b
Exit codes:
  0  done
  1  refused or failed; the message says why, and nothing was changed
  2  wrong usage
  3  something is missing on this machine (doctor)
  4  decided and recorded, but the running broker has not carried it out yet
"""


EXIT_MISSING = 3


class Failure(click.ClickException):
    """A command that was refused or failed."""

    exit_code = 1

    def show(self, file: object = None) -> None:  # noqa: ARG002  click's signature
        """Say so on standard error."""
        click.echo(f"edgectl: error: {self.message}", err=True)


class Pending(Failure):
    """A command that the running broker has not carried out yet."""

    exit_code = 4


@contextmanager
def failing_well() -> Iterator[None]:
    """Turn each `EdgeError`, alone or in a group of nothing else, into a `Failure`."""
    try:
        yield
    except EdgeError as error:
        raise Failure(str(error)) from error
    except BaseExceptionGroup as group:
        if group.split(EdgeError)[1] is not None:
            raise
        raise Failure("; ".join(_leaves(group))) from group


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[str]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield str(error)
