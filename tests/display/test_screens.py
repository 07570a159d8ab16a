"""The appliance's own screens, drawn for every size and language into tests/display/out, and measured."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageDraw

from edge.display import screens
from edge.display.keypad import DIGITS, LETTERS
from edge.display.page import Look, Screen, wrapped
from edge.display.palette import GROUNDS, INKS, Colour
from edge.display.screens import ChoiceView, EnrolView, SignInView
from edge.display.typeface import Typeface, find_typeface
from edge.display.words import WORDS, Language
from edge.errors import DisplayError
from edge.geometry import Size
from edge.input.form import Field, SignInForm, Submitted
from edge.input.keymap import keysym_named

OUT = Path(__file__).parent / "out"
SHOWN = [Size(1366, 768), Size(1920, 1080), Size(3840, 2160)]
SIZES = [*SHOWN, Size(1920, 1200), Size(2560, 1080), Size(1280, 1024), Size(1024, 768)]
TIGHT = [Size(1366, 768), Size(1024, 768)]
FINGERPRINT = "9f2c41d07ab3e85516cc0b7d2ef4a8913d5c6e7f80a1b2c3d4e5f60718293a4b"
TROUBLE = "/etc/edged/enrolment.json: cannot be read: No such file or directory; make it with `edgectl device add NAME`"
REASON = "desk.example:5900: the server closed the connection"
LONG = "서버가 응답하지 않습니다 because the desktop at desktop-0017.edge.example.com:5900 closed the connection " * 6
ROWS = {
    "device": "edge-0017",
    "network": "192.168.17.23",
    "broker": "the bus at broker.example:8883",
    "desktop": "mina-work, 1920x1080, 1/4",
    "received": "12.41 MB",
    "sent": "0.31 MB",
    "exact": "97.3%",
    "text": "100.0%",
    "restoring": "rknn, 31.2 ms",
    "temperature": "54 °C",
    "memory": "171 MB",
    "version": "0.1.0",
}
Draw = Callable[[Size, Look], Screen]


def sign_in(view: SignInView) -> Draw:
    return lambda size, look: screens.sign_in(size, look, view)


def choosing(count: int, selected: int) -> Draw:
    desktops = ["mina", "mina-work", "accounting", *(f"desktop-{number}" for number in range(3, count))][:count]
    return lambda size, look: screens.choosing(size, look, ChoiceView(desktops, selected))


def doings(look: Look) -> list[tuple[str, str]]:
    return [(look.words.lock, "l"), (look.words.switch, "d"), (look.words.sign_out, "q")]


SCREENS: dict[str, Draw] = {
    "starting": screens.starting,
    "enrol": lambda size, look: screens.enrol(size, look, EnrolView("9f2c-41d0-7ab3", FINGERPRINT, TROUBLE)),
    "sign-in": sign_in(SignInView("", 0, False)),
    "sign-in-code": sign_in(SignInView("mina", 6, True)),
    "sign-in-touch-name": sign_in(SignInView("mina", 0, False, keys=True)),
    "sign-in-touch-code": sign_in(SignInView("mina", 3, True, keys=True)),
    "locked": sign_in(SignInView("mina", 0, True, locked_for="mina")),
    "choosing": choosing(3, 1),
    "choosing-many": choosing(20, 11),
    "signing-in": screens.signing_in,
    "connecting-1": lambda size, look: screens.connecting(size, look, "mina-work", 0),
    "connecting-3": lambda size, look: screens.connecting(size, look, "mina-work", 2),
    "lost": lambda size, look: screens.lost_connection(size, look, REASON, 12),
    "updating": lambda size, look: screens.updating(size, look, 42),
    "stopping": screens.stopping,
    "status": lambda size, look: screens.status(size, look, list(ROWS.items())),
    "status-desktop": lambda size, look: screens.status(size, look, list(ROWS.items()), doings(look)),
}
REFUSED: dict[str, Draw] = {
    f"refused-{reason}{'-touch' if keys else ''}": lambda size, look, reason=reason, keys=keys: screens.sign_in(
        size, look, SignInView("mina", 0, True, look.words.refusals[reason].format(seconds=3600), keys=keys)
    )
    for reason in WORDS[Language.ENGLISH].refusals
    for keys in (False, True)
}
WITH_LONG_TEXTS: dict[str, Draw] = {
    "enrol": lambda size, look: screens.enrol(size, look, EnrolView("9f2c-41d0-7ab3", FINGERPRINT, LONG)),
    "sign-in": sign_in(SignInView("김하나" * 30, 32, True, LONG)),
    "touch": sign_in(SignInView("김하나" * 30, 32, False, LONG, keys=True)),
    "locked": sign_in(SignInView("m" * 64, 32, False, LONG, locked_for="m" * 64)),
    "choosing": lambda size, look: screens.choosing(size, look, ChoiceView(["m" * 63] * 9, 0)),
    "connecting": lambda size, look: screens.connecting(size, look, "m" * 63, 1),
    "lost": lambda size, look: screens.lost_connection(size, look, LONG, 12),
    "status": lambda size, look: screens.status(size, look, [(name, LONG) for name in ROWS], doings(look)),
}


@dataclass(frozen=True)
class Written:
    """A text that was drawn: where its ink may be, and in which colour."""

    text: str
    box: tuple[int, int, int, int]
    colour: str


@dataclass
class Drawing:
    """What was drawn on one screen, in order."""

    texts: list[Written]
    boxes: list[tuple[int, int, int, int]]


@contextmanager
def watched() -> Iterator[Drawing]:
    """Note every text and every box that Pillow draws."""
    drawing = Drawing([], [])
    text, box = ImageDraw.ImageDraw.text, ImageDraw.ImageDraw.rounded_rectangle

    def watch_text(self, at, words, fill=None, font=None, anchor=None, **rest):
        if words.strip():
            drawing.texts.append(Written(words, self.textbbox(at, words, font=font, anchor=anchor), str(fill)))
        text(self, at, words, fill=fill, font=font, anchor=anchor, **rest)

    def watch_box(self, xy, *rest, **more):
        drawing.boxes.append(tuple(xy))
        box(self, xy, *rest, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ImageDraw.ImageDraw, "text", watch_text)
        patched.setattr(ImageDraw.ImageDraw, "rounded_rectangle", watch_box)
        yield drawing


def inside(inner, outer) -> bool:
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def overlap(a, b) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def check(size: Size, drawing: Drawing) -> None:
    """No text leaves the box that it stands in, or the screen; none lies on another; no box crosses another's edge."""
    whole = (0, 0, size.width, size.height)
    for written in drawing.texts:
        assert inside(written.box, whole), written
        middle = ((written.box[0] + written.box[2]) / 2, (written.box[1] + written.box[3]) / 2)
        around = [box for box in drawing.boxes if inside((*middle, *middle), box)]
        assert all(inside(written.box, box) for box in around), written
    for one, other in combinations(drawing.texts, 2):
        assert not overlap(one.box, other.box), (one, other)
    for one, other in combinations(drawing.boxes, 2):
        assert not overlap(one, other) or inside(one, other) or inside(other, one), (one, other)
        assert inside(one, whole)


