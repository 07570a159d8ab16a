"""A kiosk: the virtual machine with edged in it, and on this side the broker, the bus and the desktop that it uses.

These tests take minutes, an image of Debian and QEMU: they run when they are asked for, by `make test-vm`.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import pytest_asyncio

from edge.broker.installation import Installation, installation
from edge.geometry import Size
from edge.pixels import Picture, to_bgr
from tests.vm.image import image
from tests.vm.machine import HOST, Machine, machine, until

HERE = Path(__file__).parent
OUT = HERE / "out"
SIZE = Size(1920, 1080)
USER = "kim"
CONFIG = """
[display]
kind = "kms"
language = "en"
[keyboard]
layout = "us"
[restore]
backend = "classical"
"""
LINES = "The quick brown fox 다람쥐 헌 쳇바퀴에 타고파 1,234.56"
TERMINAL = (
    "xterm", "-geometry", "80x40+40+40", "-u8", "-fa", "Noto Sans Mono CJK KR", "-fs", "11", "-uc", "+bc",
    "-e", "sh", "-c", f"for n in $(seq 30); do echo $n {LINES}; done; exec cat",
)  # fmt: skip


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave them out unless this folder, or something in it, is named."""
    named = any(HERE in (path := Path(arg.partition("::")[0]).resolve()).parents or path == HERE for arg in config.args)
    return None if named else True


@dataclass
class Kiosk:
    """The machine and what it belongs to."""

    machine: Machine
    installed: Installation

    def native(self) -> Picture:
        """Read what the desktop itself shows."""
        with self.installed.broker.provider.screen(self.installed.desktop).open() as server:
            return server.picture()

    async def keep(self, name: str) -> Picture:
        """Write the screen to a file of `OUT`, and return it."""
        picture = await self.machine.screen()
        cv2.imwrite(str(OUT / f"{name}.png"), to_bgr(picture))
        return picture

    def figure(self, name: str, value: float) -> None:
        """Note a figure, in `OUT` with those of before."""
        file = OUT / "figures.json"
        figures = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**figures, name: round(value, 3)}, indent=2, ensure_ascii=False) + "\n")

    async def reached(self, phase: str, times: int = 1, patience_s: float = 120) -> float:
        """Wait until edged has entered `phase` so many times since the machine was switched on."""
        line = f"journalctl -q -o cat -u edged | grep -c 'edge.session.phases: .*: {phase}$' || true"

        async def entered() -> bool:
            return int(await self.machine.shell(line)) >= times

        return await until(entered, f"{phase}, {times} times", patience_s=patience_s)

    async def drawn(self) -> float:
        """Wait until edged has drawn: what the kernel's console shows is mostly black."""

        async def coloured() -> bool:
            return np.count_nonzero(await self.machine.screen()) > SIZE.area // 2

        return await until(coloured, "a screen of edged's", every_s=0.05)

    async def exact(self, patience_s: float = 240) -> float:
        """Wait until the monitor shows what the desktop shows, pixel for pixel."""

        async def same() -> bool:
            return np.array_equal(await self.machine.screen(), await asyncio.to_thread(self.native))

        try:
            return await until(same, "the monitor shows what the desktop shows", patience_s=patience_s)
        except TimeoutError:
            await self.keep("not-exact")
            cv2.imwrite(str(OUT / "native.png"), to_bgr(self.native()))
            raise

    async def sign_in(self) -> None:
        """Type name and code."""
        await self.machine.type(f"{USER}\t{await self.installed.fresh_code()}\n")


@asynccontextmanager
async def kiosk(folder: Path, config: str = CONFIG) -> AsyncIterator[Kiosk]:
    """Bring everything up and switch the machine on."""
    OUT.mkdir(exist_ok=True)
    disk = await asyncio.to_thread(image)
    async with installation(folder / "site", size=SIZE, program=TERMINAL, user=USER, host=HOST) as installed:
        files = {"/etc/edged.toml": config, "/etc/edged/enrolment.json": installed.enrolment_file.read_bytes()}
        async with machine(disk, folder, files) as booted:
            try:
                yield Kiosk(booted, installed)
            finally:
                (OUT / "journal.txt").write_text(await booted.shell("journalctl -q -o short-monotonic --no-pager"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kiosk]:
    """A machine that all tests of a module share, with its user signed in."""
    async with kiosk(tmp_path_factory.mktemp("kiosk")) as made:
        await made.machine.agent_answers()
        await made.reached("greeter")
        await made.sign_in()
        await made.exact()
        yield made


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[Kiosk]:
    async with kiosk(tmp_path) as made:
        yield made
