"""Which of a server's security types this client may use."""

from dataclasses import dataclass
from enum import StrEnum


class Security(StrEnum):
    """The ways in which a connection can be secured, best first; the words of options."""

    #: VeNCrypt X509None: TLS with certificates, nothing more.
    X509_NONE = "x509-none"
    #: VeNCrypt X509Vnc: TLS with certificates, and a VNC password inside.
    X509_VNC = "x509-vnc"
    #: VeNCrypt X509Plain: TLS with certificates, and a user name and password inside.
    X509_PLAIN = "x509-plain"
    #: None, inside a transport that already is TLS.
    NONE_IN_TLS = "none-in-tls"
    #: A VNC password (DES of a challenge), inside a transport that already is TLS.
    VNC_AUTH_IN_TLS = "vnc-auth-in-tls"
    #: VeNCrypt Plain, a user name and password, inside a transport that already is TLS.
    PLAIN_IN_TLS = "plain-in-tls"
    #: RSA key exchange, then AES with 256 bits around everything; the server's key is checked as a certificate is.
    RA2_256 = "ra2-256"
    #: The same with 128 bits.
    RA2 = "ra2"
    #: As `RA2_256`, but only the user name and password are sealed: what follows can be read and changed on its way.
    RA2NE_256 = "ra2ne-256"
    #: As `RA2`, and the same warning.
    RA2NE = "ra2ne"
    #: Not a way of its own: go on with an RSA key that nobody vouches for. Whoever is in between has one too.
    UNKNOWN_RSA_KEY = "unknown-rsa-key"
    #: VeNCrypt TLSNone: TLS without certificates. Hides from who listens, not from who stands in between.
    TLS_NONE = "tls-none"
    #: VeNCrypt TLSVnc: the same, and a VNC password inside.
    TLS_VNC = "tls-vnc"
    #: VeNCrypt TLSPlain: the same, and a user name and password inside, for whoever is at the other end.
    TLS_PLAIN = "tls-plain"
    #: A VNC password on a bare transport: everything that follows can be read and changed on its way.
    VNC_AUTH = "vnc-auth"
    #: VeNCrypt Plain on a bare transport: a user name and password for everybody to read.
    PLAIN = "plain"
    #: Nothing at all on a bare transport.
    NONE = "none"


#: What needs the certificate of an authority.
CERTIFIED = frozenset({Security.X509_NONE, Security.X509_VNC, Security.X509_PLAIN})
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
