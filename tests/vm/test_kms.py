"""KMS beside the headless display, in one run on the machine's own graphics card."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from tests.vm.conftest import SIZE
from tests.vm.machine import until

pytestmark = pytest.mark.timeout(1800)

LINE_BYTES = 960 * 16 * 4


async def test_monitor_shows_what_headless_shows_and_a_line_of_text_costs_a_line(started):
    vm = started.machine
    await vm.agent_answers()
    await vm.shell("systemctl stop edged")
    await vm.run("/bin/sh", "-c", "cat > /run/show.py", data=Path(__file__).with_name("show.py").read_bytes())
    as_edged = "-p User=edged -p SupplementaryGroups=video -p StandardOutput=file:/run/show.json"
    await vm.shell(f"systemd-run -q -u show {as_edged} /usr/lib/edge/bin/python /run/show.py")

    async def done():
        return await vm.shell("cat /run/show.json 2>/dev/null || true")

    await until(done, "both displays have shown everything")
    said = json.loads(await done())
    shown = await vm.screen()
    await vm.shell("systemctl stop show")
    assert hashlib.sha256(np.ascontiguousarray(shown)).hexdigest() == said["sha256"]
    # The first two presentations bring both buffers up to date; then only lines are written, to each buffer once.
    first, second, *lines = said["written_bytes"]
    assert first + second <= 2 * SIZE.area * 4 + LINE_BYTES
    assert max(lines) <= 2 * LINE_BYTES
    started.figure("written for a line of 960x16 px, bytes a flip", max(lines))
