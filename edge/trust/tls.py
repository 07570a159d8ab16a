"""TLS contexts for each purpose: mutual, TLS 1.2 or later, and never a certificate that was not asked for.

In TLS 1.3 a client has finished its handshake before the server has looked at the client's certificate: a refusal
arrives as an alert on the first read. Whoever opens a connection reads before calling it open.
"""

import os
import ssl
from contextlib import ExitStack

from edge.errors import TrustError
from edge.trust.keys import PrivateKey


def client_context(ca_pem: str, certificate_pem: str | None = None, key: PrivateKey | None = None) -> ssl.SSLContext:
    """Return a context for a client that trusts `ca_pem` alone and shows `certificate_pem` if there is one.

    The host name is checked: give `server_hostname`. Raises `TrustError` if the parts do not fit together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _filled(context, ca_pem, certificate_pem, key)


def server_context(
    certificate_pem: str, key: PrivateKey, client_ca_pem: str | None = None, *, require_client: bool = False
) -> ssl.SSLContext:
    """Return a context for a server; with `require_client` only clients with a certificate of `client_ca_pem` get in.

    Raises `TrustError` if the parts do not fit together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED if require_client else ssl.CERT_NONE
    return _filled(context, client_ca_pem, certificate_pem, key)


def explain(error: OSError, peer: str) -> str:
    """Say in an administrator's words why TLS with `peer` failed, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = {
            9: "its certificate is not valid yet: set this machine's clock",
            10: "its certificate has expired: set this machine's clock, or renew the certificate",
            18: "it signs for itself: it belongs to another installation, or somebody is in between",
            19: "it was signed by another CA: it belongs to another installation, or somebody is in between",
            20: "it was signed by another CA: it belongs to another installation, or somebody is in between",
            62: "its certificate is for another name",
            64: "its certificate is for another address",
        }.get(error.verify_code, error.verify_message)
        return f"{peer} is not trusted: {advice}"
    text = str(error).lower()
    for alert, meaning in (
        ("revoked", "this device's certificate was revoked: ask the administrator"),
        ("certificate expired", "this device's certificate has expired: set its clock, or enrol it again"),
        ("unknown ca", "it does not know the CA of this device's certificate: enrol this device at that broker"),
        ("certificate required", "it wants a client certificate, and none was shown"),
        ("alert", "it refused this device's certificate"),
    ):
        if alert in text:
            return f"{peer} refused the connection: {meaning}"
    return f"{peer}: {error.strerror or error}"


def _filled(
    context: ssl.SSLContext, ca_pem: str | None, certificate_pem: str | None, key: PrivateKey | None
) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        if ca_pem is not None:
            context.load_verify_locations(cadata=ca_pem)
        if certificate_pem is not None and key is not None:
            _load_chain(context, certificate_pem, key)
    except (ssl.SSLError, OSError) as error:
        raise TrustError(f"a certificate cannot be used: {error}") from error
    return context


def _load_chain(context: ssl.SSLContext, certificate_pem: str, key: PrivateKey) -> None:
    """Load a certificate and its key, which `ssl` takes from files only: these are in memory, and gone at once."""
    with ExitStack() as stack:
        paths = []
        for content in (certificate_pem.encode(), key.pem):
            descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
            stack.callback(os.close, descriptor)
            os.write(descriptor, content)
            paths.append(f"/proc/self/fd/{descriptor}")
        context.load_cert_chain(*paths)
