"""Networks by name."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from models.networks.base import Network
from models.networks.restorer import ResidualNetwork
from models.networks.span import Span
from models.networks.srgan import SrganGenerator
from models.networks.srvgg import SrvggCompact

_PLAIN = re.compile(r"(\d+)x(\d+)")

NETWORKS: Mapping[str, Callable[[], Network]] = MappingProxyType(
    {
        "S": lambda: ResidualNetwork(32, 2),
        "M": lambda: ResidualNetwork(32, 4),
        "L": lambda: ResidualNetwork(64, 4),
        "XL": lambda: ResidualNetwork(128, 8, skips=True),
        "SRGAN": SrganGenerator,
        "SRVGG": SrvggCompact,
        "SPAN": Span,
    }
)


def build(name: str) -> Network:
    """Make the network `name`: one of `NETWORKS`, or channels and depth of a plain one such as 48x4.

    Raises ValueError for another name.
    """
    if name in NETWORKS:
        return NETWORKS[name]()
    if plain := _PLAIN.fullmatch(name):
        return ResidualNetwork(int(plain[1]), int(plain[2]))
    raise ValueError(f"no network {name!r}; there are {', '.join(NETWORKS)}, and channels x depth such as 48x4")
