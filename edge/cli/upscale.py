"""`edgectl upscale`: what restores the desktop, alone, on one picture."""

from pathlib import Path

import click
import cv2
import numpy as np

from edge.errors import EdgeError
from edge.pixels import Bgr, Picture, from_bgr, to_bgr
from edge.restore.backends import BACKENDS, open_upscaler

# The result is then 16384 pixels wide and high, and takes a gigabyte.
SIDE_MAX_PX = 4096
_PNG_HEADER = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_BYTES = 26


@click.command()
@click.argument("low", type=click.Path(path_type=Path))
@click.argument("high", type=click.Path(path_type=Path))
@click.option("--backend", type=click.Choice(BACKENDS), default="auto", show_default=True, help="What restores.")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="A network instead of the shipped one: an ONNX file, or a folder for NPUs.",
)
def upscale(low: Path, high: Path, backend: str, model: Path | None) -> None:
    """Restore the 8-bit PNG picture LOW fourfold and write it to HIGH.

    The mean of each 4x4 pixels of HIGH is the pixel of LOW, exactly.

    \b
    Examples:
      edgectl upscale desktop-480x270.png desktop.png
      edgectl upscale low.png high.png --backend classical

    \b
    Exit codes: 0 written; 1 a picture, a model or a file cannot be used; 2 wrong usage.
    """
    if high.suffix.lower() != ".png":
        raise click.BadParameter(f"{high} is not the name of a PNG picture; expected one that ends in .png")
    try:
        picture = read_png(low)
        upscaler = open_upscaler(backend, model)
        try:
            restored = upscaler.upscale(picture)
        finally:
            upscaler.close()
        write_png(high, restored)
    except EdgeError as error:
        raise click.ClickException(str(error)) from error
    height, width = restored.shape
    name, duration_ms = upscaler.backend.name, upscaler.calls_ms[-1]
    click.echo(f"{high}: {width}x{height}, restored by {name} in {duration_ms:.0f} ms")


def read_png(path: Path) -> Picture:
    """Read an 8-bit PNG of at most `SIDE_MAX_PX` a side; transparency is dropped. Raises `EdgeError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EdgeError(f"cannot read the picture {path}: {error.strerror}") from error
    if not data.startswith(_PNG_HEADER) or len(data) < _PNG_HEADER_BYTES:
        raise EdgeError(f"{path} is not a PNG picture")
    # Out of the header, before the decoder allocates what a forged one claims.
    width, height, depth = int.from_bytes(data[16:20]), int.from_bytes(data[20:24]), data[24]
    if max(width, height) > SIDE_MAX_PX:
        raise EdgeError(f"{path} is {width}x{height} pixels; at most {SIDE_MAX_PX} a side can be restored")
    if depth > 8:
        raise EdgeError(f"{path} has {depth} bits per channel; expected 8, as a desktop sends")
    bgr = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise EdgeError(f"{path} is damaged: it begins as a PNG picture but cannot be decoded")
    decoded: Bgr = np.asarray(bgr, dtype=np.uint8)
    return from_bgr(decoded)


def write_png(path: Path, picture: Picture) -> None:
    """Write `picture` as an 8-bit PNG. Raises `EdgeError`."""
    _, data = cv2.imencode(".png", to_bgr(picture))
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise EdgeError(f"cannot write the picture {path}: {error.strerror}") from error
