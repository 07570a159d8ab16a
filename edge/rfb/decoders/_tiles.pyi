import numpy as np
from numpy.typing import NDArray

def read_tiles(data: bytes, out: NDArray[np.uint32], width: int, cpixel_bytes: int, /) -> bool: ...
