"""The demo's pictures: the native screen, what can be made of a quarter of it, and what the appliance shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from PIL import Image, ImageDraw

from edge.cli.demo.pages import MARK_RGB
from edge.cli.upscale import write_png
from edge.display.typeface import find_typeface
from edge.framebuffer.reduction import Reduction
from edge.geometry import Rect, Size
from edge.pixels import Bgr, Picture, from_bgr, to_bgr
from edge.restore.upscaler import Upscaler

SCALE = Upscaler.scale
ZOOM = 3
DETAIL = Size(508, 92)
"""Of the text that is shown larger: three lines of a quotation."""
CALLS = 3
"""How often a whole screen is restored for the median of its duration."""
LABEL_PX, MARGIN_PX, CORNER = 44, 28, "#ffffff"


@dataclass(frozen=True, slots=True)
class Pictures:
    """All of one size, the desktop's; `sign_in` of the screen's."""

    native: Picture
    bicubic: Picture
    restored: Picture
    sharpened: Picture
    sign_in: Picture
    side_by_side: Picture
    whole_screen_ms: float

    def write(self, folder: Path) -> None:
        """Write them as PNGs. Raises `EdgeError`."""
        for name, picture in self.named().items():
            write_png(folder / f"{name}.png", picture)

    def named(self) -> Mapping[str, Picture]:
        """Return them by the names of their files."""
        return {
            "native": self.native,
            "bicubic": self.bicubic,
            "restored": self.restored,
            "sharpened": self.sharpened,
            "sign-in": self.sign_in,
            "side-by-side": self.side_by_side,
        }


def make(native: Picture, shown: Picture, sign_in: Picture, upscaler: Upscaler) -> Pictures:
    """Reduce `native` as the server does, and restore it in two ways beside what was `shown`."""
    height, width = native.shape
    reduction = Reduction(Size(width, height), SCALE)
    low = reduction.reduce(native, reduction.low.rect)
    upscaler.calls_ms.clear()
    for _ in range(CALLS):
        restored = reduction.expand(upscaler.upscale(low), reduction.low.rect)
    enlarged = cv2.resize(to_bgr(low), (0, 0), fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
    bicubic = reduction.expand(from_bgr(np.asarray(enlarged, dtype=np.uint8)), reduction.low.rect)
    labelled = {
        "Native screen": native,
        f"A quarter of it, enlarged (bicubic) — {reduction.low}": bicubic,
        f"The same quarter, restored ({upscaler.backend.name})": restored,
        "What the appliance shows: text fetched exact": shown,
    }
    detail = detail_of(native)
    return Pictures(
        native, bicubic, restored, shown, sign_in, side_by_side(labelled, detail), median(upscaler.calls_ms)
    )


def detail_of(native: Picture) -> Rect:
    """Find the marked quotation in a picture (height, width); its middle if there is none."""
    height, width = native.shape
    rows, columns = np.nonzero(native & np.uint32(0xFFFFFF) == MARK_RGB)
    if rows.size:
        x, y = int(columns.min()), int(rows.min())
    else:
        x, y = (width - DETAIL.width) // 2, (height - DETAIL.height) // 2
    at = Rect(x, y, min(DETAIL.width, width), min(DETAIL.height, height))
    return at.moved(min(0, width - at.right), min(0, height - at.bottom))


def side_by_side(labelled: Mapping[str, Picture], detail: Rect) -> Picture:
    """Lay the same `detail` of each picture, enlarged without smoothing, below its label; one below the other."""
    face = find_typeface(None, bold=True).at(24)
    width, height = detail.width * ZOOM, detail.height * ZOOM
    row = LABEL_PX + height + MARGIN_PX
    page = Image.new("RGB", (width + 2 * MARGIN_PX, len(labelled) * row + MARGIN_PX), "#eef2f6")
    draw = ImageDraw.Draw(page)
    for number, (label, picture) in enumerate(labelled.items()):
        top = MARGIN_PX + number * row
        draw.text((MARGIN_PX, top + 12), label, font=face, fill="#17324a", anchor="lm")
        cut = Image.fromarray(to_bgr(picture[detail.slices])[:, :, ::-1])
        page.paste(cut.resize((width, height), Image.Resampling.NEAREST), (MARGIN_PX, top + LABEL_PX - 10))
    bgr: Bgr = np.ascontiguousarray(np.asarray(page)[:, :, ::-1])
    return from_bgr(bgr)
