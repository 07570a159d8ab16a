import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.clients import CLIENTS
from tests.bench.compare import Comparison
from tests.bench.desktop import Desktop, browser_desktop
from tests.bench.report import median_s, write
from tests.bench.trace import TRACE, LinkSettings, RunResult, Step, StepResult, measure, run


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    with browser_desktop() as running:
        yield running


def test_a_lossless_viewer_becomes_exact_and_is_reported(desktop: Desktop, tmp_path: Path) -> None:
    result = run("tigervnc-zrle", CLIENTS["tigervnc-zrle"], desktop, LinkSettings(), TRACE[:2], cap_s=6)
    assert [step.step for step in result.steps] == ["open article", "Page Down"]
    for step in result.steps:
        assert step.exact_share >= 0.99
        assert step.text_exact_share >= 0.99
        assert step.view_psnr_db >= 25
        assert step.text_tiles > 100
        assert 20_000 < step.bytes_down < 5_000_000
    assert result.cpu_s > 0
    assert result.memory_mb > 1
    text = write({"tigervnc-zrle": [result]}, LinkSettings(), tmp_path)
    assert "| tigervnc-zrle |" in text
    assert (tmp_path / "report.md").read_text() == text
    assert json.loads((tmp_path / "report.json").read_text())["summary"]["tigervnc-zrle"]["steps_exact_share"] == 1


def test_this_client_becomes_exact_where_there_is_text(desktop: Desktop) -> None:
    result = run("edge", CLIENTS["edge"], desktop, LinkSettings(), TRACE[:2], cap_s=10)
    for step in result.steps:
        assert step.view_psnr_db >= 25
        assert step.text_exact_share >= 0.99
        assert 5_000 < step.bytes_down < 5_000_000
    assert result.stats


def test_a_desktop_that_does_not_react_is_an_error(desktop: Desktop) -> None:
    comparison = Comparison(desktop.pixels, desktop.pixels)
    with pytest.raises(RuntimeError, match="did not react to 'nothing'"):
        measure(Step("nothing", ("key", "F13")), comparison, lambda: desktop.do("key", "F13"), cap_s=1)


def test_never_is_longer_than_any_time() -> None:
    assert median_s([0.5, None, 1.0]) == 1.0
    assert median_s([0.5, None, None]) is None


def test_the_table_has_ratios_to_the_viewers(tmp_path: Path) -> None:
    def result(name: str, first_view_s: float, amount: int) -> RunResult:
        step = StepResult(
            step="open", first_view_s=first_view_s, exact_s=None, text_exact_s=1.0, exact_share=0.5,
            text_exact_share=1.0, text_tiles=30, view_psnr_db=40.0, desktop_s=0.2, bytes_down=amount,
        )  # fmt: skip
        return RunResult(name, step, (step,), 1.0, 100.0)

    results = {"edge": [result("edge", 0.5, 600)], "tigervnc": [result("tigervnc", 1.0, 1000)]}
    text = write(results, LinkSettings(4, 40), tmp_path)
    assert "Link: 4 Mbit/s, 40 ms round trip; runs: 1" in text
    ratios = next(
        line for line in text.splitlines() if line.startswith("| edge ") and "0.50" in line and "0.60" in line
    )
    assert ratios.split("|")[2:6] == [" 0.50         ", " -       ", " 1.00         ", " 0.60  "]
    assert "0.50 / never / 1.00 / 600" in text
