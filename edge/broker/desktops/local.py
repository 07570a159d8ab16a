"""The provider of desktops as processes of this machine.

All desktops run as the broker's own user: on this provider users are kept apart by their connections, not by the
kernel. Ending the broker ends no desktop; the next one finds them by their state files.
"""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from edge.broker.desktops.base import DesktopState, Endpoint
from edge.broker.desktops.desktop import LocalDesktop
from edge.broker.desktops.x_server import Screen
from edge.config import DesktopsConfig
from edge.control.backoff import Backoff
from edge.errors import EdgeError

_log = logging.getLogger(__name__)


class LocalProvider:
    """Desktops below `directory`, one directory each; an async context manager that supervises while it is open."""

    def __init__(self, directory: Path, config: DesktopsConfig) -> None:
        self._directory, self._config = directory, config
        self._desktops: dict[str, LocalDesktop] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._watchers: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        """Find the desktops that an earlier broker left running, and look after them."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for state_file in sorted(self._directory.glob("*/state.json")):
            desktop = self._desktop(state_file.parent.name)
            if desktop.is_up:
                _log.info("desktop %s: found running", desktop.name)
                self._watch(desktop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop looking after them; they go on."""
        watchers = list(self._watchers.values())
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)

    async def start(self, name: str) -> Endpoint:
        """Start the desktop, or find it running; returns when it can be connected to. Raises `BrokerError`."""
        desktop = self._desktop(name)
        async with self._locks[name]:
            endpoint = await desktop.start()
        self._watch(desktop)
        return endpoint

    async def admit(
        self, name: str, key: ec.EllipticCurvePublicKey, now: datetime, term: timedelta
    ) -> x509.Certificate:
        """Sign a client certificate that this one desktop trusts, for a session's key."""
        return await asyncio.to_thread(self._desktop(name).trust.issue_session, key, now, term)

    async def bar(self, name: str) -> None:
        """End all connections and make all admissions so far void; the desktop itself goes on."""
        desktop = self._desktop(name)
        async with self._locks[name]:
            await desktop.bar()
            if desktop.is_up:
                await desktop.serve()

    async def stop(self, name: str) -> None:
        """End the desktop and exactly what belongs to it; its files stay."""
        if watcher := self._watchers.pop(name, None):
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        async with self._locks[name]:
            await self._desktop(name).stop()

    async def stop_all(self) -> None:
        """End all desktops."""
        for state in await self.states():
            await self.stop(state.name)

    async def states(self) -> Sequence[DesktopState]:
        """List the desktops that were ever started."""
        names = sorted(path.parent.name for path in self._directory.glob("*/ca.pem"))
        return [self._desktop(name).state() for name in names]

    def screen(self, name: str) -> Screen:
        """Return where the X server of a running desktop is. Raises `BrokerError` if it does not run."""
        return self._desktop(name).screen

    def _desktop(self, name: str) -> LocalDesktop:
        if name not in self._desktops:
            self._desktops[name] = LocalDesktop(self._directory / name, name, self._config)
        return self._desktops[name]

    def _watch(self, desktop: LocalDesktop) -> None:
        if (watcher := self._watchers.get(desktop.name)) is None or watcher.done():
            task = asyncio.create_task(self._look_after(desktop), name=f"look after desktop {desktop.name}")
            self._watchers[desktop.name] = task

    async def _look_after(self, desktop: LocalDesktop) -> None:
        """Start the RFB server again whenever it ends, as long as the X server is there."""
        backoff = Backoff(random.random, first_s=0.2, longest_s=10.0)
        while True:
            await desktop.rfb_server_ended()
            async with self._locks[desktop.name]:
                if not desktop.is_up:
                    _log.warning("desktop %s: its X server has ended; the next sign-in starts another", desktop.name)
                    await desktop.stop()
                    return
                try:
                    await desktop.serve()
                    backoff.reset()
                except EdgeError as error:
                    _log.warning("%s", error)
            await asyncio.sleep(backoff.next_s())
