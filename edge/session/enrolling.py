"""Becoming a device of an installation, and becoming one anew: whoever may write the enrolment file decides."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from edge.control.backoff import Backoff
from edge.errors import TrustError
from edge.trust.enrolment import enrol
from edge.trust.identity import DeviceState, Identity

POLL_S = 0.5
"""How often the enrolment file is looked for: one stat(2)."""

Say = Callable[[str], None]

_log = logging.getLogger(__name__)


class Enrolment:
    """Who this device is, by what `state` keeps or by the one-time `file`. `chance` gives floats in [0, 1)."""

    def __init__(self, file: Path, state: DeviceState, chance: Callable[[], float]) -> None:
        self._file = file
        self._state = state
        self._chance = chance
        self._used: tuple[int, int] | None = None

    async def identity(self, say: Say) -> Identity:
        """Return who this device is, enrolling it first if need be, however long that takes; `say` what hinders it."""
        backoff = Backoff(self._chance)
        while True:
            stamp = self._stamp()
            try:
                return self._known() or await self._enrol()
            except TrustError as error:
                _log.error("not enrolled: %s", error)
                say(str(error))
            await self._pause(backoff.next_s(), stamp)

    async def anew(self, say: Say) -> None:
        """Wait for an enrolment file at a device that has an identity, and take the new one.

        That is how a device comes back that was revoked, or was off while its certificate expired.
        """
        backoff = Backoff(self._chance)
        while True:
            stamp = self._stamp()
            if stamp in {None, self._used}:
                say("")
                await asyncio.sleep(POLL_S)
                continue
            try:
                await self._enrol()
            except TrustError as error:
                _log.error("not enrolled anew: %s", error)
                say(str(error))
                await self._pause(backoff.next_s(), stamp)
            else:
                return

    def _known(self) -> Identity | None:
        """Read the identity; raises `TrustError` if it is damaged, unless there is a file to mend it with."""
        try:
            identity = self._state.identity()
            if identity is not None:
                self._state.bus_context(identity)
        except TrustError:
            if self._stamp() is None:
                raise
            return None
        return identity

    async def _enrol(self) -> Identity:
        stamp = self._stamp()
        try:
            return await enrol(self._file, self._state)
        except OSError as error:
            # The token is spent and the identity kept: only the file could not be deleted.
            _log.warning("%s cannot be deleted: %s; delete it, its token is spent", self._file, error.strerror)
            self._used = stamp
        identity = self._state.identity()
        if identity is None:
            raise TrustError(f"{self._file}: enrolled, but the identity is not in the state directory")
        return identity

    async def _pause(self, seconds: float, stamp: tuple[int, int] | None) -> None:
        """Wait, but no longer than until the file is another than that of `stamp`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._stamp() == stamp:  # noqa: ASYNC110 - another program changes it
                    await asyncio.sleep(POLL_S)

    def _stamp(self) -> tuple[int, int] | None:
        """Tell one content of the file from another; None if there is none."""
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns
