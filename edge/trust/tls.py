"""TLS contexts for each purpose: TLS 1.2 or later, mutual but for the anonymous one.

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
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        context.load_verify_locations(cadata=ca_pem)
    except (ssl.SSLError, ValueError) as error:
        raise TrustError(f"the CA's certificate cannot be used: {error}") from error
    if certificate_pem is not None and key is not None:
        load_chain(context, certificate_pem, key)
    return context


def anonymous_context() -> ssl.SSLContext:
    """Return a context for VeNCrypt's types without certificates: it hides what is said, from no matter whom.

    TLS 1.3 has no such ciphers, and OpenSSL none above security level 0.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ADH+AESGCM:ADH+AES:AECDH+AES:@SECLEVEL=0")
    return context


def server_context() -> ssl.SSLContext:
    """Return a context for a server that asks for no client certificate; give it its own with `load_chain`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def load_chain(context: ssl.SSLContext, certificate_pem: str, key: PrivateKey) -> None:
    """Put a certificate and its key into `context`; raises `TrustError` if they do not belong together.

    `ssl` takes them from files only: these are in memory, and gone at once.
    """
    with ExitStack() as stack:
        paths = []
        for content in (certificate_pem.encode(), key.pem):
            descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
            stack.callback(os.close, descriptor)
            os.write(descriptor, content)
            paths.append(f"/proc/self/fd/{descriptor}")
        try:
            context.load_cert_chain(*paths)
        except (ssl.SSLError, OSError) as error:
            raise TrustError(f"a certificate and its key cannot be used: {error}") from error


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
