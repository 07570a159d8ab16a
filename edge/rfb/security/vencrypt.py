"""Security type VeNCrypt: TLS begun inside RFB, then another security type inside TLS.

Only version 0.2 is spoken. TLS is begun by the shell, which checks the server's certificate before it calls
`Connection.tls_established`; a password is said after that.

Source: the VeNCrypt section of the rfbproto specification.
"""

from struct import Struct, pack

from edge.errors import ProtocolViolation, Unsupported
from edge.rfb.events import TlsRequired
from edge.rfb.security import none, plain, vnc_auth
from edge.rfb.security.method import Asks, Method, best, words_for
from edge.rfb.security.policy import Security
from edge.rfb.security.types import VeNCryptSubtype, names
from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream

Subtype = VeNCryptSubtype

#: What is spoken inside TLS, best first.
_SUBTYPES: dict[Subtype, Method] = {
    Subtype.X509_NONE: Method(none.authenticate, frozenset({Security.X509_NONE})),
    Subtype.X509_PLAIN: Method(plain.authenticate, frozenset({Security.X509_PLAIN}), asks=Asks.USER_AND_PASSWORD),
    Subtype.X509_VNC: Method(vnc_auth.authenticate, frozenset({Security.X509_VNC}), asks=Asks.PASSWORD),
    Subtype.TLS_VNC: Method(vnc_auth.authenticate, frozenset({Security.TLS_VNC}), asks=Asks.PASSWORD),
    Subtype.TLS_PLAIN: Method(plain.authenticate, frozenset({Security.TLS_PLAIN}), asks=Asks.USER_AND_PASSWORD),
    Subtype.TLS_NONE: Method(none.authenticate, frozenset({Security.TLS_NONE})),
    Subtype.PLAIN: Method(
        plain.authenticate,
        frozenset({Security.PLAIN}),
        in_tls=frozenset({Security.PLAIN_IN_TLS}),
        asks=Asks.USER_AND_PASSWORD,
    ),
}
_ANONYMOUS = frozenset({Subtype.TLS_NONE, Subtype.TLS_VNC, Subtype.TLS_PLAIN})
_VERSION = b"\0\2"

#: The words of which any one lets VeNCrypt be tried.
BARE = frozenset(word for method in _SUBTYPES.values() for word in method.bare)
IN_TLS = frozenset(word for method in _SUBTYPES.values() for word in method.in_tls)


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
    subtype, method = _choose(offered, settings)
    stream.write(pack(">I", subtype))
    stream.context = f"VeNCrypt {subtype.name}"
    if subtype is not Subtype.PLAIN:
        if (accepted := (yield from stream.u8())) != 1:
            raise ProtocolViolation(f"the server offered {subtype.name} and then answered {accepted} to it, expected 1")
        yield TlsRequired(anonymous=subtype in _ANONYMOUS)
    yield from method.authenticate(stream, settings)
    return f"VeNCrypt {subtype.name}"


def _choose(offered: tuple[int, ...], settings: ConnectionSettings) -> tuple[Subtype, Method]:
    if (chosen := best(_SUBTYPES, offered, settings)) is not None:
        return chosen
    words = words_for(_SUBTYPES, offered, settings)
    raise Unsupported(
        f"the server offers by VeNCrypt {names(offered, Subtype)}; the security policy allows {settings.security}. "
        "Have the server offer X509None (x11vnc: -ssl -sslverify), or "
        + (f"allow {words}" if words else "another type: this client speaks none of them")
    )
