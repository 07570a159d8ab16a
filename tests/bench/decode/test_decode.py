from pathlib import Path

from edge.geometry import Size
from tests.bench.decode.desktops import picture_desktop
from tests.bench.decode.replay import LibVncClient
from tests.bench.decode.table import ENCODINGS, measure, table


def test_both_clients_decode_the_same_pictures_of_every_encoding(tmp_path: Path) -> None:
    with picture_desktop(tmp_path, Size(320, 240)) as shown:
        rows = measure("pictures", shown, LibVncClient(tmp_path), list(ENCODINGS), pages=1, runs=1)
    assert {(row.encoding, row.capture.size) for row in rows} == {
        (encoding, size) for encoding in ENCODINGS for size in (Size(320, 240), Size(80, 60))
    }
    assert all(row.ratio > 0 for row in rows)
    text = table(rows)
    assert len(text.splitlines()) == 2 + len(rows)
    assert "| pictures | 320x240 | ZRLE |" in text
