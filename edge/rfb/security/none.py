"""Security type None: nothing is asked.

Source: RFC 6143 section 7.2.1.
"""

from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream


def authenticate(_stream: Stream, _settings: ConnectionSettings) -> Parser[str]:
    """Do nothing; SecurityResult follows."""
    yield from ()
    return "None"
