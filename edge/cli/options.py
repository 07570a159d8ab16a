"""The options that many commands share."""

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec

from edge.config import BrokerConfig, load

if TYPE_CHECKING:  # only the commands that administer need the broker's packages
    from edge.broker.administration import Administration

DEFAULT_CONFIG = Path("/etc/edge/broker.toml")

Command = TypeVar("Command", bound=Callable[..., object])


def config_option(command: Command) -> Command:
    """`--config`: the broker's configuration file."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="EDGE_BROKER_CONFIG",
        default=DEFAULT_CONFIG,
        show_default=True,
        show_envvar=True,
        help="The broker's configuration; without the default file, its defaults.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`: for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def broker_config(file: Path) -> BrokerConfig:
    """Read the broker's configuration; the default file may be missing. Raises `ConfigError`."""
    if file == DEFAULT_CONFIG and not file.exists():
        return BrokerConfig()
    config = load(file, BrokerConfig)
    return msgspec.structs.replace(config, data_dir=file.absolute().parent / config.data_dir)


@contextmanager
def administration(file: Path) -> Iterator["Administration"]:
    """Open the data directory for the person who runs this; raises `EdgeError`."""
    from edge.broker.administration import Administration  # noqa: PLC0415  see above

    with Administration.open(broker_config(file), person()) as opened:
        yield opened


def person() -> str:
    """Return who runs this, as the audit log names it."""
    return "admin:" + (os.environ.get("SUDO_USER") or getpass.getuser())
