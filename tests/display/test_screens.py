from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.display import screens
from edge.display.screens import Colour, Look, SignInView
from edge.display.typeface import Typeface, find_typeface
from edge.display.words import WORDS, Language
from edge.errors import DisplayError
from edge.geometry import Size
from edge.pixels import Picture

SIZES = [Size(1366, 768), Size(1920, 1080), Size(1920, 1200), Size(2560, 1080), Size(3840, 2160)]
LONG = "서버가 응답하지 않습니다 because the desktop at desktop-0017.edge.example.com:5900 closed the connection " * 6
SCREENS: dict[str, Callable[[Size, Look], Picture]] = {
    "starting": lambda size, look: screens.starting(size, look, "네트워크 network"),
    "connecting": lambda size, look: screens.connecting(size, look, LONG),
    "lost": lambda size, look: screens.lost_connection(size, look, LONG, 12),
    "error": lambda size, look: screens.error(size, look, LONG, LONG),
    "sign in": lambda size, look: screens.sign_in(size, look, SignInView("김하나" * 30, 60, False, LONG)),
}
DARK_ON = {Colour.TOP, Colour.BOTTOM, Colour.CARD, Colour.FIELD}


@pytest.fixture(scope="module", params=list(Language))
def look(request: pytest.FixtureRequest) -> Look:
    return Look.of(request.param, foot="edge-0017")


def luminance(colour: str) -> float:
    """WCAG 2.1's relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ground", sorted(DARK_ON))
@pytest.mark.parametrize("ink", [Colour.TEXT, Colour.SOFT, Colour.WARNING, Colour.FOCUS])
def test_text_has_the_contrast_of_wcag_aa(ink: Colour, ground: Colour) -> None:
    assert (luminance(ink) + 0.05) / (luminance(ground) + 0.05) >= 4.5


def test_the_edges_of_fields_have_the_contrast_of_controls() -> None:
    for ground in (Colour.CARD, Colour.FIELD):
        assert (luminance(Colour.EDGE) + 0.05) / (luminance(ground) + 0.05) >= 3


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_fills_its_size_and_keeps_its_margins(name: str, size: Size, look: Look) -> None:
    picture = SCREENS[name](size, look)
    assert picture.shape == size.shape
    assert picture.dtype == np.uint32
    assert picture.max() <= 0xFFFFFF
    margin = size.height // 40
    ground = screens.starting(size, Look(look.regular, look.bold, look.words))[:, :1]
    for edge in (np.s_[:margin], np.s_[-margin:], np.s_[:, :margin], np.s_[:, -margin:]):
        np.testing.assert_array_equal(picture[edge], np.broadcast_to(ground, picture.shape)[edge])


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", SCREENS)
def test_long_texts_stay_inside_of_the_card(name: str, size: Size, look: Look) -> None:
    picture = SCREENS[name](size, Look(look.regular, look.bold, look.words))
    ground = np.broadcast_to(picture[:, :1], picture.shape)
    rows, columns = np.nonzero(picture != ground)
    card = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    inset = min(size.width / 1920, size.height / 1080) * 12
    band = card[-round(inset) : -2, round(40 * inset / 12) : -round(40 * inset / 12)]
    assert len(np.unique(band)) == 1


def test_the_focus_can_be_seen(look: Look) -> None:
    name, code = (screens.sign_in(SIZES[0], look, SignInView("hana", 3, focused)) for focused in (False, True))
    assert (name != code).sum() > 500


def test_each_typed_digit_can_be_seen(look: Look) -> None:
    shown = [screens.sign_in(SIZES[0], look, SignInView("hana", length, True)) for length in range(7)]
    assert all((before != after).any() for before, after in pairwise(shown))


def test_the_countdown_can_be_seen(look: Look) -> None:
    shown = [screens.lost_connection(SIZES[0], look, "-", seconds) for seconds in (9, 8, 0)]
    assert all((before != after).any() for before, after in pairwise(shown))


def test_both_languages_say_everything() -> None:
    for words in WORDS.values():
        assert all(getattr(words, slot) for slot in words.__slots__)


def test_hangul_and_the_code_bullet_are_drawn(look: Look) -> None:
    for typeface in (look.regular, look.bold):
        assert all(typeface.has(character) for character in "한글●·…é")


def test_a_font_without_hangul_is_refused() -> None:
    with pytest.raises(DisplayError, match=r"no Hangul; apt-get install fonts-nanum"):
        find_typeface(Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"))


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    (tmp_path / "font.ttf").write_bytes(b"no font")
    for path in (tmp_path / "font.ttf", tmp_path / "missing.ttf"):
        with pytest.raises(DisplayError, match="cannot be loaded"):
            Typeface(path).at(12)


def test_without_fontconfig_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DisplayError, match="apt-get install fontconfig"):
        find_typeface()


@given(st.text(), st.integers(1, 30))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    lines = screens.wrapped(text, lambda part: len(part) <= width, 10_000)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(), st.integers(1, 30))
def test_a_text_that_is_too_long_ends_in_an_ellipsis(text: str, width: int) -> None:
    everything = screens.wrapped(text, lambda part: len(part) <= width, 10_000)
    lines = screens.wrapped(text, lambda part: len(part) <= width, 2)
    assert len(lines) <= 2
    assert lines[-1].endswith("…") or lines == everything
