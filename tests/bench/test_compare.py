import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from edge.display.typeface import find_typeface
from edge.geometry import Rect, Size
from edge.pixels import Picture, blank, from_bgr
from tests.bench.compare import Comparison
from tests.bench.film import landscape

SIZE = Size(640, 360)


def noise(seed: int = 1) -> Picture:
    return np.random.default_rng(seed).integers(0, 1 << 24, SIZE.shape, dtype=np.uint32)


def test_equal_pictures_are_exact_since_they_were_seen() -> None:
    comparison = Comparison(noise(), noise())
    assert comparison.look(3.0) == (True, True)
    assert (comparison.exact_share(), comparison.exact_since(), comparison.view_psnr_db) == (1.0, 3.0, 100.0)
    assert comparison.look(4.0) == (False, False)


def test_what_lies_above_24_bits_does_not_count() -> None:
    comparison = Comparison(noise(), noise() | np.uint32(0xFF000000))
    comparison.look(0.0)
    assert comparison.exact_since() == 0.0


@pytest.mark.parametrize(("error", "exact"), [(8, True), (9, False)])
def test_a_tile_is_exact_within_the_tolerance(error: int, exact: bool) -> None:
    native = blank(SIZE, 0x404040)
    shown = native.copy()
    shown[200, 300] += error << 8
    comparison = Comparison(native, shown)
    comparison.look(0.0)
    assert comparison.inexact_tiles().sum() == (not exact)
    assert bool(comparison.inexact_tiles()[3, 4]) is not exact


def test_the_last_change_sets_the_time() -> None:
    native, shown = noise(), noise(2)
    comparison = Comparison(native, shown)
    comparison.look(1.0)
    assert math.isinf(comparison.exact_since())
    shown[:180] = native[:180]
    comparison.look(2.0)
    assert math.isinf(comparison.exact_since())
    shown[180:] = native[180:]
    comparison.look(3.0)
    assert comparison.exact_since() == 3.0
    top = np.zeros((6, 10), np.bool_)
    top[:2] = True
    assert comparison.exact_since(top) == 2.0
    native[0, 0] ^= 0xFF
    comparison.look(4.0)
    assert math.isinf(comparison.exact_since(top))
    assert comparison.exact_share(top) == 19 / 20


def test_what_comes_with_its_first_view_is_sharp_at_once() -> None:
    native, shown = noise(), noise(2)
    comparison = Comparison(native, shown)
    comparison.look(1.0)
    everything = np.ones((6, 10), np.bool_)
    assert comparison.sharp_at_once(everything, 1.0) == (0, 0)
    shown[:, :320] = native[:, :320]
    blurred = native[:, 320:].reshape(90, 4, 80, 4)[:, ::-1, :, ::-1].reshape(360, 320)
    shown[:, 320:] = blurred
    comparison.look(2.0)
    assert comparison.sharp_at_once(everything, 1.0) == (30, 30)
    shown[:, 320:] = native[:, 320:]
    comparison.look(3.0)
    assert comparison.sharp_at_once(everything, 1.0) == (60, 30)
    assert comparison.sharp_at_once(everything, 2.5) == (30, 0)


def test_what_was_alike_before_is_not_in_sight() -> None:
    native, shown = blank(SIZE, 0xFFFFFF), blank(SIZE, 0xFFFFFF)
    comparison = Comparison(native, shown)
    comparison.look(1.0)
    native[70:74, 70:120] = 0  # a stroke on paper, of which a blank tile is most
    comparison.look(2.0)
    shown[64:128, 64:128] = 0xEEEEEE
    comparison.look(3.0)
    shown[:] = native
    comparison.look(4.0)
    everything = np.ones((6, 10), np.bool_)
    assert comparison.sharp_at_once(everything, 1.5) == (1, 1)
    native[70:74, 70:120] = 0x404040
    comparison.look(5.0)
    shown[69:75, 69:121] = 0x808080
    comparison.look(6.0)
    shown[:] = native
    comparison.look(7.0)
    assert comparison.sharp_at_once(everything, 4.5) == (1, 0)


def test_the_pointers_tiles_are_left_out() -> None:
    native, shown = noise(), noise()
    shown[100:110, 100:110] ^= 0xFF
    comparison = Comparison(native, shown, Rect(90, 90, 30, 30))
    comparison.look(5.0)
    assert comparison.exact_share() == 1.0
    assert not comparison.inexact_tiles().any()


def test_the_view_forgives_what_a_reduction_hides() -> None:
    native = noise()
    scrambled = native.reshape(90, 4, 160, 4)[:, ::-1, :, ::-1].reshape(native.shape).copy()
    comparison = Comparison(native, scrambled)
    comparison.look(0.0)
    assert comparison.view_psnr_db > 40
    assert comparison.exact_share() == 0.0
    other = Comparison(native, noise(2))
    other.look(0.0)
    assert other.view_psnr_db < 25


def test_text_is_told_from_pictures_and_from_nothing() -> None:
    page = Image.new("RGB", (SIZE.width, SIZE.height), "white")
    draw = ImageDraw.Draw(page)
    font = find_typeface().at(16)
    for row in range(8):
        draw.text((4, 4 + row * 24), "오전 회의에서는 예산을 함께 read and written", font=font, fill="#222222")
    picture = np.asarray(page)[:, :, ::-1].copy()
    picture[160:, 330:] = landscape(3, 200, 310)
    comparison = Comparison(from_bgr(picture), blank(SIZE))
    comparison.look(0.0)
    text = comparison.text_tiles()
    assert text[:3, :4].all()
    assert not text[2:, 5:].any(), "text with part of a picture, its border, and a picture"
    assert not text[4:, :].any()


def test_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(360, 640\).*\(4, 4\)"):
        Comparison(noise(), blank(Size(4, 4)))
