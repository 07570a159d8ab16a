"""Text to fill pages with: Korean and Latin, numbers, dates, addresses and code, from a seed."""

import random
from collections.abc import Callable

from models.data.korean import Korean
from models.data.latin import LATIN, Latin
from models.data.split import Split

_EXTENSIONS = ("txt", "pdf", "docx", "xlsx", "pptx", "png", "jpg", "zip", "py", "c", "hwp", "md", "csv")
_LEVELS = ("INFO", "WARN", "ERROR", "DEBUG")
_PAIRS = (("(", ")"), ('"', '"'), ("'", "'"), ("[", "]"))


class Writer:
    """Writes text of one half; the same `seed` writes the same. `korean` is the share of it that is Korean."""

    def __init__(self, split: Split, seed: int, *, korean: float = 0.6) -> None:
        self.split = split
        self.random = random.Random(seed)
        self.share = korean
        self._korean = Korean(split, self.random)
        self._latin = Latin(split, self.random)

    def word(self, *, korean: bool) -> str:
        """Write one word, now and then a number or a word of the other language."""
        pick = self.random
        if pick.random() < 0.06:
            return self.number()
        if korean:
            return self.name() if pick.random() < 0.03 else self._korean.word()
        word = self._latin.word()
        return word.capitalize() if pick.random() < 0.12 else word.upper() if pick.random() < 0.03 else word

    def name(self) -> str:
        """Write a Latin word such as a program or a file is called by."""
        return self.random.choice(LATIN[self.split])

    def number(self) -> str:
        """Write a number, an amount, a date, a time, a version or a telephone number."""
        pick = self.random
        kinds: tuple[Callable[[], str], ...] = (
            lambda: f"{pick.randint(0, 99)}",
            lambda: f"{pick.randint(1000, 9_999_999):,}",
            lambda: f"{pick.uniform(0, 100):.2f}",
            lambda: f"{pick.uniform(-10, 10):+.1f}%",
            self.date,
            lambda: f"{pick.randint(0, 23):02}:{pick.randint(0, 59):02}",
            lambda: f"{pick.randint(1, 100)}%",
            lambda: f"{pick.randint(1, 900) * 100:,}" + ("원" if self.share > 0 else ""),
            lambda: f"{pick.randint(0, 9)}.{pick.randint(0, 20)}.{pick.randint(0, 99)}",
            lambda: f"0{pick.choice((2, 10, 31, 51))}-{pick.randint(200, 9999)}-{pick.randint(0, 9999):04}",
        )
        return pick.choice(kinds)()

    def date(self) -> str:
        """Write a date as one of the languages does."""
        pick = self.random
        year, month, day = pick.randint(1990, 2039), pick.randint(1, 12), pick.randint(1, 28)
        styles = [f"{year}-{month:02}-{day:02}", f"{year}.{month:02}.{day:02}.", f"{day:02}/{month:02}/{year % 100:02}"]
        if self.share > 0:
            styles.append(f"{year}년 {month}월 {day}일")
        return pick.choice(styles)

    def url(self) -> str:
        """Write an address of the web."""
        pick = self.random
        path = "/".join(self.name() for _ in range(pick.randint(0, 3)))
        query = f"?{self.name()}={pick.randint(1, 9999)}" if pick.random() < 0.3 else ""
        host = f"{pick.choice(('www', 'm', 'docs', 'mail'))}.{self._latin.word()}"
        return f"https://{host}.{pick.choice(('com', 'co.kr', 'org', 'net'))}/{path}{query}"

    def file(self) -> str:
        """Write the name of a file."""
        pick = self.random
        stem = self._korean.stem() if pick.random() < self.share * 0.6 else self.name()
        more = pick.choice(("", f"_{self.name()}", f"-{pick.randint(1, 30):02}", f"({pick.randint(1, 9)})"))
        return f"{stem}{more}.{pick.choice(_EXTENSIONS)}"

    def phrase(self, words: int, *, korean: bool | None = None) -> str:
        """Write `words` words in one language, by default either."""
        korean = self._either(korean)
        return " ".join(self.word(korean=korean) for _ in range(words))

    def sentence(self, *, korean: bool | None = None) -> str:
        """Write a sentence with its punctuation."""
        pick, korean = self.random, self._either(korean)
        words = [self.word(korean=korean) for _ in range(pick.randint(4, 14))]
        if pick.random() < 0.2:
            opening, closing = pick.choice(_PAIRS)
            start = pick.randrange(len(words) - 1)
            words[start] = opening + words[start]
            words[start + 1] += closing
        for at in range(2, len(words) - 1):
            if pick.random() < 0.07:
                words[at] += pick.choice((",", ",", ",", ";", " -"))
        if korean:
            words.append(self._korean.final())
        text = " ".join(words)
        return text[0].upper() + text[1:] + pick.choice((".", ".", ".", ".", "?", ":", "!"))

    def paragraph(self, sentences: int, *, korean: bool | None = None) -> str:
        """Write sentences, a few of them in the other language."""
        korean = self._either(korean)
        mixed = 0 < self.share < 1
        return " ".join(
            self.sentence(korean=korean != (mixed and self.random.random() < 0.08)) for _ in range(sentences)
        )

    def code(self) -> str:
        """Write a line of something like a program or a shell."""
        pick, one, other = self.random, self.name(), self.name()
        kinds: tuple[Callable[[], str], ...] = (
            lambda: f"def {one}_{other}(self, {other}: int = {pick.randint(0, 99)}) -> None:",
            lambda: f"if {one}[{pick.randint(0, 9)}] != {other}.{one}:",
            lambda: f"{one} = {other}({pick.randint(0, 255)}, '{self.phrase(2)}')",
            lambda: f"return {{'{one}': 0x{pick.getrandbits(16):04x}, '{other}': None}}",
            lambda: f"# {self.phrase(pick.randint(2, 7))}",
            lambda: f"for ({one} = 0; {one} < {other}; ++{one}) {{",
            lambda: f"    self._{one}.{other}({one}, key=lambda {other[0]}: {other[0]}.{one})",
            lambda: f"import {one}, {other}",
            lambda: f"const {one} = await fetch('{self.url()}');",
            lambda: f'<div class="{one}-{other}">{self.phrase(2)}</div>',
            lambda: f"#include <{one}/{other}.h>",
            lambda: f"SELECT {one}, {other} FROM {one}s WHERE {other} > {pick.randint(1, 500)};",  # noqa: S608
            lambda: "}",
            lambda: "",
        )
        return "    " * pick.choice((0, 0, 1, 1, 2, 2, 3, 4)) + pick.choice(kinds)()

    def shell(self) -> str:
        """Write a line of a terminal."""
        pick, one, other = self.random, self.name(), self.name()
        number = pick.randint
        kinds: tuple[Callable[[], str], ...] = (
            lambda: f"-rw-r--r-- {number(1, 9)} root {one[:6]:6} {number(10, 99999):>7} {self.date()} " + self.file(),
            lambda: f"drwxr-xr-x {number(1, 9)} {one[:6]:6} root {number(10, 99999):>7} {self.date()} {one}",
            lambda: f"user@{one}:~/{other}$ {other} --{one}={number(1, 99)} | grep -v {other} > /tmp/{one}.txt",
            lambda: (
                f"{self.date()} {number(0, 23):02}:{number(0, 59):02} [{pick.choice(_LEVELS)}] "
                f"{one}.{other}: {self.phrase(5)}"
            ),
            lambda: (
                f"{number(1, 65535):>6} {one[:8]:8} {pick.uniform(0, 99):5.1f} {pick.uniform(0, 20):4.1f} "
                f"{number(0, 9999999):>8} {one}/{other}"
            ),
            lambda: (
                f"inet 10.{number(0, 255)}.{number(0, 255)}.{number(0, 255)}/24 brd {pick.getrandbits(48):012x} "
                f"scope {one}"
            ),
            lambda: self.phrase(number(4, 10)),
            self.code,
        )
        return pick.choice(kinds)()

    def _either(self, korean: bool | None) -> bool:
        return self.random.random() < self.share if korean is None else korean
