"""A line as the recogniser sees it: one em high glyphs are 18 pixels, ink is positive, the ground is zero."""

import torch
from torch import Tensor

EM_PX = 18
HEIGHT_PX = 24
_MARGIN_EMS = 0.25
_STRIDE = 4
# A crop of less contrast than this many grey levels of standard deviation shows nothing; it stays faint.
_LEAST_SPREAD = 3.0

Rect = tuple[float, float, float, float]


def luma(bgr: Tensor) -> Tensor:
    """Weigh B, G and R (..., 3) as BT.601 does: float (...), in the same units."""
    return bgr.float() @ torch.tensor([0.114, 0.587, 0.299], device=bgr.device)


def window(picture: Tensor, rect: Rect, size_px: float) -> Tensor:
    """Cut the line at `rect` (x, y, width, height) out of `picture` (height, width) and scale it: (24, 4 k).

    The picture's border is repeated beyond it. Differentiable with respect to the picture.
    """
    x, y, width, height = rect
    full_height = max(1, round(HEIGHT_PX * size_px / EM_PX))
    top = round(y + height / 2 - full_height / 2)
    left, right = round(x - _MARGIN_EMS * size_px), round(x + width + _MARGIN_EMS * size_px)
    rows = torch.arange(top, top + full_height, device=picture.device).clamp(0, picture.shape[0] - 1)
    columns = torch.arange(left, max(right, left + 1), device=picture.device).clamp(0, picture.shape[1] - 1)
    cut = picture[rows][:, columns]
    steps = max(1, round(cut.shape[1] * EM_PX / size_px / _STRIDE))
    return torch.nn.functional.interpolate(
        cut[None, None], (HEIGHT_PX, _STRIDE * steps), mode="bilinear", antialias=True
    )[0, 0]


def standardised(cut: Tensor, native: Tensor | None = None) -> Tensor:
    """Shift, scale and if need be invert `cut` by the statistics of `native`, by default its own."""
    like = (cut if native is None else native).detach()
    ground = like.median()
    spread = like.std().clamp_min(_LEAST_SPREAD)
    return (cut - ground) / torch.where(like.mean() < ground, -spread, spread)


def stacked(lines: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Put lines (24, w) together: (n, 24, widest) with ground at their right ends, and the widths (n,)."""
    widths = torch.tensor([line.shape[1] for line in lines])
    widest = int(widths.max())
    padded = [torch.nn.functional.pad(line, (0, widest - line.shape[1])) for line in lines]
    return torch.stack(padded), widths
