from pathlib import Path

import msgspec
import pytest

import models
from models.evaluate.cycles import Cycles
from models.evaluate.goals import goals
from models.evaluate.methods import Precision
from models.evaluate.networks import found
from models.evaluate.readme import SECTIONS, written
from models.evaluate.report import TABLE
from models.evaluate.scores import SizeBand, Sums, Text, pooled, total
from models.evaluate.table import Means, Row, Table, read_table
from models.evaluate.timing import Timing

MODELS = Path(models.__path__[0])
METHODS = ("native", "nearest", "bicubic", "Lanczos", "FSR 1", "classical")


def row(name, precision=None, psnr=20.0, edits=50, gmac=None, frame_ms=10.0, cycles=()):
    text = (Text("korean", SizeBand.LARGE, Sums(100, 1000.0, 100, edits, edits, 90, 9)),)
    kinds = {"text": Means(psnr, 0.8, 0.1)}
    return Row(
        name, precision, name, kinds, text, gmac_per_frame=gmac, timing=Timing(frame_ms, frame_ms), cycles=cycles
    )


def table(*rows):
    return Table({"text": 3, "pictures": 0}, "", "a machine", rows)


def test_readme_says_what_the_table_says():
    readme = (MODELS / "README.md").read_text(encoding="utf-8")
    kept = read_table(MODELS / TABLE)
    assert written(readme, kept) == readme, "make README.md anew with: python -m models.evaluate"
    assert all(f"<!-- evaluate: {name} -->" in readme for name in SECTIONS)


def test_table_has_every_method_and_every_network_of_the_zoo():
    kept = read_table(MODELS / TABLE)
    assert [row.name for row in kept.rows[: len(METHODS)]] == list(METHODS)
    judged = {row.sha256 for row in kept.rows}
    late = [network.label for network in found([MODELS / "zoo"]) if network.sha256 not in judged]
    assert not late, "judge them with: python -m models.evaluate"
    for row in kept.rows[1:]:
        assert set(row.kinds) == {"text", "pictures"}
        assert row.timing
        assert row.all_text.psnr_db
        assert row.all_text.error_rate is not None


def test_pictures_of_the_readme_are_there_and_small():
    readme = (MODELS / "README.md").read_text(encoding="utf-8")
    pictures = sorted((MODELS / "pictures").glob("*.png"))
    assert {"korean", "latin", "pictures", "quality"} <= {picture.stem for picture in pictures}
    for picture in pictures:
        assert f"pictures/{picture.name}" in readme
        assert picture.stat().st_size <= 300_000


def test_section_of_no_table_is_refused():
    with pytest.raises(ValueError, match="'speed'"):
        written("<!-- evaluate: speed -->\n<!-- /evaluate -->", table())


def test_only_marked_sections_change():
    readme = "a\n<!-- evaluate: wanted -->\nold\n<!-- /evaluate -->\nb\n"
    once = written(readme, table(row("bicubic")))
    assert once.startswith("a\n<!-- evaluate: wanted -->\n| goal |")
    assert once.endswith("|\n<!-- /evaluate -->\nb\n")
    assert "old" not in once
    assert written(once, table(row("bicubic"))) == once


def test_goals_are_reached_or_not_as_the_figures_say():
    int8 = (Cycles("rk3568", "int8", 4_500_000, 66.6), Cycles("rk3399pro", "int8", 1, 14.9))
    rows = [
        row("bicubic", psnr=20, edits=50),
        row("SRGAN", Precision.FLOAT, psnr=22.2, gmac=260),
        row("M", Precision.FLOAT, gmac=1.5, frame_ms=61),
        row("M", Precision.INT8, gmac=1.5, frame_ms=59, cycles=int8),
        row("L", Precision.INT8, psnr=22.1, edits=25, gmac=13),
    ]
    found_goals = goals(table(*rows))
    assert [goal.reached for goal in found_goals] == [False, True, True, True, True, True, False, True]
    assert found_goals[0].measured == "22.10 dB; SRGAN 22.20 dB"
    assert found_goals[5].measured == "59 ms (M int8)"
    assert {goal.reached for goal in goals(table(row("bicubic")))} == {None}


def test_errors_are_those_above_the_native_ones():
    section = SECTIONS["errors"](
        table(row("native", edits=10), row("bicubic", edits=45), row("L", Precision.INT8, edits=8))
    )
    header, _, line = section.splitlines()
    assert header == "| text | characters | native | bicubic | L int8 |"
    assert line == "| korean, 16 to 19 px | 100 | 10 / 10 | +35 / +35 | -2 / -2 |"
    assert SECTIONS["errors"](table(row("bicubic"))) == "Nothing was read."


def test_rates_are_of_what_was_read_and_sums_add_up():
    parts = [
        Text("latin", SizeBand.COMMON, Sums(10, 5.0, 8, 2, 1, 7, 1)),
        Text("korean", SizeBand.SMALL, Sums(20, 5.0)),
        Text("latin", SizeBand.COMMON, Sums(10, 15.0, 2, 2, 2, 1, 0)),
    ]
    korean, latin = pooled(parts)
    assert (latin.script, latin.size) == ("latin", SizeBand.COMMON)
    assert latin.sums == Sums(20, 20.0, 10, 4, 3, 8, 1)
    assert (latin.sums.error_rate, latin.sums.recogniser_error_rate) == (0.4, 0.3)
    assert latin.sums.wrong_but_sharp_rate == 1 / 8
    assert korean.sums.error_rate is None
    assert total([]) == Sums()
    assert Sums().psnr_db is None


@pytest.mark.parametrize(
    ("size_px", "band"), [(10, "under 13"), (12.9, "under 13"), (13, "13 to 15"), (15.99, "13 to 15")]
)
def test_band_of_a_size(size_px, band):
    assert SizeBand.of(size_px) == band
    assert SizeBand.of(16) == "16 to 19"
    assert SizeBand.of(20) == "20 and more"


def test_broken_table_is_refused_with_what_makes_it(tmp_path):
    (tmp_path / "table.json").write_bytes(msgspec.json.encode({"rows": []}))
    with pytest.raises(ValueError, match=r"python -m models\.evaluate"):
        read_table(tmp_path / "table.json")
