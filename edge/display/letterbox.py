"""Where a picture stands in a window of another size, and which pixel of it lies under a position."""

from dataclasses import dataclass

from edge.geometry import Rect, Size

CUBIC_PX = 2
"""So far away, in pixels of the picture, a pixel has an influence when it is enlarged cubically."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """`picture` shown as large as fits into `window`, in the middle, its proportions kept."""

    picture: Size
    window: Size

    @property
    def rect(self) -> Rect:
        """The part of the window that the picture covers: at least one pixel."""
        picture, window = self.picture, self.window
        if window.width * picture.height <= window.height * picture.width:
            width, height = window.width, max(1, window.width * picture.height // picture.width)
        else:
            width, height = max(1, window.height * picture.width // picture.height), window.height
        return Rect((window.width - width) // 2, (window.height - height) // 2, width, height)

    def to_picture(self, x: int, y: int) -> tuple[int, int]:
        """Find the picture's pixel under the window's (x, y); beside the picture, its nearest pixel."""
        area = self.rect
        column = (2 * (x - area.x) + 1) * self.picture.width // (2 * area.width)
        row = (2 * (y - area.y) + 1) * self.picture.height // (2 * area.height)
        return (min(max(column, 0), self.picture.width - 1), min(max(row, 0), self.picture.height - 1))

    def to_window(self, damage: Rect) -> Rect:
        """Find the part of the window that changes when `damage` of the picture does, blending included."""
        area = self.rect
        if area.size == self.picture:
            return damage.moved(area.x, area.y)
        damage = damage.grown(CUBIC_PX)
        left = area.x + damage.x * area.width // self.picture.width
        top = area.y + damage.y * area.height // self.picture.height
        right = area.x - (-damage.right * area.width // self.picture.width)
        bottom = area.y - (-damage.bottom * area.height // self.picture.height)
        return Rect(left, top, right - left, bottom - top) & area
