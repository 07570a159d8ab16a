"""The HTTPS service where a new device turns its token into a certificate."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from edge.broker import audit, devices
from edge.broker.authority import BrokerAuthority
from edge.broker.database import Database, Unavailable
from edge.broker.rate_limit import RateLimit
from edge.broker.sealing import MasterKey
from edge.config import BrokerConfig
from edge.errors import BrokerError, TrustError
from edge.trust.certificates import to_pem
from edge.trust.enrolment import ENROL_PATH, MAX_BODY_BYTES, EnrolmentRefused, EnrolmentRequest
from edge.trust.identity import Identity
from edge.trust.keys import fingerprint, requested_key
from edge.trust.tls import server_context

BODY_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


class EnrolmentServer:
    """Answers one kind of request, and not too many."""

    def __init__(self, config: BrokerConfig, authority: BrokerAuthority, database: Database, master: MasterKey) -> None:
        self._config, self._authority, self._database, self._master = config, authority, database, master
        self._context = server_context()
        self._per_address = RateLimit(burst=20, period_s=3.0)
        self._altogether = RateLimit(burst=200, period_s=0.1)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve until the block ends; raises `BrokerError` if the port cannot be had."""
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.router.add_post(ENROL_PATH, self._enrol)
        runner = web.AppRunner(application, access_log=None, keepalive_timeout=5.0)
        await runner.setup()
        listen, port = self._config.enrolment.listen, self._config.enrolment.port
        await self.renew_certificate()
        try:
            await web.TCPSite(runner, listen, port, ssl_context=self._context).start()
        except OSError as error:
            await runner.cleanup()
            raise BrokerError(f"enrolment: {listen}:{port} cannot be listened on: {error.strerror}") from error
        try:
            yield
        finally:
            await runner.cleanup()

    async def renew_certificate(self) -> None:
        """Use a new certificate for connections from now on."""
        await asyncio.to_thread(self._authority.load_enrolment_chain, self._context)

    async def _enrol(self, request: web.Request) -> web.Response:
        now = time.monotonic()
        wait_s = self._altogether.wait_s("", now) or self._per_address.wait_s(request.remote or "", now)
        if wait_s:
            return _refusal(429, f"too many requests; try again in {math.ceil(wait_s)} s")
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                asked = msgspec.json.decode(await request.read(), type=EnrolmentRequest)
            identity = await asyncio.to_thread(self._decide, asked, request.remote or "unknown")
        except (msgspec.DecodeError, UnicodeDecodeError, TrustError) as error:
            return _refusal(400, f"the request is malformed: {error}")
        except TimeoutError:
            return _refusal(408, "the request did not come to its end")
        except Unavailable as error:
            _log.error("enrolment: %s", error)
            return _refusal(503, "the broker cannot record enrolments at the moment; its disk may be full")
        if identity is None:
            return _refusal(
                403, "the token is wrong, was used or has expired; make another at the broker: edgectl device add NAME"
            )
        return web.Response(body=msgspec.json.encode(identity), content_type="application/json")

    def _decide(self, asked: EnrolmentRequest, address: str) -> Identity | None:
        """Count the token and sign the certificate, or record the refusal, in one transaction."""
        key = requested_key(asked.request_pem)
        now = time.time()
        with self._database.transaction() as connection:
            name = devices.redeem(connection, self._master, asked.token, fingerprint(key), now)
            if name is None:
                audit.record(connection, now, f"address:{address}", "device.enrol-refuse", "unknown")
                return None
            certificate = self._authority.issue_device(name, key)
            devices.certified(connection, name, certificate, "device.enrol", now)
        bus = self._config.bus
        return Identity(
            device=name,
            certificate_pem=to_pem(certificate),
            ca_pem=self._authority.pem,
            bus_host=bus.host,
            bus_port=bus.port,
        )


def _refusal(status: int, text: str) -> web.Response:
    body = msgspec.json.encode(EnrolmentRefused(error=text))
    return web.Response(status=status, body=body, content_type="application/json")
