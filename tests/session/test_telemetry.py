"""What a device says of itself, read from the bus as an administrator would."""

import asyncio

from edge.broker import service
from edge.control import topics
from edge.control.messages import Telemetry, decode
from edge.session.telemetry import keep_reporting, npu_mhz
from tests.board import board
from tests.session.seat import DEVICE, PATIENCE_S, site


async def test_device_says_how_it_is_where_an_administrator_may_listen(tmp_path, monkeypatch):
    heard = asyncio.Queue()
    receive = service.Broker._receive

    async def listen(self, incoming):
        if incoming.topic == topics.telemetry(DEVICE):
            heard.put_nowait(decode(incoming.body, Telemetry))
        else:
            await receive(self, incoming)

    monkeypatch.setattr(service, "SUBSCRIPTIONS", [*service.SUBSCRIPTIONS, topics.telemetry("+")])
    monkeypatch.setattr(service.Broker, "_receive", listen)
    async with site(tmp_path) as here, here.serving(), board(here.enrolment_file, tmp_path / "board") as desk:
        reporting = asyncio.create_task(keep_reporting(desk.bus, DEVICE, lambda: None))
        async with asyncio.timeout(PATIENCE_S):
            said = await heard.get()
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
