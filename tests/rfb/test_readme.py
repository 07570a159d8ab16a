"""The tables of edge/rfb/README.md against the code and the tests that they name."""

import re
from pathlib import Path

import pytest

import edge.rfb
from edge.rfb import EncodingNumber, Security
from edge.rfb.client_messages import ClientMessage
from edge.rfb.encodings import is_level
from edge.rfb.server_messages import ServerMessage
from tests.rfb.drive import EVERYTHING

HERE = Path(__file__).parent
README = (Path(edge.rfb.__file__).parent / "README.md").read_text()
SPOKEN = README.partition("## What it speaks")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in SPOKEN.splitlines() if line.startswith("| ")]
NAMED = sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", README)))


def numbers() -> set[int]:
    """The encodings of the second column, ranges written out."""
    found = set()
    for row in ROWS:
        for part in row[1].split(","):
            if ends := re.fullmatch(r"(\S+) to (\S+)", part.strip()):
                found |= set(range(int(ends[1]), int(ends[2]) + 1))
            elif re.fullmatch(r"-?\d+|0x[0-9a-f]+", part.strip()):
                number = int(part, 0)
                found.add(number - (1 << 32) if number >= 1 << 31 else number)
    return found


@pytest.mark.parametrize(("file", "test"), NAMED, ids=lambda word: word)
def test_test_that_the_readme_names_is_there(file, test):
    assert re.search(rf"^(async )?def {test}\(", (HERE / file).read_text(), re.MULTILINE)


def test_rows_are_whole_and_each_of_ours_is_backed():
    assert {len(row) for row in ROWS} == {8}
    assert all("::test_" in row[2] or row[2] in {"backed by", "not spoken: no server here sends them"} for row in ROWS)


def test_encoding_that_may_be_offered_stands_in_a_table():
    offerable = {*EVERYTHING, *filter(is_level, EncodingNumber)}
    assert offerable <= numbers()


def test_way_of_securing_a_connection_stands_in_a_table():
    words = {word for row in ROWS for word in re.findall(r"`([\w-]+)`", row[1])}
    assert words == {*Security}


@pytest.mark.parametrize(("side", "kind"), [("server", ServerMessage), ("client", ClientMessage)])
def test_message_stands_in_a_table(side, kind):
    types = {int(row[1].removeprefix(f"{side} ")) for row in ROWS if row[1].startswith(f"{side} ")}
    assert types == {*kind}
