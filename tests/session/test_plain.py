"""A desktop at full size over a slow link: what moves is sent in JPEG, and what has come to rest as it is."""

import asyncio
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from edge.pixels import Picture, from_bgr
from edge.rfb import LOSSLESS, ConnectionSettings, KeyEvent, SecurityPolicy
from edge.session.transport import Endpoint, RfbTransport
from tests.bench.link import LinkSettings, linked
from tests.bench.tuning import CLIENTS, SIZE, Film, Watched, desk
from tests.servers import require

PATIENCE_S = 60


def shown(display: str) -> Picture:
    """What the X server itself says that it shows."""
    command = [require("import", "imagemagick"), "-display", display, "-silent", "-window", "root", "-depth", "8"]
    data = subprocess.run([*command, "bgr:-"], check=True, capture_output=True, timeout=60).stdout
    return from_bgr(np.frombuffer(data, np.uint8).reshape(*SIZE.shape, 3))


@pytest.mark.parametrize("server", ["Xvnc", "x11vnc"])
async def test_film_comes_in_jpeg_and_the_desktop_at_rest_as_it_is(server, tmp_path: Path):
    settings = ConnectionSettings(SecurityPolicy.insecure(), encodings=LOSSLESS)
    with (
        ThreadPoolExecutor(1) as executor,
        desk(server, tmp_path) as (display, port),
        linked(port, LinkSettings(4, 40), tmp_path) as count,
    ):
        transport, _ = await RfbTransport.open(Endpoint("127.0.0.1", count.port), settings, executor)
        async with transport, asyncio.timeout(PATIENCE_S):
            desktop = Watched(transport, CLIENTS["auto"]())
            running = asyncio.create_task(desktop.run())
            film = Film(display)
            await asyncio.to_thread(film.play)
            try:
                while desktop.fraction_exact == 1.0:  # noqa: ASYNC110 - the picture says nothing when it becomes so
                    await asyncio.sleep(0.05)
            finally:
                film.stop()
            transport.send(KeyEvent(0x61, down=True), KeyEvent(0x61, down=False))
            await desktop.rest()
            assert desktop.tuner.levels.quality is None
            native = await asyncio.to_thread(shown, display)
            picture = desktop._framebuffer.picture
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert np.array_equal(picture, native)
