"""Which native pixels a scaled pixel of LibVNCServer is the mean of: what restoring stands on.

A change of the native rectangle (x, y, w, h) is scaled as a whole. Its first column is `first = int(x * v / W)`, for a
native width of W and v = W // 4; that one is the mean of native columns from `int(first / v * W)` on, in doubles, and
each of the next ones of four more. Rows likewise. So after SetScale, when all is scaled from 0 on, column i is native
columns 4i to 4i+3; but where W is no multiple of 4, and for some i even where it is, later changes are displaced.
"""

import numpy as np
import pytest

from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb import LOSSLESS, DesktopResized, SetScale
from tests.rfb.desk import noise, paint_root, patch, wait_shown
from tests.rfb.drive import open_settings
from tests.rfb.viewer import Viewer, viewer
from tests.servers import screen_pixels, x11vnc, x_server

# What moves the rectangles that are scaled: nothing but the tiles that changed.
STILL = ("-nopw", "-noxdamage", "-nowireframe", "-noscr", "-nocursor")
PLAIN = tuple(encoding for encoding in LOSSLESS if encoding != 1)


def first_native(first: int, scaled: int, native: int) -> int:
    """Where the native pixels of the first scaled column or row of a change begin."""
    return int(first / scaled * native)


def mean(native: Picture, scaled: Rect, left: int, top: int) -> Picture:
    """The truncating 4x4 means that `scaled` has if its native pixels begin at (left, top)."""
    part = native[top : top + 4 * scaled.height, left : left + 4 * scaled.width]
    channels = np.ascontiguousarray(part).view(np.uint8).reshape(scaled.height, 4, scaled.width, 4, 4)
    sums = channels.sum(axis=(1, 3), dtype=np.uint32)
    return np.ascontiguousarray((sums // 16).astype(np.uint8)).view(np.uint32)[:, :, 0]


async def scaled_viewer(found: Viewer) -> None:
    await found.refresh()
    await found.send(SetScale(4))
    await found.request(incremental=True)
    await found.receive(DesktopResized)
    await found.refresh()


@pytest.mark.parametrize("size", [Size(1920, 1080), Size(1366, 768), Size(1921, 1083)], ids=str)
async def test_scaled_picture_is_the_truncating_mean_of_4x4_blocks(size, tmp_path):
    with x_server(size, tmp_path) as display:
        paint_root(display, noise(size), tmp_path)
        with x11vnc(display, *STILL) as port:
            async with viewer(port, open_settings(encodings=PLAIN)) as found:
                await scaled_viewer(found)
                scaled = found.connection.size
                assert scaled == Size(size.width // 4, size.height // 4)
                assert np.array_equal(found.picture, mean(screen_pixels(tmp_path, size), scaled.rect, 0, 0))


@pytest.mark.parametrize(
    ("size", "at", "displaced"),
    [
        (Size(1366, 768), Rect(704, 416, 32, 32), (1, 0)),
        (Size(1921, 1083), Rect(704, 416, 32, 32), (0, 1)),
        # No multiple of 4 is at fault here: 187 / 270 * 1080 is a little less than 748 in doubles.
        (Size(1920, 1080), Rect(704, 748, 32, 20), (0, -1)),
    ],
    ids=str,
)
async def test_change_is_displaced_by_how_its_first_pixel_is_scaled_back(size, at, displaced, tmp_path):
    scaled = Size(size.width // 4, size.height // 4)
    first = Rect(at.x * scaled.width // size.width, at.y * scaled.height // size.height, 8, at.height // 4)
    left = first_native(first.x, scaled.width, size.width)
    top = first_native(first.y, scaled.height, size.height)
    assert (left - 4 * first.x, top - 4 * first.y) == displaced
    with x_server(size, tmp_path) as display:
        paint_root(display, noise(size), tmp_path)
        with x11vnc(display, *STILL) as port:
            async with viewer(port, open_settings(encodings=PLAIN)) as found:
                await scaled_viewer(found)
                changed = noise(at.size, 1)
                with patch(display, changed, at, tmp_path):
                    wait_shown(tmp_path, size, at, changed)
                    expected = mean(screen_pixels(tmp_path, size), first, left, top)
                    await found.shows(expected.copy, first)
