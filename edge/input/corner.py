"""The corner that a finger rests in to reach the device itself: who has no keyboard has no chords."""

from edge.geometry import Size

HOLD_S = 1.5
"""How long a finger rests there: nobody drags anything that slowly."""
_SHARE = 30
_PRESSED = 1


def rests_in_corner(x: int, y: int, buttons: int, size: Size) -> bool:
    """Whether a finger, or the left button, is held in the top left corner of a picture of `size`."""
    side = max(1, size.height // _SHARE)
    return bool(buttons & _PRESSED) and x < side and y < side
