"""From the first byte to ServerInit.

Source: RFC 6143 sections 7.1 to 7.3; version 3.3 and 3.7 by appendix A.
"""

import re
from enum import Enum
from struct import Struct, pack

from edge.errors import AuthenticationFailed, ProtocolViolation, Unsupported
from edge.geometry import Size
from edge.rfb.limits import Limits
from edge.rfb.pixel_format import PixelFormat
from edge.rfb.security.choice import choose
from edge.rfb.security.types import SecurityType
from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream

_VERSION = re.compile(rb"RFB ([0-9]{3})\.([0-9]{3})\n")
_SERVER_INIT = Struct(f">HH{PixelFormat.SIZE_BYTES}sI")


class Version(Enum):
    """The versions that differ on the wire, as (major, minor)."""

    V3_3 = (3, 3)
    V3_7 = (3, 7)
    V3_8 = (3, 8)


def negotiate_version(stream: Stream) -> Parser[Version]:
    """Take the highest version that both speak; numbers in between count as the next lower one."""
    stream.context = "ProtocolVersion"
    line = bytes((yield from stream.read(12)))
    if not (found := _VERSION.fullmatch(line)):
        raise ProtocolViolation(
            f"the server begins with {line!r}, which is not RFB; is it a VNC server, and without TLS?"
        )
    announced = (int(found[1]), int(found[2]))
    if announced < Version.V3_3.value:
        raise Unsupported(f"the server speaks RFB {announced[0]}.{announced[1]}, older than 3.3")
    version = max((version for version in Version if version.value <= announced), key=lambda version: version.value)
    major, minor = version.value
    stream.write(b"RFB %03d.%03d\n" % (major, minor))
    return version


def negotiate_security(stream: Stream, version: Version, settings: ConnectionSettings) -> Parser[str]:
    """Choose a security type by the policy, go through it, and return its name for `Connected`."""
    stream.context = "security types"
    if version is Version.V3_3:
        offered = [(yield from stream.u32())]
        refused = offered == [SecurityType.INVALID]
    else:
        count = yield from stream.u8()
        offered = list((yield from stream.read(count)))
        refused = count == 0
    if refused:
        reason = yield from _reason(stream, settings.limits)
        raise ProtocolViolation(f"the server refuses the connection: {reason}")
    chosen, authenticate = choose(offered, settings)
    if version is not Version.V3_3:
        stream.write(bytes([chosen]))
    name = yield from authenticate(stream, settings)
    if version is Version.V3_8 or chosen is not SecurityType.NONE:
        yield from _security_result(stream, version, settings.limits)
    return name


def _security_result(stream: Stream, version: Version, limits: Limits) -> Parser[None]:
    stream.context = "SecurityResult"
    match (yield from stream.u32()):
        case 0:
            return
        case 1 | 2 if version is Version.V3_8:  # 2: "too many attempts" of TightVNC
            raise AuthenticationFailed(f"the server refuses: {(yield from _reason(stream, limits))}")
        case 1:
            raise AuthenticationFailed(
                "the server refuses, and gives no reason in this version; is the password right?"
            )
        case 2:
            raise AuthenticationFailed("the server refuses after too many attempts; wait before the next one")
        case other:
            raise ProtocolViolation(f"result {other}, expected 0 or 1")


def _reason(stream: Stream, limits: Limits) -> Parser[str]:
    length = yield from stream.u32()
    if length > limits.reason_bytes:
        raise ProtocolViolation(f"a reason of {length} bytes, more than {limits.reason_bytes}")
    return (yield from stream.read(length)).decode("utf-8", "replace").strip()


def initialise(stream: Stream, settings: ConnectionSettings) -> Parser[tuple[Size, str, PixelFormat]]:
    """Say ClientInit and read ServerInit: the framebuffer's size, the desktop's name, the pixel format from now on.

    That is the server's own where no other one is asked for, which is not looked at where one is: LibVNCServer's may
    have 24 bits per pixel, which no client has to understand.
    """
    stream.context = "ServerInit"
    stream.write(pack(">B", settings.shared))
    width, height, pixel_format, length = yield from stream.unpack(_SERVER_INIT)
    spoken = settings.pixel_format or PixelFormat.from_bytes(pixel_format)
    size = settings.limits.framebuffer(width, height)
    if length > settings.limits.name_bytes:
        raise ProtocolViolation(f"a desktop name of {length} bytes, more than {settings.limits.name_bytes}")
    return size, (yield from stream.read(length)).decode("utf-8", "replace"), spoken
