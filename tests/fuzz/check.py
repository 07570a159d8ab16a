"""What holds for every event, whatever a server says."""

import numpy as np

from edge.rfb import CursorChanged, Event, RectangleDecoded


def check_event(event: Event) -> None:
    """Raise `AssertionError` where an event is not what its class promises."""
    match event:
        case RectangleDecoded(rect, pixels):
            assert pixels.shape == rect.size.shape, f"{pixels.shape} for {rect}"
            assert pixels.dtype == np.uint32
            assert pixels.flags.writeable
            assert not (pixels & np.uint32(0xFF000000)).any(), "a spare byte is not cleared"
        case CursorChanged(pixels=pixels):
            assert pixels.shape[2] == 4
            assert pixels.dtype == np.uint8
        case _:
            pass
