"""How often words come: by Zipf's law."""

import math
import random

# Mandelbrot's shift: without it the first word would be every tenth.
_SHIFT = 5


def zipf(pick: random.Random, count: int) -> int:
    """Draw a rank of 0 to `count` - 1, about as often as 1 / (rank + 5)."""
    return min(count - 1, int(_SHIFT * math.exp(pick.random() * math.log(1 + count / _SHIFT))) - _SHIFT)
