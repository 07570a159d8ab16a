"""Which of the offered security types is taken, by the policy.

Source: RFC 6143 section 7.1.2.
"""

from collections.abc import Callable, Sequence

from edge.errors import Unsupported
from edge.rfb.security import none, vencrypt, vnc_auth
from edge.rfb.security.policy import Security
from edge.rfb.security.types import SecurityType, names
from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream

Authenticate = Callable[[Stream, ConnectionSettings], Parser[str]]

_SPOKEN: dict[SecurityType, Authenticate] = {
    SecurityType.VENCRYPT: vencrypt.authenticate,
    SecurityType.VNC_AUTH: vnc_auth.authenticate,
    SecurityType.NONE: none.authenticate,
}


def _ways(security_type: SecurityType, settings: ConnectionSettings) -> frozenset[Security]:
    """Tell what of the policy would allow the type on this transport; any one suffices."""
    match security_type:
        case SecurityType.NONE:
            return frozenset({Security.NONE_IN_TLS if settings.transport_secure else Security.NONE})
        case SecurityType.VNC_AUTH:
            return frozenset({Security.VNC_AUTH_IN_TLS if settings.transport_secure else Security.VNC_AUTH})
        case SecurityType.VENCRYPT if not settings.transport_secure:
            return vencrypt.WAYS
        case _:
            return frozenset()


def choose(offered: Sequence[int], settings: ConnectionSettings) -> tuple[SecurityType, Authenticate]:
    """Take the best offered type that is spoken and allowed: VeNCrypt, then VncAuth if there is a password, then None.

    Raises `Unsupported` with what the server offers and which word of the policy would allow it.
    """
    allowed = [
        security_type
        for security_type in _SPOKEN
        if security_type in offered and not settings.security.allowed.isdisjoint(_ways(security_type, settings))
    ]
    for security_type in allowed:
        if security_type is not SecurityType.VNC_AUTH or settings.password or security_type == allowed[-1]:
            return security_type, _SPOKEN[security_type]
    wanting = sorted({way for spoken in _SPOKEN if spoken in offered for way in _ways(spoken, settings)})
    advice = f"allow {' or '.join(wanting)}" if wanting else "this client speaks none of them"
    raise Unsupported(
        f"the server offers {names(offered, SecurityType)}; the security policy allows {settings.security}. "
        f"Have the server offer one of these (x11vnc: -ssl -sslverify), or {advice}"
    )
