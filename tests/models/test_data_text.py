import re
from collections import Counter

import pytest

from models.data.korean import FREQUENT, SYLLABLES, has_coda
from models.data.latin import LATIN
from models.data.lines import script_of
from models.data.split import Split, split_of
from models.data.text import Writer


def written(split, *, korean, pages=40):
    return " ".join(Writer(split, seed, korean=korean).paragraph(40) for seed in range(pages))


def hangul(text):
    return [char for char in text if "가" <= char <= "힣"]


def test_rare_syllables_are_of_one_half_when_both_write():
    seen = {split: set(hangul(written(split, korean=1.0))) for split in Split}
    assert seen[Split.TRAIN] & seen[Split.HELD_OUT] <= FREQUENT | set("년월일원")  # dates and amounts are anybody's
    assert len(FREQUENT) < 180
    assert len(seen[Split.TRAIN]) > 800
    assert len(seen[Split.HELD_OUT]) > 300


def test_latin_words_are_of_one_half_when_both_write():
    assert not set(LATIN[Split.TRAIN]) & set(LATIN[Split.HELD_OUT])
    for split in Split:
        words = set(re.findall(r"[a-z]{2,}", written(split, korean=0.0).lower()))
        assert len(words) > 500
        assert {split_of(word) for word in words} == {split}


def test_frequencies_are_a_language_s_when_much_is_written():
    syllables = Counter(hangul(written(Split.TRAIN, korean=1.0)))
    most = [count for _, count in syllables.most_common()]
    # Of running Korean the 50 most frequent syllables are about half, the 300 most frequent more than nine tenths.
    assert 0.35 < sum(most[:50]) / sum(most) < 0.65
    assert 0.85 < sum(most[:300]) / sum(most) < 0.99
    letters = Counter(char for char in written(Split.TRAIN, korean=0.0).lower() if "a" <= char <= "z")
    assert letters.most_common(1)[0][0] == "e"
    assert set("etaoinsr") <= {letter for letter, _ in letters.most_common(11)}
    assert len(letters) == 26


def test_every_font_can_write_what_is_written():
    text = written(Split.TRAIN, korean=0.7) + " ".join(Writer(Split.TRAIN, seed).shell() for seed in range(200))
    assert set(text) - set(SYLLABLES) <= {*map(chr, range(0x20, 0x7F)), "·"}


@pytest.mark.parametrize(("syllable", "coda"), [("가", False), ("각", True), ("힣", True), ("해", False)])
def test_coda_is_told(syllable, coda):
    assert has_coda(syllable) is coda


@pytest.mark.parametrize(
    ("text", "script"),
    [("가나", "korean"), ("파일 open", "mixed"), ("open-2", "latin"), ("2024-01-02 (3%)", "digits"), ("3년", "korean")],
)
def test_script_is_told(text, script):
    assert script_of(text) == script


def test_writer_repeats_itself_when_its_seed_is_the_same():
    def lines(seed):
        writer = Writer(Split.HELD_OUT, seed)
        return [make() for make in (writer.url, writer.file, writer.shell, writer.code, writer.sentence, writer.date)]

    assert lines(1) == lines(1)
    assert lines(1) != lines(2)
