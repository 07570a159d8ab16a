"""Enrolment: a device without a certificate turns a one-time token into one, over HTTPS with a pinned CA.

The board needs nothing beyond the standard library for it. A lost answer loses nothing: until the token expires, the
same key may come again with it.
"""

import asyncio
import http.client
import ssl
from pathlib import Path
from typing import Annotated

import msgspec

from edge.errors import TrustError
from edge.trust.certificates import load_certificate
from edge.trust.identity import DeviceState, Identity
from edge.trust.tls import client_context, explain

ENROL_PATH = "/v1/enrol"
MAX_BODY_BYTES = 16 * 1024  # a request or an answer takes 2 kB
MAX_FILE_BYTES = 64 * 1024

Pem = Annotated[str, msgspec.Meta(min_length=1, max_length=12 * 1024)]


class EnrolmentFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `edgectl device add` writes and the board reads: where the broker is, whom to trust, and the token."""

    device: str
    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    ca_pem: Pem
    token: Annotated[str, msgspec.Meta(min_length=16, max_length=128)]

    def __repr__(self) -> str:
        return f"EnrolmentFile(device={self.device!r}, host={self.host!r}, port={self.port}, token=<hidden>)"


class EnrolmentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The body of the request."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    request_pem: Pem

    def __repr__(self) -> str:
        return "EnrolmentRequest(token=<hidden>)"


class EnrolmentRefused(msgspec.Struct, frozen=True, kw_only=True):
    """The body of the answer if the status is not 200; `error` says what to do."""

    error: Annotated[str, msgspec.Meta(max_length=1024)]


def read_enrolment_file(path: Path) -> EnrolmentFile:
    """Read the file that `edgectl device add` wrote; raises `TrustError`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise TrustError(
            f"{path}: cannot be read: {error.strerror}; make it with `edgectl device add NAME` at the broker"
        ) from error
    try:
        return msgspec.json.decode(data[:MAX_FILE_BYTES], type=EnrolmentFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TrustError(f"{path}: not an enrolment file: {error}") from error


async def enrol(path: Path, state: DeviceState, *, timeout_s: float = 30.0) -> Identity:
    """Enrol this device with the file at `path`, keep its identity in `state` and delete the file with its token.

    Raises `TrustError` that says who refused what; nothing has changed then, and it may be tried again.
    """
    file = read_enrolment_file(path)
    identity = await asyncio.to_thread(_enrol, file, state, timeout_s)
    state.save(identity)
    await asyncio.to_thread(path.unlink, missing_ok=True)
    return identity


def _enrol(file: EnrolmentFile, state: DeviceState, timeout_s: float) -> Identity:
    key = state.key()
    body = msgspec.json.encode(EnrolmentRequest(token=file.token, request_pem=key.signing_request(file.device)))
    peer = f"the broker at {file.host}:{file.port}"
    status, answer = _post(file, client_context(file.ca_pem), body, timeout_s, peer)
    try:
        if status != 200:
            raise TrustError(f"{peer} refused: {msgspec.json.decode(answer, type=EnrolmentRefused).error}")
        identity = msgspec.json.decode(answer, type=Identity)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TrustError(f"{peer} sent no answer of its kind (status {status}): {error}") from error
    if load_certificate(identity.certificate_pem, "the broker's answer").public_key() != key.public_key:
        raise TrustError(f"{peer} sent a certificate for another key")
    return identity


def _post(file: EnrolmentFile, context: ssl.SSLContext, body: bytes, timeout_s: float, peer: str) -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection(file.host, file.port, timeout=timeout_s, context=context)
    try:
        connection.request("POST", ENROL_PATH, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read(MAX_BODY_BYTES + 1)
    except OSError as error:
        raise TrustError(explain(error, peer)) from error
    except http.client.HTTPException as error:
        raise TrustError(f"{peer} does not speak HTTP: {error!r}") from error
    finally:
        connection.close()
    if len(answer) > MAX_BODY_BYTES:
        raise TrustError(f"{peer} sent more than {MAX_BODY_BYTES} bytes")
    return response.status, answer
