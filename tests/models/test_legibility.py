import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from models.data.manifest import Line, Page, read_manifest
from models.legibility.alphabet import BLANK, CLASSES, canonical, decode, encode, is_readable
from models.legibility.checkpoint import load_recogniser, save_recogniser
from models.legibility.error_rate import aligned, edits
from models.legibility.framing import HEIGHT_PX, standardised, window
from models.legibility.judge import LINES_PER_PAGE, NATIVE, LineScore, judge_legibility, lines_to_read
from models.legibility.loss import RecogniserLoss
from models.legibility.recogniser import STEP_PX, Glyph, Recogniser, glyphs
from models.legibility.sharp import wrong_but_sharp
from models.legibility.table import error_rates, table
from models.legibility.tesseract import tesseract_picture, tesseract_read


@pytest.fixture(scope="module")
def recogniser():
    return load_recogniser()


@pytest.fixture(scope="module")
def held_page(data):
    folder = data / "held-out"
    page = next(page for page in read_manifest(folder).pages if page.kind == "text")
    return page, cv2.imread(str(folder / page.file))


def drawn(text, size_px=32):
    """A line as FreeType draws it, black on white, and its rectangle."""
    font = ImageFont.truetype("/usr/share/fonts/truetype/nanum/NanumBarunGothic.ttf", size_px)
    width, (ascent, descent) = int(font.getlength(text)), font.getmetrics()
    picture = Image.new("RGB", (width + 80, ascent + descent + 80), "white")
    ImageDraw.Draw(picture).text((40, 40), text, fill="black", font=font)
    return np.array(picture), (40, 40, width, ascent + descent)


def bicubic(lr):
    return cv2.resize(lr, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)


def test_text_is_the_same_when_encoded_and_decoded():
    text = canonical("밝은 화면, “Server” 12:30 — 괜찮다 ⓐ")
    assert text == '밝은화면,"Server"12:30-괜찮다a'
    assert decode(encode(text)) == text
    assert BLANK not in encode(text)
    assert max(encode("힣~")) < CLASSES
    assert not is_readable("漢字")
    assert not is_readable(" ")


@pytest.mark.parametrize(
    ("truth", "read", "count"),
    [
        ("한글", "한글", 0),
        ("한글", "한긋", 1),
        ("99.33", "99.10", 2),
        ("abc", "", 3),
        ("", "ab", 2),
        ("서버", "서서버", 1),
    ],
)
def test_edits_are_counted_by_syllables(truth, read, count):
    assert edits(truth, read) == count


def test_positions_are_paired_when_something_is_missing_or_too_much():
    assert aligned("가나다", "가다") == [(0, 0), (1, None), (2, 1)]
    assert aligned("ab", "axb") == [(0, 0), (None, 1), (1, 2)]


def test_letters_become_syllables_when_a_line_is_read():
    path = [BLANK, *encode("각"), BLANK, *encode("a"), *encode("a"), BLANK, *encode("a"), *encode("나"), BLANK]
    logits = torch.full((len(path) + 3, CLASSES), -5.0)
    logits[range(len(path)), path] = 5.0
    logits[3] *= 0.1  # unsure of the last letter of the first syllable
    logits[len(path) :, encode("z")[0]] = 9.0  # beyond the end of the line
    read = glyphs(logits, STEP_PX * len(path))
    assert [glyph.text for glyph in read] == ["각", "a", "a", "나"]
    assert read[0].confidence < 0.1
    assert read[1].confidence > 0.9
    assert [glyph.column for glyph in read] == sorted(glyph.column for glyph in read)


def test_line_looks_the_same_when_its_colours_are_inverted():
    picture, rect = drawn("서버 Server")
    grey = torch.from_numpy(picture[:, :, 0]).float()
    dark, light = (standardised(window(one, rect, 32)) for one in (grey, 255 - grey))
    assert dark.shape[0] == HEIGHT_PX
    assert torch.allclose(dark, light, atol=1e-4)
    assert dark.mean() > 0
    assert window(grey, (-20, -20, 30, 20), 32).isfinite().all()


def test_network_reads_the_same_when_it_was_saved(tmp_path):
    torch.manual_seed(1)
    network = Recogniser(8).eval()
    lines = torch.randn(2, HEIGHT_PX, 40)
    with torch.inference_mode():
        before = network(lines)
        save_recogniser(network, tmp_path / "small.pt")
        after = load_recogniser(tmp_path / "small.pt")(lines)
    assert before.shape == (2, 20, CLASSES)
    assert torch.allclose(before, after, atol=2e-2)
    with pytest.raises(FileNotFoundError, match=r"python -m models\.legibility train"):
        load_recogniser(tmp_path / "none.pt")


def test_clean_large_text_is_read_by_both(recogniser):
    text = "화면 복원 network 2026-11-22"
    picture, rect = drawn(text)
    grey = picture[:, :, 0].astype(np.float32)
    cut = standardised(window(torch.from_numpy(grey), rect, 32))
    with torch.inference_mode():
        read = "".join(glyph.text for glyph in glyphs(recogniser(cut[None])[0], cut.shape[1]))
    assert edits(canonical(text), read) <= 2
    (came,) = tesseract_read([tesseract_picture(grey, rect, 32, inverted=False)])
    assert edits(canonical(text), came) <= 2


