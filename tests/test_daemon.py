"""`edged` as systemd starts it: a process with a TOML file."""

import asyncio
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from systemd.journal import JournalHandler

from edge.daemon import _report_life, log_handler, watchdog_s
from edge.display.headless import HeadlessDisplay
from edge.geometry import Size
from edge.pixels import blank
from edge.session.stage import Stage
from tests.session.seat import site, until

PATIENCE_S = 30.0
EDGED = Path(sys.executable).with_name("edged")
UNIT = Path(__file__).parent.parent / "systemd" / "edged.service"


@contextmanager
def edged(directory: Path, toml: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    file = directory / "edged.toml"
    file.write_text(toml)
    process = subprocess.Popen(
        [EDGED, "--config", str(file)],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit status and what it said."""
    _, said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


def headless(directory: Path, **more: str) -> str:
    lines = {"state_dir": directory / "state", "enrolment_file": directory / "enrolment.json"} | more
    return "".join(f'{key} = "{value}"\n' for key, value in lines.items()) + '[display]\nkind = "headless"\n'


@pytest.fixture
def notified(tmp_path: Path) -> Iterator[socket.socket]:
    """systemd's end of sd_notify."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(PATIENCE_S)
        yield listener


def test_unknown_key_is_named_with_file_line_and_what_is_allowed(tmp_path):
    with edged(tmp_path, '# mine\n[display]\nkind = "headless"\ncolour = "red"\n') as process:
        status, said = ended(process)
    assert status == 2
    assert said == (
        f"edged: error: {tmp_path}/edged.toml:4: unknown key 'colour'; "
        "allowed at the table [display]: kind, width, height, language, card, connector, sleep_after_s\n"
    )


def test_missing_configuration_is_said(tmp_path):
    process = subprocess.run(
        [EDGED, "--config", str(tmp_path / "none.toml")],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert process.returncode == 2
    assert f"{tmp_path}/none.toml: cannot be read: No such file or directory" in process.stderr


def test_state_directory_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "state").write_text("a file is in its place")
    with edged(tmp_path, headless(tmp_path)) as process:
        status, said = ended(process)
    assert status == 1
    assert f"edged: error: {tmp_path}/state/boot-sequence: cannot be " in said
    assert "Traceback" not in said


def test_network_that_cannot_be_used_is_said(tmp_path):
    toml = headless(tmp_path) + f'[restore]\nbackend = "onnx"\nmodel = "{tmp_path}/none.onnx"\n'
    with edged(tmp_path, toml) as process:
        status, said = ended(process)
    assert status == 1
    assert f"{tmp_path}/none.onnx" in said
    assert "Traceback" not in said


def test_levels_of_the_link_in_falling_order_are_said(tmp_path):
    with edged(tmp_path, headless(tmp_path) + "[link]\nleast_quality = 9\n") as process:
        _, said = ended(process)
    assert "[link]: a least_ level is above its most_ level" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_with_nothing_left(tmp_path, notified, number):
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000", "TMPDIR": str(tmp_path)}
    with edged(tmp_path, headless(tmp_path), **environment) as process:
        assert notified.recv(100) == b"READY=1"
        assert [notified.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        status, said = ended(process)
        messages = [notified.recv(100)]
        while messages[-1] == b"WATCHDOG=1":
            messages.append(notified.recv(100))
    assert messages[-1] == b"STOPPING=1"
    assert status == 0, said
    assert children == []
    assert "enrolment.json: cannot be read: No such file or directory; make it with" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["edged.toml", "notify", "state"]


async def test_watchdog_is_not_fed_while_the_display_hangs(tmp_path, notified, monkeypatch):
    class HangingDisplay(HeadlessDisplay):
        works = asyncio.Event()

        async def present(self, picture, damage):
            await self.works.wait()

    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    display = HangingDisplay()
    stage = Stage(display)
    tasks = [asyncio.create_task(stage.run()), asyncio.create_task(_report_life(stage, 0.02))]
    notified.settimeout(0)
    try:
        await until(lambda: received(notified) == b"READY=1", "nothing is shown yet, and it lives")
        stage.show(blank(Size(8, 8)), [])
        await asyncio.sleep(0.1)
        while received(notified):
            pass
        await asyncio.sleep(0.3)
        assert received(notified) is None
        display.works.set()
        await until(lambda: received(notified) == b"WATCHDOG=1", "the display goes on")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def received(listener: socket.socket) -> bytes | None:
    try:
        return listener.recv(100)
    except BlockingIOError:
        return None


def test_watchdog_belongs_to_the_process_that_systemd_names():
    assert watchdog_s({}) is None
    assert watchdog_s({"WATCHDOG_USEC": "0"}) is None
    assert watchdog_s({"WATCHDOG_USEC": "30000000"}) == 30
    assert watchdog_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}) == 30
    assert watchdog_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}) is None


async def test_it_enrols_and_is_on_the_bus_until_it_ends(tmp_path):
    async with site(tmp_path) as here, here.serving():

        def presence():
            return here.admin(lambda opened: opened.list_devices())[0].presence

        with edged(tmp_path, headless(tmp_path)) as process:
            await until(lambda: presence() == "online", "the broker sees it")
            assert not here.enrolment_file.exists()
            process.terminate()
            assert (await asyncio.to_thread(ended, process))[0] == 0
            await until(lambda: presence() == "offline", "it said farewell")


def test_unit_is_valid(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: apt-get install systemd")
    unit = tmp_path / "edged.service"
    unit.write_text(UNIT.read_text().replace("/usr/bin/edged", str(EDGED)))
    verified = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_journal_is_written_to_only_where_standard_error_is_the_journal(tmp_path, monkeypatch):
    with (tmp_path / "journal").open("w") as file:
        monkeypatch.setattr(sys, "stderr", file)
        opened = os.fstat(file.fileno())
        stream = f"{opened.st_dev}:{opened.st_ino}"
        assert isinstance(log_handler({"JOURNAL_STREAM": stream}), JournalHandler)
        # A program that was started from a service, and whose output goes elsewhere, has inherited the variable.
        assert isinstance(
            log_handler({"JOURNAL_STREAM": f"{opened.st_dev}:{opened.st_ino + 1}"}), logging.StreamHandler
        )
        assert isinstance(log_handler({}), logging.StreamHandler)
