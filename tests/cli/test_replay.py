"""`edgectl view --record` and `edgectl replay` as processes of their own, against a real server."""

import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.session.recording import MAGIC
from tests.cli.test_view import EDGECTL, PARKED, PATIENCE_S, bare, desktop, edgectl, failed  # noqa: F401  fixtures

pytestmark = pytest.mark.usefixtures("desktop")


def replay(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [EDGECTL, "replay", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.fixture(scope="module")
def session(bare: str, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A recording of some seconds, and `now.png` beside it, what was shown at its end."""
    folder = tmp_path_factory.mktemp("session")
    files = ("--record", folder / "session", "--screenshot", folder / "now.png")
    done = edgectl(bare, "--insecure", "--seconds", "4", *files)
    assert done.returncode == 0, done.stderr
    return folder / "session"


def test_replay_shows_what_the_session_showed(session, tmp_path):
    done = replay(session, "--frames", tmp_path, "--stats", tmp_path / "stats.json")
    assert done.returncode == 0, done.stderr
    frames = sorted(tmp_path.glob("*.png"))
    assert len(frames) > 1
    last, shown = cv2.imread(str(frames[-1])), cv2.imread(str(session.with_name("now.png")))
    last[PARKED.slices] = shown[PARKED.slices] = 0
    assert np.array_equal(last, shown)
    stats = json.loads((tmp_path / "stats.json").read_text())
    assert stats["connections"].keys() == {"low", "full"}
    assert stats["fraction_text_exact"] == 1


def test_replay_takes_screenshots_when_they_are_wanted(session, tmp_path):
    done = replay(session, "--frames", tmp_path / "some", "--screenshot-at", "3.25", "--screenshot-at", "4")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "some").iterdir()) == ["0003.250.png", "0004.000.png"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-20], "cut short"),
        (lambda data: MAGIC + b"\x07" + data[len(MAGIC) + 1 :], "version 7; this program reads version 1"),
        (lambda data: b"#!/bin/sh\n" + data, "not a recording"),
    ],
    ids=["cut short", "other version", "something else"],
)
def test_what_is_no_whole_recording_is_refused_with_a_message(session, tmp_path, damage, message):
    path = tmp_path / "damaged"
    path.write_bytes(damage(session.read_bytes()))
    done = replay(path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"edgectl: error: {path}: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_recording_that_cannot_be_made_is_refused_before_anything_is_shown(bare, tmp_path):  # noqa: F811
    assert "cannot write" in failed(bare, "--insecure", "--record", tmp_path / "nowhere" / "session")


def test_screenshots_need_a_folder(session):
    assert replay(session, "--screenshot-at", "1").returncode == 2
