"""Runs in the guest: shows the same pictures by KMS and headless, says what was shown and what it cost, and waits."""

import asyncio
import hashlib
import json

import numpy as np

from edge.display.headless import HeadlessDisplay
from edge.display.kms.monitor import Monitor
from edge.geometry import Rect

LINE = Rect(40, 600, 960, 16)


async def main() -> None:
    async with Monitor() as monitor, HeadlessDisplay(monitor.size) as headless:
        assert monitor.size is not None
        noise = np.random.default_rng(1)
        picture = noise.integers(0, 1 << 24, monitor.size.shape, dtype=np.uint32)
        damage = [monitor.size.rect]
        line_bytes = []
        for _ in range(6):
            written = monitor.written_bytes
            for display in (monitor, headless):
                await display.present(picture, damage)
            line_bytes.append(monitor.written_bytes - written)
            picture[LINE.slices] = noise.integers(0, 1 << 24, LINE.size.shape, dtype=np.uint32)
            damage = [LINE]
        await asyncio.sleep(0.5)
        shown = hashlib.sha256(np.ascontiguousarray(headless.shown)).hexdigest()
        print(json.dumps({"sha256": shown, "written_bytes": line_bytes}), flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
