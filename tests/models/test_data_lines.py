import cv2
import numpy as np
import pytest

from models.data.browser import Browser
from models.data.layouts import LAYOUTS, Kind
from models.data.lines import lines_of
from models.data.manifest import read_manifest
from models.data.pack import open_pack, pack_path
from models.data.page import Page
from models.data.split import Split


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture
def laid_out(browser, tmp_path):
    def lay_out(body, style="font:20px 'DejaVu Sans','NanumGothic'"):
        page = tmp_path / "page.html"
        page.write_text(f'<!doctype html><meta charset=utf-8><body style="margin:0;background:#fff;{style}">{body}')
        native = browser.picture(page)
        layout = browser.layout()
        return native, lines_of(layout.words), layout.clipped

    return lay_out


def ink(native, ground=255):
    return np.abs(native.astype(int) - ground).max(axis=2) > 40


def outside(marked, rects, reach=2):
    left = marked.copy()
    for x, y, width, height in rects:
        left[max(0, y - reach) : y + height + reach, max(0, x - reach) : x + width + reach] = False
    return left


def test_all_ink_is_inside_the_lines_and_every_line_has_some_when_a_page_is_only_text(laid_out):
    rows = "".join(
        f"<p style='margin:30px'>조용한 <b>desktop</b> 화면 {row}년, <i>quietly</i> gone</p>" for row in range(9)
    )
    native, lines, clipped = laid_out(rows)
    assert [line.text for line in lines] == [f"조용한 desktop 화면 {row}년, quietly gone" for row in range(9)]
    assert not clipped
    marked = ink(native)
    assert not outside(marked, [line.rect for line in lines]).any()
    for line in lines:
        x, y, width, height = line.rect
        rows_of_ink, columns_of_ink = np.nonzero(marked[y : y + height, x : x + width])
        assert np.ptp(rows_of_ink) > 0.6 * line.size_px
        assert np.ptp(columns_of_ink) > width - 6
        assert (line.size_px, line.script, line.font) == (20, "mixed", "NanumGothic")


def test_nothing_is_found_when_a_page_is_blank(laid_out):
    native, lines, clipped = laid_out("<div> </div><p></p>")
    assert not ink(native).any()
    assert lines == []
    assert clipped == []


def test_rectangles_are_those_of_the_picture_when_the_page_is_zoomed(laid_out):
    native, (line,), _ = laid_out("<p style='margin:40px'>Hamburgefonts", "zoom:1.25;font:16px 'DejaVu Sans'")
    assert line.size_px == 20
    ys, xs = np.nonzero(ink(native))
    x, y, width, height = line.rect
    assert x <= xs.min() + 1 < xs.max() - 1 <= x + width
    assert y <= ys.min() < ys.max() <= y + height
    assert xs.max() - xs.min() > width - 6


def test_lines_end_where_the_browser_ends_them_when_a_paragraph_is_broken(laid_out):
    native, lines, _ = laid_out("<p style='width:260px;margin:9px'>" + "나라말싸미 " * 8 + "incomprehensibilities " * 3)
    assert len(lines) > 4
    assert "".join(line.text for line in lines).replace(" ", "") == "나라말싸미" * 8 + "incomprehensibilities" * 3
    assert not outside(ink(native), [line.rect for line in lines]).any()


def test_words_are_no_lines_but_clipped_when_something_covers_or_cuts_them(laid_out):
    cover = "<div style='position:absolute;left:100px;top:0;width:500px;height:200px;background:#fff'></div>"
    cut = "<div style='position:absolute;top:300px;width:55px;overflow:hidden;white-space:nowrap'>cutting gone</div>"
    off = "<div style='position:absolute;top:1072px'>below</div>"
    native, lines, clipped = laid_out(f"<p>free half-hidden covered</p>{cover}{cut}{off}")
    assert [line.text for line in lines] == ["free"]
    assert len(clipped) == 3
    assert not outside(ink(native), [line.rect for line in lines] + [tuple(map(round, rect)) for rect in clipped]).any()


def test_columns_and_other_sizes_are_other_lines(laid_out):
    _, lines, _ = laid_out("<table><tr><td>one<td>two</table><p>small <span style='font-size:30px'>large</span> 1,234")
    assert [(line.text, line.size_px, line.script) for line in lines] == [
        ("one", 20, "latin"),
        ("two", 20, "latin"),
        ("small", 20, "latin"),
        ("large", 30, "latin"),
        ("1,234", 20, "digits"),
    ]


def test_no_text_is_missed_when_a_layout_is_drawn_without_it(browser, tmp_path):
    """The same page with its letters made transparent differs nowhere but in its lines."""
    layout = LAYOUTS[Split.HELD_OUT, Kind.TEXT][0]
    page = Page(Split.HELD_OUT, 11, tmp_path)
    html = page.html(layout(page))
    shown, bare = tmp_path / "shown.html", tmp_path / "bare.html"
    icons = "svg{opacity:0}"
    letters = "*{color:transparent !important;text-decoration-color:transparent !important}"
    shown.write_text(f"{html}<style>{icons}</style>")
    bare.write_text(f"{html}<style>{icons}{letters}</style>")
    without = browser.picture(bare).astype(int)
    native = browser.picture(shown)
    found = browser.layout()
    rects = [line.rect for line in lines_of(found.words)] + [tuple(map(round, rect)) for rect in found.clipped]
    changed = np.abs(native - without).max(axis=2) > 40
    assert changed.sum() > 10_000
    assert outside(changed, rects, reach=4).sum() < 0.002 * changed.sum()


def test_pack_is_the_pictures_in_the_order_of_the_manifest(data):
    for split in Split:
        packed = open_pack(data / split)
        pages = read_manifest(data / split).pages
        assert packed.shape == (len(pages), 1080, 1920, 3)
        for native, page in zip(packed, pages, strict=True):
            assert np.array_equal(native, cv2.imread(str(data / split / page.file)))


def test_pack_is_made_again_when_the_pictures_are_others(data):
    folder = data / "train"
    open_pack(folder)
    first = pack_path(folder).stat().st_mtime_ns
    open_pack(folder)
    assert pack_path(folder).stat().st_mtime_ns == first
    (folder / "manifest.json").touch()
    open_pack(folder)
    assert pack_path(folder).stat().st_mtime_ns > first
