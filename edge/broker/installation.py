"""A complete installation in one directory, on free loopback ports: for the demo, and for tests with the real parts."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyotp

from edge.broker.administration import Administration, initialise
from edge.broker.service import Broker, running
from edge.broker.totp import STEP_S
from edge.config import BrokerConfig, BusConfig, DesktopsConfig, EnrolmentConfig
from edge.geometry import Size

ACTOR = "installation"
FULL_HD = Size(1920, 1080)
LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class Installation:
    """A running installation: the broker, a device that is expected, and a user whose codes can be made."""

    config: BrokerConfig
    broker: Broker
    device: str
    enrolment_file: Path
    user: str
    desktop: str
    totp_secret: str = field(repr=False)
    recovery_codes: list[str] = field(repr=False)
    _last_step: int = field(default=0, repr=False)

    async def fresh_code(self) -> str:
        """Return a code that has not been returned before, waiting up to a step for one; for one user of it.

        It counts on the window of one step: two codes can be had at once, the next one up to half a minute later.
        """
        while True:
            step = max(self._last_step + 1, int(time.time()) // STEP_S)
            if step <= int(time.time()) // STEP_S + 1:
                self._last_step = step
                return pyotp.TOTP(self.totp_secret).generate_otp(step)
            await asyncio.sleep(0.2)


@asynccontextmanager
async def installation(
    directory: Path,
    *,
    size: Size = FULL_HD,
    program: Sequence[str] = (),
    start_page: str = "about:blank",
    user: str = "demo",
    device: str = "demo-board",
    host: str = LOOPBACK,
) -> AsyncIterator[Installation]:
    """Bring everything up below `directory`, and end all of it, desktops and bus included, when the block ends.

    `program` is what the desktop runs, Chromium on `start_page` if it is empty. Raises `EdgeError`.
    """
    config = configuration(directory / "broker", size=size, program=program, start_page=start_page, host=host)
    enrolment_file = directory / "enrolment.json"
    prepared = await asyncio.to_thread(_prepare, config, enrolment_file, user, device)
    async with running(config) as broker:
        try:
            yield Installation(config, broker, device, enrolment_file, user, *prepared)
        finally:
            await broker.provider.stop_all()


def configuration(
    data_dir: Path,
    *,
    size: Size = FULL_HD,
    program: Sequence[str] = (),
    start_page: str = "about:blank",
    host: str = LOOPBACK,
) -> BrokerConfig:
    """Return a configuration on ports that are free on the loopback interface now.

    Devices reach that interface as `host`, which is another address where they are in a machine of their own.
    """
    bus_port, enrolment_port = _free_ports(2)
    return BrokerConfig(
        data_dir=data_dir,
        bus=BusConfig(host=host, port=bus_port),
        enrolment=EnrolmentConfig(host=host, port=enrolment_port),
        desktops=DesktopsConfig(
            host=host, width=size.width, height=size.height, program=tuple(program), start_page=start_page
        ),
    )


def _prepare(config: BrokerConfig, enrolment_file: Path, user: str, device: str) -> tuple[str, str, list[str]]:
    initialise(config, ACTOR)
    with Administration.open(config, ACTOR) as administration:
        administration.add_device(device, enrolment_file)
        new = administration.prepare_user(user)
        administration.add_user(new, first_code=None)
        return new.desktop or user, new.secret, new.recovery_codes


def _free_ports(count: int) -> list[int]:
    servers = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    try:
        return [int(server.getsockname()[1]) for server in servers]
    finally:
        for server in servers:
            server.close()
