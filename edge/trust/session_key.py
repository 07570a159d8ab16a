"""The key of one session at one desktop: made for it on the board, kept in memory, forgotten with it."""

import ssl

from edge.trust.keys import PrivateKey, fingerprint
from edge.trust.tls import client_context


class SessionKey:
    """A key for one session. What goes to the broker is `request_pem`; what comes back makes the TLS context."""

    def __init__(self) -> None:
        self._key = PrivateKey.make()

    @property
    def name(self) -> str:
        """By which the broker knows the session: the key's fingerprint."""
        return fingerprint(self._key.public_key)

    @property
    def request_pem(self) -> str:
        """The signing request, PEM; the broker puts its own name into the certificate."""
        return self._key.signing_request("session")

    def context(self, ca_pem: str, certificate_pem: str) -> ssl.SSLContext:
        """Return the context for the desktop of a ticket: trust its CA alone, show the ticket's certificate.

        Connect with `server_hostname=ticket.server_name`. Raises `TrustError` if the certificate is for another key.
        """
        return client_context(ca_pem, certificate_pem, self._key)
