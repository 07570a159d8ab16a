"""Which of the offered security types is taken, by the policy.

Source: RFC 6143 section 7.1.2.
"""

from collections.abc import Sequence

from edge.errors import Unsupported
from edge.rfb.security import none, ra2, vencrypt, vnc_auth
from edge.rfb.security.method import Asks, Authenticate, Method, best, words_for
from edge.rfb.security.policy import Security
from edge.rfb.security.types import SecurityType, names
from edge.rfb.settings import ConnectionSettings

#: What is spoken, best first.
_SPOKEN: dict[SecurityType, Method] = {
    SecurityType.VENCRYPT: Method(vencrypt.authenticate, bare=vencrypt.BARE, in_tls=vencrypt.IN_TLS),
    **ra2.METHODS,
    SecurityType.VNC_AUTH: Method(
        vnc_auth.authenticate,
        bare=frozenset({Security.VNC_AUTH}),
        in_tls=frozenset({Security.VNC_AUTH_IN_TLS}),
        asks=Asks.PASSWORD,
    ),
    SecurityType.NONE: Method(
        none.authenticate, bare=frozenset({Security.NONE}), in_tls=frozenset({Security.NONE_IN_TLS})
    ),
}

_TWO_STEP = "RSA-AES in two steps is RealVNC's own and specified nowhere; RA2_256 is spoken"
_UNSPOKEN = {
    SecurityType.RA2_TWO_STEP: _TWO_STEP,
    SecurityType.TIGHT: "TightVNC's sends its password as VncAuth does, and adds nothing that would protect it",
    SecurityType.ULTRA: "UltraVNC's encrypts by a plug-in of the server's",
    SecurityType.TLS: "Vino's TLS knows no certificates; VeNCrypt does",
    SecurityType.SASL: "SASL is not spoken, and by VeNCrypt neither",
    SecurityType.MD5_HASH: "a password hashed with MD5 can be guessed from what is sent",
    SecurityType.XVP: "Xvp's user name and password travel as VncAuth's do",
    SecurityType.APPLE_DH: "Apple Remote Desktop's key exchange does not prove who the server is",
    SecurityType.APPLE_KERBEROS: "Kerberos is not spoken",
    SecurityType.MS_LOGON_II: "MS-Logon II's key exchange has 64 bits, which anybody on the way can undo",
    SecurityType.RA2_256_TWO_STEP: _TWO_STEP,
}
"""Why a type is not spoken, for whoever only has that."""


def choose(offered: Sequence[int], settings: ConnectionSettings) -> tuple[SecurityType, Authenticate]:
    """Take the best offered type that is spoken and allowed, and for which what it asks for is there.

    Raises `Unsupported` with what the server offers and which word of the policy would allow it.
    """
    if (chosen := best(_SPOKEN, offered, settings)) is not None:
        return chosen[0], chosen[1].authenticate
    if words := words_for(_SPOKEN, offered, settings):
        advice = f"allow {words}"
    else:
        reasons = [f"{number.name}: {reason}" for number, reason in _UNSPOKEN.items() if number in offered]
        advice = "; ".join(["this client speaks none of them", *reasons])
    raise Unsupported(
        f"the server offers {names(offered, SecurityType)}; the security policy allows {settings.security}. "
        f"Have the server offer one of these (x11vnc: -ssl -sslverify), or {advice}"
    )
