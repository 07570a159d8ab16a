import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.clients import CLIENTS
from tests.bench.compare import Comparison
from tests.bench.desktop import Desktop
from tests.bench.held_out import HELD_OUT
from tests.bench.link import Count, LinkSettings
from tests.bench.measure import measure
from tests.bench.office import OFFICE
from tests.bench.report import write
from tests.bench.run import run
from tests.bench.trace import Step, Trace

READING = (OFFICE.step("open article"), OFFICE.step("Page Down"))


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    with OFFICE.desktop() as running:
        yield running


def test_a_lossless_viewer_becomes_exact_and_is_reported(desktop: Desktop, tmp_path: Path) -> None:
    result = run("tigervnc-zrle", CLIENTS["tigervnc-zrle"], desktop, OFFICE.reset, READING, LinkSettings())
    assert [step.step for step in result.steps] == ["open article", "Page Down"]
    for step in result.steps:
        assert step.exact_share >= 0.99
        assert step.text_exact_share >= 0.99
        assert step.view_psnr_db >= 25
        assert step.text_tiles > 100
        assert 20_000 < step.bytes_down < 5_000_000
        assert step.bytes_sharpening == 0
        assert step.timeline[-1][2] >= 0.99
        assert [point[1] for point in step.timeline] == sorted(point[1] for point in step.timeline)
    assert result.cpu_s > 0
    assert result.memory_mb > 1
    trace = Trace("reading", OFFICE.programs, OFFICE.reset, READING)
    text = write({LinkSettings(): {"tigervnc-zrle": [result]}}, trace, tmp_path)
    assert "| tigervnc-zrle |" in text
    assert (tmp_path / "report.md").read_text() == text
    document = json.loads((tmp_path / "report.json").read_text())
    assert document["links"][0]["summary"]["tigervnc-zrle"]["steps_exact_share"] == 1


def test_this_client_becomes_exact_where_there_is_text(desktop: Desktop) -> None:
    result = run("edge", CLIENTS["edge"], desktop, OFFICE.reset, READING, LinkSettings())
    for step in result.steps:
        assert step.view_psnr_db >= 25
        assert step.text_exact_share >= 0.99
        assert 5_000 < step.bytes_down < 5_000_000
        assert step.text_came > 50
    assert sum(step.bytes_sharpening for step in result.steps) > 5_000
    assert result.stats


def test_a_desktop_that_does_not_react_is_an_error(desktop: Desktop) -> None:
    comparison = Comparison(desktop.pixels, desktop.pixels)
    with pytest.raises(RuntimeError, match="did not react to 'nothing'"):
        measure(Step("nothing", ("key", "F13")), comparison, lambda: desktop.start("key", "F13"), Count(), cap_s=1)


def test_the_held_out_trace_works_on_its_programs() -> None:
    steps = [HELD_OUT.step(name) for name in ("notes", "typing", "back to the browser")]
    with HELD_OUT.desktop() as desktop:
        result = run("tigervnc-zrle", CLIENTS["tigervnc-zrle"], desktop, HELD_OUT.reset, steps, LinkSettings())
        assert [step.text_exact_share >= 0.99 for step in result.steps] == [True, True, True]
        assert result.steps[1].changes[0] > 10
        assert result.steps[2].text_at_once > 0
