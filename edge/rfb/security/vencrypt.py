"""Security type VeNCrypt: TLS begun inside RFB, then another security type inside TLS.

Only version 0.2 and the subtypes with certificates are spoken; the anonymous ones protect from nobody who can
change bytes on their way.

Source: the VeNCrypt section of the rfbproto specification.
"""

from collections.abc import Callable
from struct import Struct, pack

from edge.errors import ProtocolViolation, Unsupported
from edge.rfb.events import TlsRequired
from edge.rfb.security import none, vnc_auth
from edge.rfb.security.policy import Security
from edge.rfb.security.types import VeNCryptSubtype, names
from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream

Inner = Callable[[Stream, ConnectionSettings], Parser[str]]

#: Subtype -> what allows it, and what is spoken inside TLS; best first.
_SUBTYPES: dict[VeNCryptSubtype, tuple[Security, Inner]] = {
    VeNCryptSubtype.X509_NONE: (Security.X509_NONE, none.authenticate),
    VeNCryptSubtype.X509_VNC: (Security.X509_VNC, vnc_auth.authenticate),
}
_VERSION = b"\0\2"

#: The ways in which VeNCrypt can end.
WAYS = frozenset(way for way, _ in _SUBTYPES.values())


def authenticate(stream: Stream, settings: ConnectionSettings) -> Parser[str]:
    """Agree on a subtype, have the shell begin TLS, and speak what is inside."""
    stream.context = "VeNCrypt version"
    version = yield from stream.read(2)
    if version < _VERSION:
        raise Unsupported(f"the server speaks VeNCrypt {version[0]}.{version[1]}, this client 0.2")
    stream.write(_VERSION)
    if (yield from stream.u8()):
        raise ProtocolViolation("the server refused the VeNCrypt version that it had announced")
    stream.context = "VeNCrypt subtypes"
    count = yield from stream.u8()
    offered = yield from stream.unpack(Struct(f">{count}I"))
    subtype = next((each for each, (way, _) in _SUBTYPES.items() if each in offered and way in settings.security), None)
    if subtype is None:
        raise Unsupported(
            f"the server offers by VeNCrypt {names(offered, VeNCryptSubtype)}; the security policy allows "
            f"{settings.security}. Have the server offer X509None (x11vnc: -ssl -sslverify), or allow what it offers"
        )
    stream.write(pack(">I", subtype))
    stream.context = f"VeNCrypt {subtype.name}"
    if (accepted := (yield from stream.u8())) != 1:
        raise ProtocolViolation(f"the server offered {subtype.name} and then answered {accepted} to it, expected 1")
    yield TlsRequired(anonymous=False)
    _, inner = _SUBTYPES[subtype]
    yield from inner(stream, settings)
    return f"VeNCrypt {subtype.name}"
