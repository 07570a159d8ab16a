"""What is captured: servers, encodings and pixel formats."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge.geometry import Size
from edge.rfb import EncodingNumber as E
from edge.rfb import compress_level, jpeg_quality
from edge.rfb.pixel_format import XRGB8888, PixelFormat
from tests.rfb.goldens.golden import Settings
from tests.rfb.goldens.stages import Stage, qemu_stage, wayvnc_stage, x11vnc_stage, xvnc_stage

LARGE, SMALL = Size(640, 400), Size(320, 240)

FORMATS = {
    "xrgb8888": XRGB8888,
    "xrgb8888-big": PixelFormat(32, 24, True, True, 255, 255, 255, 16, 8, 0),
    "xbgr8888": PixelFormat(32, 24, False, True, 255, 255, 255, 0, 8, 16),
    "rgbx8888": PixelFormat(32, 24, False, True, 255, 255, 255, 24, 16, 8),
    "rgbx8888-big": PixelFormat(32, 24, True, True, 255, 255, 255, 24, 16, 8),
    "rgb565": PixelFormat(16, 16, False, True, 31, 63, 31, 11, 5, 0),
    "rgb565-big": PixelFormat(16, 16, True, True, 31, 63, 31, 11, 5, 0),
    "bgr555": PixelFormat(16, 15, False, True, 31, 31, 31, 0, 5, 10),
    "bgr233": PixelFormat(8, 8, False, True, 7, 7, 3, 0, 3, 6),
    "colour-map": PixelFormat(8, 8, False, False, 0, 0, 0, 0, 0, 0),
}
_SHAPES = (E.CURSOR, E.DESKTOP_SIZE, E.LAST_RECT)
_NAMES = {E.ZLIB: "zlib", E.TIGHT_PNG: "tight-png", E.ZYWRLE: "zywrle"}


@dataclass(frozen=True, slots=True)
class Session:
    """A stage to be made in a folder, and what is agreed with its server."""

    stage: Callable[[Path], AbstractContextManager[Stage]]
    settings: Settings


def _agreed(
    *encodings: int, pixel_format: PixelFormat | None = XRGB8888, scale: int = 1, lossy: bool = False
) -> Settings:
    text = None if pixel_format is None else pixel_format.to_bytes().hex()
    return Settings(tuple(int(number) for number in encodings), text, scale, lossy)


def _word(encoding: E) -> str:
    return encoding.name.lower().replace("_", "-")


def _long() -> Iterator[tuple[str, Session]]:
    """Sessions in which much happens, at a larger size."""
    shapes = (E.COPY_RECT, E.RAW, *_SHAPES)
    x11vnc, xvnc = partial(x11vnc_stage, LARGE, long=True), partial(xvnc_stage, LARGE, long=True)
    for encoding in (E.ZRLE, E.TIGHT, E.HEXTILE):
        yield f"x11vnc-long-{_word(encoding)}", Session(x11vnc, _agreed(encoding, *shapes))
        yield f"xvnc-long-{_word(encoding)}", Session(xvnc, _agreed(encoding, *shapes))
    jpeg = _agreed(E.TIGHT, *shapes, jpeg_quality(6), lossy=True)
    yield "x11vnc-long-jpeg", Session(x11vnc, jpeg)
    yield "xvnc-long-jpeg", Session(xvnc, jpeg)
    scaled = (E.RAW, E.CURSOR, E.DESKTOP_SIZE, E.LAST_RECT, E.SUPPORTED_MESSAGES)
    for encoding, name in [(E.ZRLE, "xrgb8888"), (E.ZRLE, "rgb565"), (E.TIGHT, "xrgb8888")]:
        settings = _agreed(encoding, *scaled, scale=4, pixel_format=FORMATS[name])
        yield f"x11vnc-quarter-{_word(encoding)}-{name}", Session(partial(x11vnc_stage, LARGE), settings)
    extended = (E.EXTENDED_DESKTOP_SIZE, E.DESKTOP_NAME, E.LED_STATE, E.CURSOR_WITH_ALPHA, E.CURSOR)
    yield "xvnc-long-extended", Session(xvnc, _agreed(E.ZRLE, E.COPY_RECT, *extended))
    for name in ("XCURSOR", "VMWARE_CURSOR"):
        yield f"xvnc-long-{_word(E[name])}", Session(xvnc, _agreed(E.TIGHT, E.COPY_RECT, E[name], E.DESKTOP_SIZE))


def _matrix() -> Iterator[tuple[str, Session]]:
    """Short sessions: encodings by pixel formats."""
    for encoding in (E.RAW, E.RRE, E.CORRE, E.HEXTILE, E.ZLIB, E.TIGHT, E.TIGHT_PNG, E.ZRLE):
        every = encoding in {E.HEXTILE, E.TIGHT, E.ZRLE}
        some = {"xrgb8888", "rgb565-big", "bgr233"} if encoding is not E.TIGHT_PNG else {"xrgb8888"}
        for name, pixel_format in FORMATS.items():
            # LibVNCServer 0.9.14 takes 255 << 24 for a negative number and sends CPIXELs without their red, and of raw
            # tiles in 15 bits it sends the first half.
            broken = encoding is E.ZRLE and name.startswith(("rgbx", "bgr555"))
            if (every or name in some) and not broken:
                settings = _agreed(encoding, *_SHAPES, pixel_format=pixel_format)
                yield f"x11vnc-{_word(encoding)}-{name}", Session(partial(x11vnc_stage, SMALL), settings)
    for encoding in (E.RAW, E.RRE, E.HEXTILE, E.TIGHT, E.ZRLE):
        for name in ("rgbx8888", "rgb565", "bgr555", "bgr233", "colour-map"):
            settings = _agreed(encoding, E.COPY_RECT, *_SHAPES, pixel_format=FORMATS[name])
            yield f"xvnc-{_word(encoding)}-{name}", Session(partial(xvnc_stage, SMALL), settings)
    zywrle = _agreed(E.ZYWRLE, *_SHAPES, jpeg_quality(6), lossy=True)
    yield "x11vnc-zywrle", Session(partial(x11vnc_stage, SMALL), zywrle)
    own = _agreed(E.ZRLE, *_SHAPES, pixel_format=None)
    yield "xvnc-own-rgb565", Session(partial(xvnc_stage, SMALL, options=("-depth", "16")), own)


def _others() -> Iterator[tuple[str, Session]]:
    """Sessions with a compositor and with a virtual machine."""
    wayvnc = partial(wayvnc_stage, LARGE)
    for encoding in (E.ZRLE, E.TIGHT, E.RAW):
        yield f"wayvnc-{_word(encoding)}", Session(wayvnc, _agreed(encoding, E.DESKTOP_SIZE, E.CURSOR))
    yield "wayvnc-zrle-rgb565", Session(wayvnc, _agreed(E.ZRLE, E.DESKTOP_SIZE, pixel_format=FORMATS["rgb565"]))
    shapes = (E.DESKTOP_SIZE, E.CURSOR, E.CURSOR_WITH_ALPHA, E.LED_STATE, E.POINTER_POS, E.DESKTOP_NAME)
    for encoding in (E.RAW, E.HEXTILE, E.ZLIB, E.TIGHT, E.TIGHT_PNG, E.ZRLE):
        yield f"qemu-{_word(encoding)}", Session(qemu_stage, _agreed(encoding, *shapes))
    yield "qemu-long-zrle", Session(partial(qemu_stage, long=True), _agreed(E.ZRLE, *shapes))
    for encoding, name in [(E.HEXTILE, "bgr233"), (E.TIGHT, "rgb565"), (E.ZRLE, "rgb565-big"), (E.ZLIB, "rgbx8888")]:
        settings = _agreed(encoding, *shapes, pixel_format=FORMATS[name])
        yield f"qemu-{_word(encoding)}-{name}", Session(qemu_stage, settings)
    # QEMU leaves JPEG and the gradient filter to those who allow loss, and JPEG, if not told otherwise, to what moves.
    lossy = partial(qemu_stage, options=",lossy=on,non-adaptive=on")
    colours = partial(lossy, last="f2")
    yield "qemu-gradient", Session(colours, _agreed(E.TIGHT, *shapes, compress_level(9)))
    yield "qemu-jpeg", Session(colours, _agreed(E.TIGHT, *shapes, jpeg_quality(6), lossy=True))
    yield "qemu-zywrle", Session(colours, _agreed(E.ZYWRLE, *shapes, jpeg_quality(6), lossy=True))


SESSIONS: dict[str, Session] = dict([*_long(), *_matrix(), *_others()])
