"""Keeping the device's certificate fresh: renewed at half its life, tried again until it works."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from edge.control import topics
from edge.control.client import BusClient
from edge.control.messages import RenewalDenied, RenewalGranted, RenewalRequest, decode_renewal_reply, encode
from edge.errors import ControlError, TrustError
from edge.trust.identity import DeviceState, Identity

RETRY_S = 60.0
REQUEST_TIMEOUT_S = 30.0
LONGEST_SLEEP_S = 3600.0
"""The clock is looked at again this often: it may be set while we sleep."""

_log = logging.getLogger(__name__)


async def keep_renewed(bus: BusClient, state: DeviceState, current: list[Identity], now: Callable[[], float]) -> None:
    """Renew the one identity in `current` at half of its certificate's life, again and again; keep it in `state`.

    `now` is the wall clock in seconds since 1970. The bus takes the new certificate at its next connection.
    """
    while True:
        wait_s = current[0].renew_at().timestamp() - now()
        if wait_s > 0:
            await asyncio.sleep(min(wait_s, LONGEST_SLEEP_S))
            continue
        try:
            current[0] = await renew(bus, state, current[0])
            expires_at: datetime = current[0].expires_at()
            _log.info("certificate renewed, good until %s", expires_at.isoformat())
        except (ControlError, TrustError) as error:
            _log.warning("certificate not renewed: %s", error)
        # Also when it was: to a clock that is days ahead, half of the new one's life seems over already.
        await asyncio.sleep(RETRY_S)


async def renew(bus: BusClient, state: DeviceState, identity: Identity) -> Identity:
    """Ask the broker for the next certificate and keep it; raises `ControlError` or `TrustError`."""
    request = RenewalRequest(request_pem=state.key().signing_request(identity.device))
    body = await bus.request(topics.renewal(identity.device), encode(request), timeout_s=REQUEST_TIMEOUT_S)
    match decode_renewal_reply(body):
        case RenewalGranted(certificate_pem=certificate_pem, ca_pem=ca_pem):
            renewed = identity.renewed(certificate_pem, ca_pem)
            # What does not fit to the key, or is no certificate, must not take the place of what works.
            state.bus_context(renewed)
            if state.identity() != identity:
                raise TrustError("this device was enrolled anew meanwhile; that identity is kept")
            await asyncio.to_thread(state.save, renewed)
            return renewed
        case RenewalDenied(text=text):
            raise TrustError(text)
