"""A picture that lives in a file, so that another program can look at it while it changes."""

import os
import stat
from pathlib import Path

import numpy as np

from edge.errors import DisplayError
from edge.geometry import Size
from edge.pixels import Picture

PIXEL_BYTES = 4


def map_picture(path: Path, size: Size) -> Picture:
    """Map `path` as a black picture of `size`: raw B, G, R, 0 bytes in rows without padding, no header.

    The file is made if it is not there (readable by its owner only: it shows what a user sees), and gets exactly
    height * width * 4 bytes, all of them reserved on the disk now, because writing to a hole of a full disk through
    a mapping would kill the process. Raises `DisplayError`.
    """
    length_bytes = size.area * PIXEL_BYTES
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        raise DisplayError(
            f"the picture file {path} cannot be opened for writing: {error.strerror}; "
            "name a file in a folder that this user may write to"
        ) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise DisplayError(f"the picture file {path} is not a regular file; name one that is, or a new one")
        os.posix_fallocate(descriptor, 0, length_bytes)
        os.ftruncate(descriptor, length_bytes)
        with os.fdopen(os.dup(descriptor), "r+b") as file:
            picture: Picture = np.memmap(file, dtype=np.uint32, mode="r+", shape=size.shape)
    except OSError as error:
        raise DisplayError(
            f"the picture file {path} needs {length_bytes} bytes for {size} pixels: {error.strerror}; "
            "free some space or name a file on another disk"
        ) from error
    finally:
        os.close(descriptor)
    picture.fill(0)
    return picture
