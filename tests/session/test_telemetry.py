"""What a device says of itself, read from the bus as an administrator would."""

import asyncio

from edge.control import topics
from edge.control.messages import Telemetry, decode
from edge.session.telemetry import figures, keep_reporting, npu_mhz
from tests.board import board
from tests.session.seat import DEVICE, site


async def test_device_that_nobody_uses_says_how_it_is(tmp_path):
    async with site(tmp_path) as here, here.serving() as broker, board(here.enrolment_file, tmp_path / "board") as desk:
        async with asyncio.TaskGroup() as group:
            reporting = group.create_task(keep_reporting(desk.bus, DEVICE, lambda: None))
            said = decode(await broker.bus.heard(topics.telemetry(DEVICE)), Telemetry)
            reporting.cancel()
        assert said.session is None
        assert 1_000_000 < said.resident_bytes < 2_000_000_000


def test_clock_of_the_npu_is_read_where_the_kernel_has_one(tmp_path):
    assert npu_mhz(tmp_path) is None
    device = tmp_path / "fdab0000.npu"
    device.mkdir()
    assert npu_mhz(tmp_path) is None
    (device / "cur_freq").write_text("1000000000\n")
    assert npu_mhz(tmp_path) == 1000


def test_figures_without_a_session_fit_into_a_message():
    assert figures(None).session is None
