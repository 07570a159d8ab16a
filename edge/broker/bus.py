"""The message bus: Mosquitto as a child that is kept alive, its certificates, and how a device is thrown out of it."""

import asyncio
import getpass
import logging
import os
import random
import secrets
import signal
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Never

import aiomqtt
import msgspec
from cryptography import x509

from edge.broker import processes
from edge.broker.authority import BrokerAuthority
from edge.broker.mosquitto import ACCESS, BusFiles, render
from edge.broker.paths import DataDirectory
from edge.broker.processes import Process
from edge.config import BrokerConfig
from edge.control.backoff import Backoff
from edge.errors import BrokerError, TrustError
from edge.trust.certificates import half_life, load_certificate, to_pem
from edge.trust.keys import PrivateKey
from edge.trust.private_file import read_private, write_private

RELOAD_TIMEOUT_S = 5.0
ALERT_WAIT_S = 0.5
KICK_TIMEOUT_S = 5.0
RENEWAL_CHECK_S = 3600.0

Revoked = Callable[[], list[tuple[int, datetime]]]

_log = logging.getLogger(__name__)


class Bus:
    """Mosquitto and its files. `revoked` reads which certificates are revoked; it may block."""

    def __init__(self, config: BrokerConfig, authority: BrokerAuthority, revoked: Revoked) -> None:
        self._config, self._authority, self._revoked = config, authority, revoked
        self._files = BusFiles(DataDirectory(config.data_dir).bus)
        self._process: Process | None = None
        self._publishing = asyncio.Lock()

    async def prepare(self) -> None:
        """Write all files; certificates and list are new if half of their time is over.

        Raises `TrustError`, or `BrokerError` if Mosquitto is to be started and is not there.
        """
        if self._config.bus.start and not processes.is_installed(self._config.bus.program):
            raise BrokerError(f"{self._config.bus.program} is not installed; run: apt-get install mosquitto")
        await asyncio.to_thread(self._write_files)
        await self._publish_revocations()

    async def run(self) -> Never:
        """Keep Mosquitto running until cancelled, and then leave it running: call `stop` to end it."""
        backoff = Backoff(random.random, first_s=0.2, longest_s=10.0)
        while True:
            started = asyncio.get_running_loop().time()
            self._process = await self._adopt() or self._start()
            await processes.wait(self._process)
            _log.warning("the bus has ended: %s", self._last_words())
            if asyncio.get_running_loop().time() - started > backoff.longest_s:
                backoff.reset()
            await asyncio.sleep(backoff.next_s())

    async def watch_certificates(self) -> Never:
        """Renew certificate and revocation list long before they run out: an expired list locks everybody out."""
        while True:
            await asyncio.sleep(RENEWAL_CHECK_S)
            if await asyncio.to_thread(self._is_renewal_due):
                await self.prepare()
                self._reload()

    async def revoke(self, device: str) -> None:
        """Publish the revocation list, see to it that the bus goes by it, and end the device's session."""
        await self._publish_revocations(loaded=True)
        await self._kick(device)

    async def stop(self) -> None:
        """End Mosquitto."""
        if self._process is not None:
            await processes.end(self._process)
            self._files.process.unlink(missing_ok=True)

    async def _publish_revocations(self, *, loaded: bool = False) -> None:
        """Write the list; with `loaded`, return only when the bus goes by it.

        Mosquitto does not say when it has: a certificate that is revoked by the same list tells, by being refused.
        """
        canary = secrets.randbits(159)
        async with self._publishing:

            def write() -> None:
                listed = [*self._revoked(), *([(canary, datetime.now(UTC))] if loaded else [])]
                previous = self._files.crl.read_bytes() if self._files.crl.exists() else None
                write_private(self._files.crl, self._authority.revocation_list(listed, previous))

            await asyncio.to_thread(write)
            if not loaded:
                return
            context = await asyncio.to_thread(self._authority.client_context, "canary", serial=canary)
            deadline = asyncio.get_running_loop().time() + RELOAD_TIMEOUT_S
            while asyncio.get_running_loop().time() < deadline:
                self._reload()
                if await self._refuses(context):
                    return
        _log.error("the bus did not take the new revocation list; starting it again")
        if self._process is not None:
            await processes.end(self._process)

    async def _refuses(self, context: ssl.SSLContext) -> bool:
        writer = None
        try:
            async with asyncio.timeout(ALERT_WAIT_S):
                reader, writer = await asyncio.open_connection(
                    self._config.bus.near_host, self._config.bus.port, ssl=context
                )
                await reader.read(1)
        except ssl.SSLError:
            return True
        except (OSError, TimeoutError):
            return False
        finally:
            if writer is not None:
                writer.transport.abort()
        return False

    async def _kick(self, device: str) -> None:
        """Take over the session of `device` in its name, which ends its connection, and leave."""
        context = await asyncio.to_thread(self._authority.client_context, device)
        client = aiomqtt.Client(
            self._config.bus.near_host,
            self._config.bus.port,
            identifier=device,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            timeout=KICK_TIMEOUT_S,
            tls_context=context,
        )
        try:
            async with client:
                _log.info("device %s: thrown out of the bus", device)
        except aiomqtt.MqttError as error:
            raise BrokerError(f"device {device} could not be thrown out of the bus: {error}") from error

    def _write_files(self) -> None:
        files, bus = self._files, self._config.bus
        write_private(files.ca, self._authority.pem.encode())
        if not files.certificate.exists() or self._is_certificate_old():
            key = PrivateKey.make()
            write_private(files.key, key.pem)
            write_private(files.certificate, to_pem(self._authority.issue_server(bus.host, key.public_key)).encode())
        write_private(files.access, ACCESS.encode())
        # as root it would become the user mosquitto, who cannot read its key again when it is told to reload
        write_private(files.config, render(files, bus.listen, bus.port, getpass.getuser()).encode())

    def _is_renewal_due(self) -> bool:
        return self._is_certificate_old() or self._is_list_old()

    def _is_certificate_old(self) -> bool:
        pem = self._files.certificate.read_text(encoding="ascii")
        certificate = load_certificate(pem, "the bus's certificate")
        return half_life(certificate) < datetime.now(UTC)

    def _is_list_old(self) -> bool:
        now = datetime.now(UTC)
        next_update = x509.load_pem_x509_crl(self._files.crl.read_bytes()).next_update_utc or now
        return next_update - now < timedelta(days=self._config.certificates.crl_days) / 2

    def _start(self) -> Process:
        process = processes.spawn(
            [self._config.bus.program, "-c", str(self._files.config)],
            environment={"PATH": processes.search_path()},
            directory=self._files.directory,
            log=self._files.log,
        )
        write_private(self._files.process, msgspec.json.encode((process, self._files.config.read_text())))
        return process

    async def _adopt(self) -> Process | None:
        """Find the Mosquitto that an earlier broker started; one with another configuration is ended."""
        if not self._files.process.exists():
            return None
        try:
            process, config = msgspec.json.decode(read_private(self._files.process), type=tuple[Process, str])
        except (msgspec.DecodeError, TrustError):
            return None
        if not processes.alive(process):
            return None
        if config != self._files.config.read_text(encoding="utf-8"):
            await processes.end(process)
            return None
        os.kill(process.pid, signal.SIGHUP)
        return process

    def _reload(self) -> None:
        if self._process is not None and processes.alive(self._process):
            os.kill(self._process.pid, signal.SIGHUP)
        elif not self._config.bus.start:
            _log.warning(
                "the bus is not this broker's child: send its Mosquitto a SIGHUP, so that it reads %s", self._files.crl
            )

    def _last_words(self) -> str:
        lines = (
            self._files.log.read_text(encoding="utf-8", errors="replace").splitlines()
            if self._files.log.exists()
            else []
        )
        return " | ".join(lines[-3:]) or "it said nothing"
