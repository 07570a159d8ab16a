import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from edge.geometry import Grid, Size
from edge.pixels import from_bgr, rgb565
from edge.restore import texture

SIZE = Size(64, 64)
GRID = Grid(SIZE, 8)


def quarter(bgr: np.ndarray) -> np.ndarray:
    height, width, _ = bgr.shape
    return rgb565(from_bgr(bgr.reshape(height // 4, 4, width // 4, 4, 3).mean(axis=(1, 3)).astype(np.uint8)))


def text_page() -> np.ndarray:
    page = np.full((256, 256, 3), 255, dtype=np.uint8)
    for line in range(12):
        cv2.putText(
            page, "Thin clients 1,234", (2, 18 + 21 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA
        )
    return page


def photograph() -> np.ndarray:
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 255, (16, 16, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (256, 256), interpolation=cv2.INTER_CUBIC) + rng.normal(0, 12, (256, 256, 3))
    return smooth.clip(0, 255).astype(np.uint8)


def test_no_tile_of_a_text_page_is_a_picture():
    assert not texture.pictures(quarter(text_page()), GRID).any()


def test_nearly_every_tile_of_a_photograph_is_a_picture():
    assert texture.pictures(quarter(photograph()), GRID).mean() > 0.9


def test_a_smooth_sky_is_a_picture_and_a_hairline_on_a_page_is_not():
    rows = np.linspace(120, 200, 256, dtype=np.float32)[:, None, None]
    sky = rows + np.random.default_rng(1).normal(0, 2, (256, 256, 3))
    assert texture.pictures(quarter(sky.clip(0, 255).astype(np.uint8)), GRID).mean() > 0.9
    page = np.full((256, 256, 3), 255, dtype=np.uint8)
    page[40::64] = 224
    assert not texture.pictures(quarter(page), GRID).any()


def test_a_photograph_whose_noise_is_below_one_level_is_a_picture():
    rows = np.linspace(40, 220, 256, dtype=np.float32)[:, None, None]
    sky = rows + np.linspace(0, 40, 256)[None, :, None] + np.random.default_rng(1).normal(0, 0.4, (256, 256, 3))
    assert texture.pictures(quarter(sky.clip(0, 255).astype(np.uint8)), GRID).mean() > 0.9


def test_full_size_tells_pictures_from_text_tile_by_tile():
    both = text_page()
    both[:, 128:] = photograph()[:, 128:]
    expected = np.zeros((8, 8), dtype=np.bool_)
    expected[:, 4:] = True
    assert np.array_equal(texture.pictures_at_full_size(from_bgr(both), 32), expected)


def test_text_beside_a_photograph_stays_text():
    both = text_page()
    both[:, 128:] = photograph()[:, 128:]
    assert not texture.pictures(quarter(both), GRID)[:, :4].any()


def test_flat_names_tiles_of_one_colour_and_no_tile_with_a_single_other_pixel():
    low = np.full(SIZE.shape, 0xC0C0C0, dtype=np.uint32)
    low[20, 20] = 0
    assert np.argwhere(~texture.flat(low, GRID)).tolist() == [[2, 2]]


def test_sizes_that_are_no_multiple_of_the_tile_have_a_class_for_each_tile():
    grid = Grid(Size(61, 43), 8)
    low = np.zeros((43, 61), dtype=np.uint32)
    assert texture.pictures(low, grid).shape == texture.flat(low, grid).shape == grid.shape


def test_a_line_of_text_in_a_white_card_with_a_soft_shadow_on_cream_is_text():
    inside = np.zeros((256, 1024), np.float32)
    inside[50:98, 40:900] = 1
    shadow = 0.12 * cv2.GaussianBlur(inside, (0, 0), 15) * (1 - inside)
    page = (np.full((256, 1024, 3), (241, 248, 251)) * (1 - shadow[..., None])).astype(np.uint8)
    page[inside > 0] = 255
    words = "Meeting moved to Thursday, bring the 2026 budget and the lists"
    cv2.putText(page, words, (60, 80), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (40, 40, 40), 1, cv2.LINE_AA)
    assert not texture.pictures(quarter(page), Grid(Size(256, 64), 8)).any()


@pytest.mark.parametrize(("size_px", "leading_px"), [(12, 14), (13, 15), (14, 16)])
@pytest.mark.parametrize("card", ["#ffffff", "#ffe78a"])
def test_close_lines_of_small_letters_in_a_card_are_text(size_px, leading_px, card):
    page = Image.new("RGB", (1024, 256), "#fbf8f1")
    draw = ImageDraw.Draw(page)
    draw.rounded_rectangle((40, 20, 1000, 240), 15, fill=card)
    font = ImageFont.truetype("/usr/share/fonts/truetype/nanum/NanumGothic.ttf", size_px)
    words = "회의는 목요일로 옮겼습니다. Bring the budget for 2026. 모든 방의 목록과 열쇠도 가져오세요. "
    for number, top in enumerate(range(28, 220, leading_px)):
        draw.text((54, top), (words[number:] + 3 * words)[: 960 // size_px], font=font, fill="#222222")
    assert not texture.pictures(quarter(np.asarray(page)[:, :, ::-1]), Grid(Size(256, 64), 8)).any()


def test_leaves_are_a_picture():
    rng = np.random.default_rng(1)
    down, right = np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256), indexing="ij")
    waves = np.fft.fft2(rng.normal(size=(256, 256))) / np.maximum(np.hypot(down, right), 1 / 256)
    light = np.real(np.fft.ifft2(waves))
    light = 110 + 50 * light / light.std() + rng.normal(0, 6, light.shape)
    leaves = np.stack([0.7 * light, light, 0.8 * light], axis=-1).clip(0, 255).astype(np.uint8)
    assert texture.pictures(quarter(leaves), GRID).mean() > 0.9
