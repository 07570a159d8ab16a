"""Korean that looks like language: stems, particles and endings whose syllables are as frequent as in real text.

A stem belongs to one half of the data alone, and so does every syllable that is not among the frequent ones. The text
means nothing. Its syllables are those of KS X 1001, which every Korean font has.
"""

import random
from itertools import product

from models.data.split import Split, split_of
from models.data.zipf import zipf

# By falling frequency, as a speaker would order them: Sino-Korean, native and borrowed syllables.
_SINO = (
    "사자대기전정인지시주부장상수일제도신공원국관화경민성동보조방회발소안연구생산해교무선과이고운업중"
    "진세미행실의학문위치현물내용계가단체통비서감식결개설재판력금서차심모명작본유외반당군면양청술"
    "권등여반고질월입출적법년간오최확복접책남북형석특역건강편적합리회분석노동향영"
)
_NATIVE = (
    "나사라마바아우오이그말물길일머거어하다보소모바람고마러리늘래루미구들무눈손발집빛밤낮꽃봄여름"
    "가을겨울땅별달하너두새저누도치랑자니비개기야숨쉼결틀꿈얼굴몸힘앞뒤옆밖쪽끝곳밥옷돌흙풀"
)
_LOAN = (
    "스트드이크리프터로인그레르러디시아라카메버플컴퓨팅네워웹브우저소파일폴더데베서링코케타클릭모니"
    "키보마피포토픽셀텍싱오비폰앱샵쇼핑센룸호텔택버커페콘덴글벌콜린젝즈닉룹팀팅밍템션멘챗봇"
)
_PARTICLES = (
    ("은", "는"), ("이", "가"), ("을", "를"), ("에", "에"), ("의", "의"), ("에서", "에서"), ("으로", "로"),
    ("과", "와"), ("도", "도"), ("만", "만"), ("까지", "까지"), ("부터", "부터"), ("에게", "에게"),
    ("이나", "나"), ("보다", "보다"), ("처럼", "처럼"), ("이라는", "라는"), ("들이", "들이"), ("들은", "들은"),
)  # fmt: skip
_MODIFIERS = tuple(
    "하는 한 할 된 되는 될 했던 하고 하며 하여 해서 하지 하기 하면 되어 되고 적인 적으로 있는 없는 했고".split()  # noqa: SIM905
)
_FINALS = tuple(
    "한다 했다 합니다 했습니다 된다 됐다 됩니다 있다 없다 이다 입니다 하세요 해요 였다 않는다 있습니다 할까요".split()  # noqa: SIM905
)
_ADVERBS = tuple(
    "그 이 저 더 또 잘 못 안 가장 매우 다시 이미 아직 모두 함께 바로 및 등 수 것 때 중 약 각 그리고 하지만 또는"  # noqa: SIM905
    " 따라서 위해 대한 통해 같은 다른 많은 새로운".split()
)

SYLLABLES = "".join(
    syllable
    for onset, vowel, coda in product(range(19), range(21), range(28))
    if len((syllable := chr(0xAC00 + (onset * 21 + vowel) * 28 + coda)).encode("euc_kr", errors="ignore")) == 2
)


def _frequent() -> frozenset[str]:
    fixed = "".join([*(a + b for a, b in _PARTICLES), *_MODIFIERS, *_FINALS, *_ADVERBS])
    return frozenset(fixed + _SINO[:60] + _NATIVE[:30] + _LOAN[:20])


FREQUENT = _frequent()


def has_coda(syllable: str) -> bool:
    """Say whether a Hangul syllable ends in a consonant, on which the form of a particle depends."""
    return (ord(syllable) - 0xAC00) % 28 != 0


class Korean:
    """Writes Korean of one half with the words of one page, of which some come again and again."""

    def __init__(self, split: Split, pick: random.Random, stems: int = 160) -> None:
        self._split, self._pick = split, pick
        self._stems = [self._stem() for _ in range(stems)]

    def word(self) -> str:
        """Write a stem with or without a particle or an ending."""
        pick = self._pick
        kind = pick.random()
        if kind < 0.12:
            return pick.choice(_ADVERBS)
        stem = self.stem()
        if kind < 0.40:
            return stem
        if kind < 0.78:
            closed, opened = _PARTICLES[min(int(pick.expovariate(0.2)), len(_PARTICLES) - 1)]
            return stem + (closed if has_coda(stem[-1]) else opened)
        return stem + pick.choice(_MODIFIERS)

    def final(self) -> str:
        """Write the verb that ends a sentence."""
        return self.stem() + self._pick.choice(_FINALS)

    def stem(self) -> str:
        """Write a stem: one of the page's, the first of them most often, or now and then a new one."""
        if self._pick.random() < 0.25:
            return self._stem()
        return self._stems[zipf(self._pick, len(self._stems))]

    def _stem(self) -> str:
        pick = self._pick
        while True:
            kind = pick.random()
            source = _SINO if kind < 0.6 else _NATIVE if kind < 0.83 else _LOAN
            length = pick.choice((2, 2, 2, 2, 3, 3, 4) if kind < 0.6 else (1, 2, 2, 3) if kind < 0.83 else (2, 3, 3, 4))
            stem = "".join(self._syllable(source) for _ in range(length))
            if length == 1 or split_of(stem) is self._split:
                return stem

    def _syllable(self, source: str) -> str:
        while True:
            if self._pick.random() < 0.07:
                syllable = self._pick.choice(SYLLABLES)
            else:
                syllable = source[min(int(self._pick.expovariate(2.6 / len(source))), len(source) - 1)]
            if syllable in FREQUENT or split_of(syllable) is self._split:
                return syllable
