"""Which of a server's security types this client may use."""

from dataclasses import dataclass
from enum import StrEnum


class Security(StrEnum):
    """The ways in which a connection can be secured; the words of the configuration."""

    #: VeNCrypt X509None: TLS with certificates, nothing more.
    X509_NONE = "x509-none"
    #: VeNCrypt X509Vnc: TLS with certificates, and a VNC password inside.
    X509_VNC = "x509-vnc"
    #: None, inside a transport that already is mutual TLS.
    NONE_IN_TLS = "none-in-tls"
    #: A VNC password (DES of a challenge), inside a transport that already is mutual TLS.
    VNC_AUTH_IN_TLS = "vnc-auth-in-tls"
    #: A VNC password on a bare transport: everything that follows can be read and changed on its way.
    VNC_AUTH = "vnc-auth"
    #: Nothing at all on a bare transport.
    NONE = "none"


_STRICT = frozenset({Security.X509_NONE, Security.NONE_IN_TLS})


@dataclass(frozen=True, slots=True)
class SecurityPolicy:
    """The ways that are allowed. By default those in which certificates alone decide."""

    allowed: frozenset[Security] = _STRICT

    @classmethod
    def insecure(cls) -> "SecurityPolicy":
        """Allow every way, also those without TLS."""
        return cls(frozenset(Security))

    def __contains__(self, way: Security) -> bool:
        return way in self.allowed

    def __str__(self) -> str:
        return ", ".join(way for way in Security if way in self.allowed) or "nothing"
