"""Connections of tests, and their events in a form that can be compared."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from itertools import pairwise

import numpy as np
from cryptography.hazmat.primitives.asymmetric import rsa

from edge.errors import RfbError, Unsupported
from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb import (
    LOSSLESS,
    Connection,
    ConnectionSettings,
    EncodingNumber,
    Event,
    RectangleDecoded,
    SecurityPolicy,
)
from edge.rfb.encodings import is_level
from edge.rfb.security.entropy import Entropy
from tests.rfb import encode

SQUARE = Rect(0, 0, 64, 64)


def _offerable(number: int) -> bool:
    try:
        Connection(ConnectionSettings(encodings=(number,)))
    except Unsupported:
        return False
    return not is_level(number)


#: All that may be offered, what is exact first; without levels, which let servers send pictures that are not.
EVERYTHING = (*LOSSLESS, *(number for number in EncodingNumber if number not in LOSSLESS and _offerable(number)))


CLIENT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def same_entropy() -> Entropy:
    """The same secrets for each connection, so that each says the same."""
    return Entropy(random.Random(7).randbytes, lambda: CLIENT_KEY)


def open_settings(**changes: object) -> ConnectionSettings:
    """Settings that allow every security type and offer every encoding."""
    allowed = {"security": SecurityPolicy.insecure(), "encodings": EVERYTHING, "entropy": same_entropy()}
    return ConnectionSettings(**{**allowed, **changes})


def connected(size: Size, settings: ConnectionSettings | None = None) -> Connection:
    """A connection past ServerInit, with nothing left to send."""
    connection = Connection(settings or open_settings())
    connection.receive_data(encode.greeting(size))
    connection.data_to_send()
    return connection


def decode(data: bytes, size: Size) -> Picture:
    """The picture of an update with one rectangle of `size` at the origin."""
    [pixels] = [event.pixels for event in connected(size).receive_data(data) if isinstance(event, RectangleDecoded)]
    return pixels


def decode_rectangle(encoding: int, data: bytes, size: Size) -> Picture:
    return decode(encode.update(encode.rectangle(size.rect, encoding, data)), size)


def failure(data: bytes, size: Size = SQUARE.size) -> RfbError:
    """The error that the data leads to after ServerInit, or after the end of the stream."""
    connection = connected(size)
    try:
        connection.receive_data(data)
        connection.receive_data(b"")
    except RfbError as error:
        return error
    raise AssertionError("no error")


def rectangle_failure(encoding: int, data: bytes, rect: Rect = SQUARE) -> RfbError:
    return failure(encode.update(encode.rectangle(rect, encoding, data)), Size(rect.right, rect.bottom))


def plain(events: Iterable[Event]) -> list[tuple[object, ...]]:
    """Events as tuples in which arrays are comparable."""
    return [
        (type(event).__name__, *((v.shape, v.tobytes()) if isinstance(v, np.ndarray) else v for v in astuple(event)))
        for event in events
    ]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data in pieces that end at `places`, and at its end."""
    return [data[start:end] for start, end in pairwise([0, *sorted(places), len(data)])]


def run(pieces: Sequence[bytes], settings: ConnectionSettings) -> tuple[list[tuple[object, ...]], str, bytes]:
    """What a fresh connection makes of the pieces and the end of the stream: events, error and bytes sent."""
    connection = Connection(settings)
    events: list[Event] = []
    try:
        for piece in [*(piece for piece in pieces if piece), b""]:
            events += connection.receive_data(piece)
            while connection.more:
                events += connection.receive_more()
    except RfbError as error:
        return plain(events), f"{type(error).__name__}: {error}", connection.data_to_send()
    raise AssertionError("the end of the stream is an error")
