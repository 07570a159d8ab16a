"""The demo as a newcomer runs it: a whole installation, in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from tests.servers import PATIENCE_S, require

PROGRAM = Path(sys.executable).with_name("edgectl")
PICTURES = {"native", "bicubic", "restored", "sharpened", "sign-in", "side-by-side"}

for program, package in {
    "mosquitto": "mosquitto",
    "Xvfb": "xvfb",
    "x11vnc": "x11vnc",
    "openbox": "openbox",
    "chromium": "chromium",
    "xtigervncviewer": "tigervnc-viewer",
}.items():
    require(program, package)


def command(out, *options):
    return [PROGRAM, "demo", "--display", "headless", "--short", "--out", out, *options]


def environment(directory):
    """Let the demo put its temporary files into `directory`, to see what is left of them."""
    return {**os.environ, "TMPDIR": str(directory)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A demo that has run: its result, its report's folder and its temporary one."""
    out, temporary = tmp_path_factory.mktemp("demo") / "out", tmp_path_factory.mktemp("tmp")
    result = subprocess.run(
        command(out, "--json"), env=environment(temporary), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result, out, temporary


def test_figures_are_those_of_a_session(finished):
    result, _, _ = finished
    figures = json.loads(result.stdout)
    assert figures["desktop"] == [1920, 1080]
    assert 0 < figures["low_bytes"] < figures["bytes"]
    assert figures["bytes"] == sum(step["bytes"] for step in figures["steps"])
    assert figures["viewer_bytes"] == sum(step["viewer_bytes"] for step in figures["steps"])
    assert figures["bytes"] < figures["viewer_bytes"]
    assert figures["first_picture_s"] > 0
    assert figures["fraction_text_exact"] >= 0.99
    assert figures["network_ms"]["count"] > 0
    assert figures["typed"] == "봄바람 Riverside"


def test_restored_picture_is_better_than_bicubic_and_the_shown_one_best(finished):
    figures = json.loads(finished[0].stdout)
    bicubic, restored, shown = (figures[name]["psnr_y_db"] for name in ("bicubic", "restored", "shown"))
    assert bicubic < restored < shown
    # A fifth of the last page is a picture, which stays restored.
    assert figures["shown"]["equal_share"] > 0.75


def test_steps_are_told_on_standard_error_when_json_is_printed(finished):
    lines = finished[0].stderr
    for step in ("enrolled demo-board", "signed in as demo", "TigerVNC viewer connected", "type 봄바람"):
        assert step in lines


def test_pictures_lie_in_the_folder(finished):
    _, out, _ = finished
    pictures = {path.stem: cv2.imread(str(path)) for path in out.glob("*.png")}
    assert set(pictures) == PICTURES
    for name in PICTURES - {"side-by-side"}:
        assert pictures[name].shape == (1080, 1920, 3)
        assert np.ptp(pictures[name]) > 100


def test_report_stands_alone_and_names_no_place_of_this_machine(finished):
    _, out, temporary = finished
    page = (out / "index.html").read_text()
    assert page.count("data:image/") == 6
    # In a megabyte of base64 every word of four letters stands somewhere.
    page = re.sub(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+", "", page)
    assert "data:" not in page
    assert "http" not in page
    assert all(str(place) not in page for place in (out, temporary, Path.home(), "/tmp"))


def test_nothing_is_left_when_it_has_ended(finished):
    _, _, temporary = finished
    assert not left_running(temporary)
    assert not list(temporary.glob("edge-demo-*"))


def test_everything_ends_when_it_is_interrupted(tmp_path):
    out, temporary = tmp_path / "out", tmp_path / "tmp"
    temporary.mkdir()
    with subprocess.Popen(
        command(out), env=environment(temporary), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        for line in running.stdout:
            if "TigerVNC viewer connected" in line:
                break
        else:
            pytest.fail(f"it ended before it could be interrupted: {running.communicate()[1]}")
        assert left_running(temporary)
        running.send_signal(signal.SIGINT)
        running.send_signal(signal.SIGINT)
        _, complaint = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 130
    assert "ended before the demo was over" in complaint
    assert "Traceback" not in complaint
    assert not left_running(temporary)
    assert not (out / "index.html").exists()


def test_missing_program_is_named_with_its_package(tmp_path):
    """PATH without x11vnc: links to everything else that the demo looks for."""
    for name in ("mosquitto", "Xvfb", "openbox", "chromium", "fc-list"):
        (tmp_path / name).symlink_to(require(name, name))
    result = subprocess.run(
        command(tmp_path / "out"),
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("edgectl: error: ")
    assert "apt-get install x11vnc\n" in result.stderr


def left_running(directory):
    """List the processes that were started with their home or their files below `directory`."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and str(directory) in " ".join(
                [*process.cmdline(), process.environ().get("HOME", ""), process.environ().get("XAUTHORITY", "")]
            ):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
