import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.bench.figures import median_s
from tests.bench.link import LinkSettings
from tests.bench.measure import StepResult
from tests.bench.office import OFFICE
from tests.bench.plots import Series, bars, over_time, ticks
from tests.bench.report import write
from tests.bench.run import RunResult
from tests.bench.trace import Step, Trace

TRACE = Trace("one", OFFICE.programs, (), (Step("open"), Step("back <again>", returns=True)))


def result(name: str, first_view_s: float | None, amount: int) -> RunResult:
    first = StepResult(
        step="open", first_view_s=first_view_s, exact_s=None, text_exact_s=1.0, exact_share=0.5, text_exact_share=1.0,
        text_tiles=30, view_psnr_db=40.0, desktop_s=0.2, text_came=20, text_at_once=19, bytes_down=amount,
        changes=(40, 10), timeline=((0.0, 0, 1.0), (0.3, amount // 2, 0.1), (0.9, amount, 1.0)),
    )  # fmt: skip
    return RunResult(name, first, (first, replace(first, step="back <again>")), 1.0, 100.0)


RESULTS = {
    LinkSettings(4, 40): {"edge": [result("edge", 0.5, 600)], "tigervnc": [result("tigervnc", 1.0, 1000)]},
    LinkSettings(1, 40): {"edge": [result("edge", 0.6, 600)], "tigervnc": [result("tigervnc", None, 1000)]},
}


def test_another_trace_stands_beside(tmp_path: Path) -> None:
    write(RESULTS, TRACE, tmp_path / "other")
    link = LinkSettings(4, 40)
    worse = {link: {"edge": [result("edge", 0.6, 750)], "tigervnc": [result("tigervnc", 1.0, 1000)]}}
    text = write(worse, TRACE, tmp_path, tmp_path / "other" / "report.json")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert [str(link), "bytes, edge to tigervnc", "0.75", "0.60", "+25%", "no"] in rows
    assert [str(link), "first view, edge to tigervnc", "0.60", "0.50", "+20%", "yes"] in rows
    assert not any(row[0] == "1 Mbit/s, 40 ms" for row in rows)


class Page(HTMLParser):
    """Counts elements and keeps the text of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.count: dict[str, int] = {}
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_never_is_longer_than_any_time() -> None:
    assert median_s([0.5, None, 1.0]) == 1.0
    assert median_s([0.5, None, None]) is None


def test_the_tables_have_ratios_to_the_viewers_and_verdicts(tmp_path: Path) -> None:
    text = write(RESULTS, TRACE, tmp_path)
    assert "# Trace one, runs: 1" in text
    assert "## 4 Mbit/s, 40 ms" in text
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert ["edge", "0.50", "1.00", "0.60", "1.00", "1.00"] in rows
    assert ["edge", "-", "1.00", "0.60", "1.00", "1.00"] in rows
    assert ["open", "0.50 / 1.00 / 600 (0)", "1.00 / 1.00 / 1,000 (0)"] in rows
    assert ["open", "200 → 50, 0", "200 → 50, 0"] in rows
    assert ["4 Mbit/s, 40 ms", "edge: 2 times fewer bytes than tigervnc", "1.7 times", "no"] in rows
    assert ["1 Mbit/s, 40 ms", "first view within 0.6 s", "0.60 s", "yes"] in rows
    verdict = "95% of 20 tiles, 0 bytes of sharpening"
    assert ["4 Mbit/s, 40 ms", "back <again>: 95 % of the text sharp at once", verdict, "yes"] in rows


def test_the_page_has_the_same_and_a_card_for_each_step(tmp_path: Path) -> None:
    write(RESULTS, TRACE, tmp_path)
    written = (tmp_path / "report.html").read_text()
    page = Page()
    page.feed(written)
    assert page.count["table"] == 1 + 2 * 4
    assert page.count["svg"] == 3 + 2 * 2 * 2
    # For each link a row in two tables, and a card; the promise has more words.
    assert page.text.count("back <again>") == 2 * 3
    assert "95% of 20 tiles, 0 bytes of sharpening" in page.text
    assert not re.search(r"(src|href)=", written), "the page needs nothing else"


def test_lines_hold_their_value_until_the_next_point() -> None:
    drawing = over_time([Series(1, "<a>", [(0.0, 0.0), (2.0, 50.0), (4.0, 100.0)])], 100.0, lambda value: f"{value:g}")
    svg = ET.fromstring(drawing)
    line = next(element for element in svg.iter() if element.get("class") == "line s1")
    assert line.get("d") == "M46.0 100.0H184.0V53.0H322.0V6.0"
    assert [element.text for element in svg.iter("text")] == ["0", "50", "100", "0", "1 s", "2 s", "3 s", "4 s"]


def test_a_bar_for_never_is_as_long_as_the_longest() -> None:
    rows = [(0, "a", 0.5), (1, "b", 1.0), (2, "c", None)]
    svg = ET.fromstring(bars([("link", rows)], lambda value: "never" if value is None else f"{value:g}"))
    lengths = [float(element.get("width", "0")) for element in svg.iter("rect")]
    assert lengths == [lengths[1] / 2, lengths[1], lengths[1]]
    assert "never" in [element.text for element in svg.iter("text")]


@pytest.mark.parametrize(
    ("top", "about", "expected"),
    [(1.0, 3, [0, 0.5, 1.0]), (1040.0, 3, [0, 500, 1000]), (0.7, 5, [0, 0.2, 0.4, 0.6]), (23.0, 5, [0, 5, 10, 15, 20])],
)
def test_ticks_are_round(top: float, about: int, expected: list[float]) -> None:
    assert ticks(top, about) == pytest.approx(expected)