def luminance(colour) -> float:
    """WCAG 2.1's relative luminance of 0xRRGGBB or "#rrggbb"."""
    number = int(colour[1:], 16) if isinstance(colour, str) else int(colour)
    channels = [(number >> shift & 255) / 255 for shift in (16, 8, 0)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module", params=list(Language))
def look(request: pytest.FixtureRequest) -> Look:
    return Look.of(request.param, foot="edge-0017")


@pytest.mark.parametrize(("name", "size"), [*product(SCREENS, SIZES), *product(REFUSED, TIGHT)], ids=str)
def test_every_screen_is_whole_and_nothing_is_cut_off_or_in_the_way(name: str, size: Size, look: Look) -> None:
    with watched() as drawing:
        screen = (SCREENS | REFUSED)[name](size, look)
    assert screen.picture.shape == size.shape
    assert screen.picture.dtype == np.uint32
    assert screen.picture.max() <= 0xFFFFFF
    check(size, drawing)
    assert not [written.text for written in drawing.texts if "…" in written.text]
    if size in SHOWN and name in SCREENS:
        OUT.mkdir(exist_ok=True)
        bgrx = screen.picture.view(np.uint8).reshape(*screen.picture.shape, 4)
        assert cv2.imwrite(str(OUT / f"{name}-{look.language}-{size}.png"), bgrx[:, :, :3])


@pytest.mark.parametrize("size", [*TIGHT, SHOWN[1]], ids=str)
@pytest.mark.parametrize("name", WITH_LONG_TEXTS)
def test_texts_of_any_length_stay_where_they_belong(name: str, size: Size, look: Look) -> None:
    with watched() as drawing:
        WITH_LONG_TEXTS[name](size, look)
    check(size, drawing)


@pytest.mark.parametrize("name", SCREENS)
def test_text_that_is_drawn_has_the_contrast_of_wcag_aa(name: str, look: Look) -> None:
    """Against what is around most of it in the picture itself."""
    with watched() as drawing:
        picture = SCREENS[name](SHOWN[0], look).picture
    for written in drawing.texts:
        left, top, right, bottom = (int(edge) for edge in written.box)
        around = picture[top:bottom, left:right]
        colours, counts = np.unique(around[around != int(written.colour[1:], 16)], return_counts=True)
        assert contrast(written.colour, colours[counts.argmax()]) >= 4.5, written


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", INKS)
def test_every_ink_of_the_palette_has_the_contrast_of_wcag_aa(ink: Colour, ground: Colour) -> None:
    assert contrast(ink, ground) >= 4.5


def test_text_on_the_focus_and_the_edges_of_controls_have_their_contrast() -> None:
    assert contrast(Colour.ON_FOCUS, Colour.FOCUS) >= 4.5
    assert contrast(Colour.EDGE, Colour.CARD) >= 3
    assert contrast(Colour.FOCUS, Colour.EDGE) >= 1.5


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", SCREENS)
def test_what_can_be_pointed_at_is_large_and_apart(name: str, size: Size, look: Look) -> None:
    areas = SCREENS[name](size, look).areas
    for area in areas:
        keysym_named(area.key)
        assert area.rect in size.rect
        assert area.rect.height >= 0.042 * min(size.height, size.width * 1080 / 1920)
    for one, other in combinations(areas, 2):
        assert not one.rect & other.rect


def point(screen: Screen, key: str) -> int:
    """Point in the middle of the area that types `key`; what comes of it."""
    (area,) = [area for area in screen.areas if area.key == key]
    found = screen.key_at(area.rect.x + area.rect.width // 2, area.rect.y + area.rect.height // 2)
    assert found == key
    return keysym_named(found)


def test_a_name_and_a_code_can_be_given_by_pointing_alone(look: Look) -> None:
    form = SignInForm()

    def screen() -> Screen:
        view = SignInView(form.name, len(form.code), form.focus is Field.CODE, keys=True)
        return screens.sign_in(SHOWN[0], look, view)

    for key in ["m", "i", "n", "x", "BackSpace", "a", "Tab", "1", "2", "3", "4", "5", "6"]:
        form = form.typed(point(screen(), key))
    assert form == SignInForm("mina", "123456", Field.CODE)
    submit = next(area for area in screen().areas if area.key == "Return")
    assert form.typed(keysym_named(submit.key)) == Submitted("mina", "123456")


def test_keys_to_point_at_type_whatever_a_name_or_a_code_is_made_of() -> None:
    assert {key for row in LETTERS for key in row.split()} >= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert {key for row in DIGITS for key in row.split()} >= set("0123456789")


def test_pointing_beside_everything_types_nothing(look: Look) -> None:
    assert screens.sign_in(SHOWN[0], look, SignInView("mina", 0, True)).key_at(1, 1) is None


def test_the_focus_can_be_seen(look: Look) -> None:
    name, code = (sign_in(SignInView("hana", 3, focused))(SHOWN[0], look).picture for focused in (False, True))
    assert (name != code).sum() > 500


def test_each_typed_digit_can_be_seen(look: Look) -> None:
    shown = [sign_in(SignInView("hana", length, True))(SHOWN[0], look).picture for length in range(7)]
    assert all((before != after).any() for before, after in pairwise(shown))


def test_the_countdown_and_the_steps_can_be_seen(look: Look) -> None:
    shown = [screens.lost_connection(SHOWN[0], look, "-", seconds).picture for seconds in (9, 8, 0)]
    shown += [screens.connecting(SHOWN[0], look, "mina", step).picture for step in range(3)]
    shown += [screens.updating(SHOWN[0], look, percent).picture for percent in (0, 1, 50, 100)]
    assert all((before != after).any() for before, after in pairwise(shown))


def test_the_selected_desktop_is_always_on_the_screen() -> None:
    for count in range(1, 30):
        for selected in range(count):
            shown = screens.shown_choices(count, selected)
            assert selected in shown
            assert len(shown) == min(count, screens.MOST_CHOICES)


def test_enrolment_s_qr_code_can_be_read(look: Look) -> None:
    for size in SHOWN:
        picture = SCREENS["enrol"](size, look).picture
        bgr = np.ascontiguousarray(picture.view(np.uint8).reshape(*picture.shape, 4)[:, :, :3])
        read, _, _ = cv2.QRCodeDetector().detectAndDecode(bgr)
        assert read == f"edge-device:9f2c-41d0-7ab3:{FINGERPRINT}"


def test_both_languages_say_everything() -> None:
    english, korean = WORDS[Language.ENGLISH], WORDS[Language.KOREAN]
    for words in (english, korean):
        assert all(getattr(words, slot) for slot in words.__slots__)
    for table in ("rows", "refusals", "endings"):
        assert getattr(english, table).keys() == getattr(korean, table).keys()
    assert {language.other for language in Language} == set(Language)


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
    lines = wrapped(text, lambda part: len(part) <= width, 10_000)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(), st.integers(1, 30))
def test_a_text_that_is_too_long_ends_in_an_ellipsis(text: str, width: int) -> None:
    everything = wrapped(text, lambda part: len(part) <= width, 10_000)
    lines = wrapped(text, lambda part: len(part) <= width, 2)
    assert len(lines) <= 2
    assert lines[-1].endswith("…") or lines == everything
