"""Text to fill pages with: Korean and Latin that looks like language, made from syllables, words and a seed.

The two halves share only the most frequent Hangul syllables; a network judged on the held-out half has seen neither
its words nor its rarer syllables.
"""

import random
from enum import StrEnum
from zlib import crc32


class Split(StrEnum):
    """Which half of the fonts, texts and layouts a page is made from."""

    TRAIN = "train"
    HELD_OUT = "held-out"


_FREQUENT = "이다는의에고을가하한지로은도를기사어서대인자일시리아해제나있그정수전부보라주만들과여"
_ONSETS = [11, 0, 9, 12, 3, 5, 6, 7, 2, 18, 14, 16, 15, 17, 1, 4, 8, 10, 13]
_VOWELS = [0, 20, 4, 8, 13, 18, 6, 5, 1, 12, 17, 9, 16, 14, 11, 7, 2, 15, 19, 3, 10]
_CODAS = [0, 4, 21, 8, 1, 16, 17, 19, 20, 7, 22, 25, 26, 27, 2, 24, 10, 6, 18, 9, 5]
_ENDINGS = tuple("은 는 이 가 을 를 에 에서 의 로 와 고 다 며 까지 부터 했다 한다".split())  # noqa: SIM905
_LATIN_TEXT = {
    Split.TRAIN: (
        "the of and to in is that it was for on are as with his they at be this from have or by one had not but what"
        " all were when your can said there use each which she how their will other about out many then them these so"
        " some her would make like into time has look two more write go see number way could people than first water"
        " been call who oil its now find long down day did get come made may part file edit view insert format tools"
        " window help open save print close copy paste select search settings network server desktop report budget"
        " project schedule message account password release version update install"
    ),
    Split.HELD_OUT: (
        "over new sound take only little work know place year live me back give most very after thing our just name"
        " good sentence man think say great where through much before line right too mean old any same tell boy follow"
        " came want show also around form three small set put end does another well large must big even such because"
        " turn here why ask went men read need land different home us move try kind hand picture again change off play"
        " spell air away animal house point page letter mother answer found study still learn should world browse"
        " calendar invoice contract customer delivery meeting quarter revenue statistics terminal keyboard language"
    ),
}
_LATIN = {split: text.split() for split, text in _LATIN_TEXT.items()}
_CONSONANTS = "tnsrhdlcmfpgwybvkxjqz"
_LATIN_VOWELS = "eaoiuy"


class Writer:
    """Writes text of one split; the same `seed` writes the same."""

    def __init__(self, split: Split, seed: int) -> None:
        self.split = split
        self.random = random.Random(seed)

    def syllable(self) -> str:
        """Write one Hangul syllable, the frequent ones more often."""
        if self.random.random() < 0.35:
            return self.random.choice(_FREQUENT)
        while True:
            onset, vowel, coda = (
                parts[min(int(self.random.expovariate(1 / (0.28 * len(parts)))), len(parts) - 1)]
                for parts in (_ONSETS, _VOWELS, _CODAS)
            )
            syllable = chr(0xAC00 + (onset * 21 + vowel) * 28 + coda)
            held_out = crc32(syllable.encode()) % 4 == 0
            if syllable in _FREQUENT or held_out == (self.split is Split.HELD_OUT):
                return syllable

    def word(self, *, korean: bool) -> str:
        """Write one word."""
        pick = self.random
        if pick.random() < 0.08:
            return self.number()
        if korean:
            stem = "".join(self.syllable() for _ in range(pick.choice((1, 2, 2, 2, 3, 3))))
            return stem + (pick.choice(_ENDINGS) if pick.random() < 0.6 else "")
        if pick.random() < 0.7:
            word = pick.choice(_LATIN[self.split])
        else:
            word = "".join(
                pick.choice(_CONSONANTS[: pick.randint(4, 21)]) + pick.choice(_LATIN_VOWELS)
                for _ in range(pick.randint(1, 4))
            ) + pick.choice(("", "n", "s", "r", "ing", "tion", "ed", "ly"))
        return word.capitalize() if pick.random() < 0.12 else word.upper() if pick.random() < 0.04 else word

    def number(self) -> str:
        """Write a number, an amount, a date or a time."""
        pick = self.random
        return pick.choice(
            (
                f"{pick.randint(0, 99)}",
                f"{pick.randint(1000, 9_999_999):,}",
                f"{pick.random() * 100:.2f}",
                f"{pick.randint(1990, 2039)}-{pick.randint(1, 12):02}-{pick.randint(1, 28):02}",
                f"{pick.randint(0, 23):02}:{pick.randint(0, 59):02}",
                f"{pick.randint(1, 100)}%",
                f"{pick.randint(1, 900) * 100:,}원",
            )
        )

    def phrase(self, words: int, *, korean: bool | None = None) -> str:
        """Write `words` words in one language, by default either."""
        if korean is None:
            korean = self.random.random() < 0.6
        return " ".join(self.word(korean=korean) for _ in range(words))

    def paragraph(self, sentences: int, *, korean: bool | None = None) -> str:
        """Write sentences with punctuation, a few of them in the other language."""
        if korean is None:
            korean = self.random.random() < 0.6
        written = []
        for _ in range(sentences):
            other = self.random.random() < 0.12
            sentence = self.phrase(self.random.randint(4, 14), korean=korean != other)
            if self.random.random() < 0.2:
                sentence = sentence.replace(" ", self.random.choice((", ", " (", "; ", ' "')), 1)
            written.append(sentence[0].upper() + sentence[1:] + self.random.choice(("다.", ".", ".", "?", ":")))
        return " ".join(written)

    def code(self) -> str:
        """Write a line of something like a program."""
        pick, name = self.random, self.random.choice(_LATIN[self.split])
        other = pick.choice(_LATIN[self.split])
        return "    " * pick.randint(0, 4) + pick.choice(
            (
                f"def {name}_{other}(self, {other}: int = {pick.randint(0, 99)}) -> None:",
                f"if {name}[{pick.randint(0, 9)}] != {other}.{name}:",
                f"{name} = {other}({pick.randint(0, 255)}, '{self.phrase(2)}')",
                f"return {{'{name}': 0x{pick.getrandbits(16):04x}, '{other}': None}}",
                f"# {self.phrase(pick.randint(2, 6))}",
                f"for ({name} = 0; {name} < {other}; ++{name}) {{",
                f"-rw-r--r-- {pick.randint(1, 9)} root {pick.randint(10, 99999):>6} {self.number()} {name}.{other[:3]}",
                f"$ {name} --{other}={pick.randint(1, 99)} | grep -v {other} > /tmp/{name}.txt",
                "}",
                "",
            )
        )
