"""Numbers of security types and of VeNCrypt's subtypes.

Source: RFC 6143 section 7.2; the registry and the VeNCrypt section of the rfbproto specification.
"""

from collections.abc import Iterable
from enum import IntEnum


class SecurityType(IntEnum):
    """What a server offers after the version."""

    INVALID = 0
    NONE = 1
    VNC_AUTH = 2
    RA2 = 5
    RA2NE = 6
    RA2_TWO_STEP = 13
    TIGHT = 16
    ULTRA = 17
    TLS = 18
    VENCRYPT = 19
    SASL = 20
    MD5_HASH = 21
    XVP = 22
    SECURE_TUNNEL = 23
    INTEGRATED_SSH = 24
    APPLE_DH = 30
    APPLE_KERBEROS = 35
    MS_LOGON_II = 113
    RA2_256 = 129
    RA2NE_256 = 130
    RA2_256_TWO_STEP = 133


class VeNCryptSubtype(IntEnum):
    """What a server offers inside VeNCrypt."""

    PLAIN = 256
    TLS_NONE = 257
    TLS_VNC = 258
    TLS_PLAIN = 259
    X509_NONE = 260
    X509_VNC = 261
    X509_PLAIN = 262
    TLS_SASL = 263
    X509_SASL = 264


def names(numbers: Iterable[int], kind: type[SecurityType] | type[VeNCryptSubtype]) -> str:
    """List the numbers with their names, for messages."""
    known = {int(member): member.name for member in kind}
    return ", ".join(f"{known.get(number, 'unknown')} ({number})" for number in numbers) or "nothing"
