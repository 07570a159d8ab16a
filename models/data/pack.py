"""The pictures of one half as one memory map, which several runs of training share through the page cache."""

import shutil
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.data.manifest import read_manifest
from models.data.page import HEIGHT, WIDTH

PACKED_BYTES = HEIGHT * WIDTH * 3


def pack(folder: Path) -> Path:
    """Write the pictures of `folder`, in the order of its manifest, as `<folder>.npy`: BGR uint8 (n, 1080, 1920, 3).

    Raises FileNotFoundError without a manifest, ValueError where a picture is not of that size, and OSError where
    the disk is too small.
    """
    pages = read_manifest(folder).pages
    path = pack_path(folder)
    needed, free = len(pages) * PACKED_BYTES, shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(f"the pack of {folder} takes {needed >> 20} MiB, and {free >> 20} MiB are free")
    unfinished = path.with_suffix(".part")
    packed = np.lib.format.open_memmap(unfinished, "w+", np.uint8, (len(pages), HEIGHT, WIDTH, 3))
    for at, page in enumerate(pages):
        picture = cv2.imread(str(folder / page.file), cv2.IMREAD_COLOR)
        if picture is None or picture.shape != (HEIGHT, WIDTH, 3):
            raise ValueError(f"{folder / page.file} is no picture of {WIDTH}x{HEIGHT}: remove it and generate again")
        packed[at] = picture
    packed.flush()
    unfinished.replace(path)
    return path


def open_pack(folder: Path) -> NDArray[np.uint8]:
    """Map the pack of `folder` for reading, (n, 1080, 1920, 3), and make it first where it is missing or old."""
    path, manifest = pack_path(folder), folder / "manifest.json"
    if not path.exists() or path.stat().st_mtime < manifest.stat().st_mtime:
        pack(folder)
    packed: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return packed


def pack_path(folder: Path) -> Path:
    """Return where the pack of the pictures in `folder` lies: beside them."""
    return folder.with_name(f"{folder.name}.npy")
