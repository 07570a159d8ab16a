"""Latin words with about the letters of English, most of them made up; each belongs to one half of the data."""

import random

from models.data.split import Split, split_of
from models.data.zipf import zipf

_WORDS = (  # noqa: SIM905
    "the of and to in is that it was for on are as with his they at be this from have or by one had not but what all"
    " were when your can said there use each which she how their will other about out many then them these so some her"
    " would make like into time has look two more write go see number way could people than first water been call who"
    " oil its now find long down day did get come made may part over new sound take only little work know place year"
    " live me back give most very after thing our just name good sentence man think say great where through much before"
    " line right too mean old any same tell boy follow came want show also around form three small set put end does"
    " another well large must big even such because turn here why ask went men read need land different home us move"
    " try kind hand picture again change off play spell air away animal house point page letter mother answer found"
    " study still learn should world file edit view insert format tools window help open save print close copy paste"
    " select search settings network server desktop report budget project schedule message account password release"
    " version update install browse calendar invoice contract customer delivery meeting quarter revenue statistics"
    " terminal keyboard language service system market company public policy research health energy history design"
    " culture music travel sports weather science education government international software security cloud data"
    " storage memory device display driver error warning connection request response upload download profile status"
).split()
_ONSETS = (  # noqa: SIM905
    "t s r d l c m f p g w b v h n st th tr ch pr sh br cr gr pl cl fr wh dr sp bl str sl fl qu sc sm j k y z sw sn"
).split()
_NUCLEI = ("e", "a", "o", "i", "u", "ea", "ou", "ai", "ee", "io", "oo", "ie", "oa", "au", "y", "ei", "ue")
_CODAS = ("", "n", "r", "s", "t", "l", "d", "m", "c", "nt", "st", "ng", "nd", "ll", "ck", "p", "ss", "rt", "k", "x")
_SUFFIXES = ("", "", "", "ing", "ed", "er", "ion", "s", "ly", "al", "ment", "able", "ous", "ity", "ive", "ness")
LATIN = {split: tuple(word for word in _WORDS if split_of(word) is split) for split in Split}


class Latin:
    """Writes Latin words of one half with the words of one page, of which some come again and again."""

    def __init__(self, split: Split, pick: random.Random, words: int = 120) -> None:
        self._split, self._pick = split, pick
        self._made = [self._make() for _ in range(words)]

    def word(self) -> str:
        """Write a word of English, one of the page's own or a new one."""
        kind = self._pick.random()
        if kind < 0.6:
            known = LATIN[self._split]
            return known[zipf(self._pick, len(known))]
        if kind < 0.9:
            return self._made[zipf(self._pick, len(self._made))]
        return self._make()

    def _make(self) -> str:
        while True:
            syllables = self._pick.choice((1, 1, 2, 2, 2, 3))
            word = "".join(
                self._one(_ONSETS) + self._one(_NUCLEI) + (self._one(_CODAS) if self._pick.random() < 0.6 else "")
                for _ in range(syllables)
            ) + self._pick.choice(_SUFFIXES)
            if split_of(word) is self._split:
                return word

    def _one(self, of: list[str] | tuple[str, ...]) -> str:
        return of[min(int(self._pick.expovariate(3 / len(of))), len(of) - 1)]
