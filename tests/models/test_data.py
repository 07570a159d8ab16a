import shutil

import cv2
import numpy as np
import pytest

from models.data.browser import Browser
from models.data.generate import Counts, generate
from models.data.pages import FONTS, PICTURE_LAYOUTS, TEXT_LAYOUTS, Kind, PageMaker
from models.data.scenes import scene
from models.data.text import Split, Writer


def test_pages_are_native_pictures_when_generated(data):
    pictures = sorted(data.glob("*/*.png"))
    assert [f"{path.parent.name}/{path.name}" for path in pictures] == [
        "held-out/pictures-0000.png",
        "held-out/text-0000.png",
        "train/pictures-0000.png",
        "train/text-0000.png",
    ]
    for path in pictures:
        picture = cv2.imread(str(path))
        assert picture.shape == (1080, 1920, 3)
        assert picture.std() > 5


def test_only_what_is_missing_is_made_when_generated_again(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    missing = copy / "train" / "text-0000.png"
    native = cv2.imread(str(missing))
    missing.unlink()
    counts = Counts(train_text=1, train_pictures=1, held_out_text=1, held_out_pictures=1)
    assert generate(copy, counts, seed=3) == 1
    assert np.array_equal(cv2.imread(str(missing)), native)


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("kind", list(Kind))
def test_page_is_the_same_when_its_seed_is(split, kind, tmp_path):
    first, second = (PageMaker(split, kind, 5, tmp_path).html() for _ in range(2))
    assert first == second
    assert PageMaker(split, kind, 6, tmp_path).html() != first


def test_splits_share_nothing_but_frequent_syllables_when_they_write():
    texts = {split: " ".join(Writer(split, seed).paragraph(30, korean=True) for seed in range(20)) for split in Split}
    rare = {split: {char for char in text if "가" <= char <= "힣"} for split, text in texts.items()}
    shared = rare[Split.TRAIN] & rare[Split.HELD_OUT]
    assert len(shared) < 70
    assert len(rare[Split.TRAIN]) > 300
    fonts = {split: {name for names in FONTS[split].values() for name in names} for split in Split}
    assert not fonts[Split.TRAIN] & fonts[Split.HELD_OUT]
    for layouts in (TEXT_LAYOUTS, PICTURE_LAYOUTS):
        assert not set(layouts[Split.TRAIN]) & set(layouts[Split.HELD_OUT])


def test_scene_is_smooth_and_has_edges_when_painted():
    painted = scene(160, 90, 1)
    assert painted.shape == (90, 160, 3)
    assert np.array_equal(painted, scene(160, 90, 1))
    steps = np.abs(np.diff(painted.astype(int), axis=1))
    assert np.median(steps) < 12 < steps.max()


def test_text_has_coloured_fringes_only_when_antialiased_per_subpixel(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<body style='background:#fff;color:#000;font:16px DejaVu Sans'>minimum " * 20)
    spread = []
    for subpixel in (False, True):
        with Browser(subpixel=subpixel) as browser:
            spread.append(int(np.ptp(browser.picture(page).astype(int), axis=2).max()))
    assert spread[0] == 0
    assert spread[1] > 40