def test_tesseract_keeps_the_order_when_a_line_is_empty():
    lines = [drawn("first", 40), drawn("second", 40)]
    first, second = (
        tesseract_picture(one[:, :, 0].astype(np.float32), rect, 40, inverted=False) for one, rect in lines
    )
    read = tesseract_read([first, np.full_like(first, 255), second])
    assert (read[0], read[2]) == ("first", "second")
    assert tesseract_read([]) == []


def test_lines_are_bounded_mixed_and_the_same_when_chosen_again():
    def line(text, size, script, width=100):
        return Line(text=text, rect=(0, 0, width, 20), size_px=size, script=script, font="")

    lines = [line(f"many{at}", 16.0, "latin") for at in range(50)]
    lines += [line("사람들", 16.0, "korean"), line("나라에", 11.0, "korean")]
    lines += [
        line("tiny", 8.0, "latin"),
        line("huge", 40.0, "latin"),
        line("ab", 16.0, "latin"),
        line("wide", 12.0, "latin", 900),
    ]
    page = Page("a.png", "", "text", "", "", zoom=1, dark=False, fonts=[], lines=lines, clipped=[])
    chosen = lines_to_read(page)
    assert chosen == lines_to_read(page)
    assert len(chosen) == LINES_PER_PAGE
    assert {"사람들", "나라에"} <= {line.text for line in chosen}
    assert not {"tiny", "huge", "ab", "wide"} & {line.text for line in lines_to_read(page, 100)}


def test_native_lines_are_read_and_restored_ones_less_when_a_page_is_judged(held_page, recogniser):
    page, _ = held_page
    scores = judge_legibility(
        recogniser, [held_page], {"bicubic": bicubic, "nearest": lambda lr: lr.repeat(4, 0).repeat(4, 1)}
    )
    rates = {name: error_rates(its) for name, its in scores.items()}
    assert list(rates) == [NATIVE, "bicubic", "nearest"]
    assert rates[NATIVE].lines == len(lines_to_read(page)) > 5
    assert rates[NATIVE].recogniser < 0.15
    assert rates[NATIVE].wrong_but_sharp == 0
    for method in ("bicubic", "nearest"):
        assert rates[method].recogniser > rates[NATIVE].recogniser + 0.1
        assert rates[method].tesseract > rates[NATIVE].tesseract + 0.1
    assert "16 px and above" in table(scores)


def test_glyph_is_wrong_but_sharp_only_when_it_is_sure_and_as_clear():
    native_line = torch.randn(HEIGHT_PX, 60)
    native = [Glyph("9", 0.99, 10), Glyph("3", 0.99, 30), Glyph("7", 0.99, 50)]
    other = [native[0], Glyph("8", 0.97, 31), native[2]]
    unsure = [native[0], Glyph("8", 0.5, 31), native[2]]
    moved = [native[0], Glyph("8", 0.97, 43), native[2]]
    assert wrong_but_sharp("937", native, native, native_line, native_line) == (0, 3)
    assert wrong_but_sharp("937", native, other, native_line, native_line) == (1, 3)
    assert wrong_but_sharp("937", native, other, native_line, 0.8 * native_line) == (0, 3)
    assert wrong_but_sharp("937", native, unsure, native_line, native_line) == (0, 3)
    assert wrong_but_sharp("937", native, moved, native_line, native_line) == (0, 3)
    # What the recogniser misreads in the native picture is not counted.
    assert wrong_but_sharp("947", native, other, native_line, native_line) == (0, 2)


def test_rates_count_every_character_once_when_pooled():
    long, short = LineScore("latin", 16, 30, 3, 6, 27, 1), LineScore("digits", 16, 10, 5, 2, 5, 1)
    rates = error_rates([long, short])
    assert (rates.lines, rates.characters) == (2, 40)
    assert (rates.recogniser, rates.tesseract) == (8 / 40, 8 / 40)
    assert rates.wrong_but_sharp == 2 / 32
    assert error_rates([]).recogniser == 0


def test_loss_falls_to_nothing_when_lines_become_native():
    loss = RecogniserLoss()
    picture, rect = drawn("서버 Server", 20)
    native = torch.from_numpy(picture).float()[None]
    blurred = torch.from_numpy(cv2.GaussianBlur(picture, (0, 0), 2.0)).float()[None]
    values = []
    for part in (0.0, 0.5, 1.0):
        shown = (native + part * (blurred - native)).requires_grad_()
        value = loss(shown, native, [rect], [20.0])
        value.backward()
        values.append(float(value.detach()))
        assert shown.grad.isfinite().all()
    assert values[0] < 1e-4
    assert values[0] < values[1] < values[2]
    assert shown.grad.abs().max() > 0
