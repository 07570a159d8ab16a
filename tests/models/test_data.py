import hashlib
import re
import shutil

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from models.data.__main__ import main
from models.data.browser import Browser, BrowserError
from models.data.fonts import FONTS, FontMissing, check_drawn, check_fonts
from models.data.generate import FolderMismatch, generate
from models.data.layouts import LAYOUTS, Kind
from models.data.layouts.frames import FRAMES
from models.data.manifest import read_manifest
from models.data.page import Page
from models.data.plan import RENDERINGS, Counts, plans
from models.data.scenes import scene
from models.data.split import Split

FOUR = Counts(train_text=1, train_pictures=1, held_out_text=1, held_out_pictures=1)


def test_pages_are_native_pictures_with_their_hashes_when_generated(data):
    for split in Split:
        pages = read_manifest(data / split).pages
        assert [page.file for page in pages] == ["pictures-0000.png", "text-0000.png"]
        for page in pages:
            encoded = (data / split / page.file).read_bytes()
            assert hashlib.sha256(encoded).hexdigest() == page.sha256
            picture = cv2.imdecode(np.frombuffer(encoded, dtype=np.uint8), cv2.IMREAD_COLOR)
            assert picture.shape == (1080, 1920, 3)
            assert picture.std() > 5


def test_only_what_is_missing_is_made_and_the_same_when_generated_again(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    (copy / "train" / "text-0000.png").unlink()
    assert generate(copy, FOUR, seed=3) == 1
    for split in Split:
        assert read_manifest(copy / split) == read_manifest(data / split)


def test_folder_is_refused_when_it_is_of_another_seed_or_has_other_pictures(data, tmp_path):
    with pytest.raises(FolderMismatch, match="seed 3, not 4"):
        generate(data, FOUR, seed=4)
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "holiday.png").touch()
    with pytest.raises(FolderMismatch, match=r"no manifest\.json"):
        generate(tmp_path, FOUR)


def test_nothing_is_made_when_it_would_take_more_than_the_limit(tmp_path):
    with pytest.raises(OSError, match="over the limit of 1 MiB"):
        generate(tmp_path / "data", FOUR, limit_bytes=1 << 20)
    assert not (tmp_path / "data").exists()


def test_picture_is_refused_when_the_other_half_has_it(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    manifest = (copy / "train" / "manifest.json").read_text()
    (copy / "held-out" / "manifest.json").write_text(manifest.replace("-0000.png", "-0007.png"))
    for kind in Kind:
        shutil.copy(copy / "train" / f"{kind}-0000.png", copy / "held-out" / f"{kind}-0007.png")
        (copy / "train" / f"{kind}-0000.png").unlink()
    with pytest.raises(FolderMismatch, match=r"byte for byte held-out/text-0007\.png"):
        generate(copy, Counts(1, 0, 0, 0), seed=3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--jobs", "0"], "jobs is 0: expected 1 or more browsers"),
        (["--seed", "-1"], "seed is -1: expected 0 or more"),
        (["--train-text", "-1"], "train_text is -1: expected 0 to 500000 pages"),
        (["--held-out-text", "400000"], "over the limit of 24576 MiB"),
    ],
)
def test_command_says_what_is_wrong_when_its_arguments_are(arguments, said, tmp_path):
    result = CliRunner().invoke(main, ["--out", str(tmp_path / "data"), *arguments])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert said in result.output


def test_every_layout_meets_every_rendering_and_no_seed_comes_twice():
    every = plans(Counts(400, 400, 400, 400))
    for key, layouts in LAYOUTS.items():
        met = {(plan.layout, plan.rendering) for plan in every if (plan.split, plan.kind) == key}
        assert len(met) == len(layouts) * len(set(RENDERINGS))
    assert len({plan.seed(of_folder) for plan in every for of_folder in (1, 2)}) == 2 * len(every)


@pytest.mark.parametrize("key", list(LAYOUTS), ids=" ".join)
def test_every_layout_is_the_same_when_its_seed_is(key, tmp_path):
    for layout in LAYOUTS[key]:

        def html(seed, layout=layout):
            page = Page(key[0], seed, tmp_path)
            page.picture = lambda width, height, style="": f"[{width} {height} {style}]"
            return page.html(layout(page))

        assert html(5) == html(5)
        assert html(6) != html(5)
        assert len(re.sub(r"<[^>]*>", "", html(5))) > 100


def test_splits_share_neither_fonts_nor_layouts_nor_frames():
    families = {split: {font.family for font in FONTS if font.split is split} for split in Split}
    assert not families[Split.TRAIN] & families[Split.HELD_OUT]
    assert {("Noto Sans CJK KR", True), ("NanumGothic", True)} <= {(font.family, font.korean) for font in FONTS}
    for kind in Kind:
        assert not set(LAYOUTS[Split.TRAIN, kind]) & set(LAYOUTS[Split.HELD_OUT, kind])
    assert not set(FRAMES[Split.TRAIN]) & set(FRAMES[Split.HELD_OUT])


def test_package_is_named_when_a_font_lacks_what_pages_have():
    check_fonts(Split.HELD_OUT, "a가힣")
    with pytest.raises(FontMissing, match=r"lacks 1 characters that pages have \(☃\): reinstall the package fonts-"):
        check_fonts(Split.TRAIN, "a☃")


def test_package_is_named_when_a_font_is_not_installed(tmp_path, monkeypatch):
    conf = tmp_path / "fonts.conf"
    conf.write_text(
        f"<fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>{tmp_path}</cachedir></fontconfig>"
    )
    monkeypatch.setenv("FONTCONFIG_FILE", str(conf))
    with pytest.raises(
        FontMissing, match="the font Noto Sans CJK KR is not installed: install the package fonts-noto-cjk"
    ):
        check_fonts(Split.TRAIN, "a")


def test_package_is_named_when_a_program_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrowserError, match="install the package chromium"):
        Browser()
    with pytest.raises(FontMissing, match="install the package fontconfig"):
        check_fonts(Split.TRAIN, "a")


def test_font_of_the_other_half_is_noticed_when_a_browser_draws_with_it():
    check_drawn(Split.TRAIN, ["Roboto", "Roboto Light", "Noto Sans CJK KR DemiLight"])
    for other in ("Liberation Sans", "Noto Sans Symbols", "Unifont"):
        with pytest.raises(FontMissing, match=other):
            check_drawn(Split.TRAIN, [other])


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
