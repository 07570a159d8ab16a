"""VeNCrypt subtype Plain: the user name and the password as they are.

Source: the VeNCrypt section of the rfbproto specification.
"""

from struct import pack

from edge.rfb.security.credentials import user_and_password
from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream

#: TigerVNC's server takes no more.
_LONGEST_BYTES = 1024


def authenticate(stream: Stream, settings: ConnectionSettings) -> Parser[str]:
    """Say both; SecurityResult follows. Raises `AuthenticationFailed` if one is missing."""
    yield from ()
    user, password = user_and_password(settings, _LONGEST_BYTES)
    stream.write(pack(">II", len(user), len(password)) + user + password)
    return "Plain"
