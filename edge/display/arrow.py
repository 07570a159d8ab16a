"""The pointer of the appliance's own screens."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

OUTLINE = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12))
FINE = 4
"""Drawn so many times larger, for smooth edges."""


def arrow(scale: float = 1.0) -> NDArray[np.uint8]:
    """Draw a white arrow with a dark edge: B, G, R, alpha (height, width, 4), its point at the top left."""
    side = round(24 * scale)
    image = Image.new("LA", (side * FINE, side * FINE), (0, 0))
    points = [(round((x + 1) * scale * FINE), round((y + 1) * scale * FINE)) for x, y in OUTLINE]
    ImageDraw.Draw(image).polygon(points, fill=(255, 255), outline=(20, 255), width=round(1.5 * scale * FINE))
    grey, alpha = (np.asarray(band) for band in image.resize((side, side), Image.Resampling.BOX).split())
    return np.ascontiguousarray(np.dstack([grey, grey, grey, alpha]))
