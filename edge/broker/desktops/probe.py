"""Whether a desktop can be connected to: a TLS connection as a session would make it, up to RFB's first words."""

import asyncio
import ssl

PROBE_TIMEOUT_S = 10.0


async def probe(host: str, port: int, server_name: str, context: ssl.SSLContext) -> str | None:
    """Return None if the RFB server greets, else what went wrong.

    To stock x11vnc a connection costs more than half a second in which it serves nobody else: probe when it starts.
    Source: RFC 6143 section 7.1.1.
    """
    writer = None
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=server_name)
            greeting = await reader.readexactly(12)
    except TimeoutError:
        return f"no greeting within {PROBE_TIMEOUT_S:g} s"
    except asyncio.IncompleteReadError:
        return "closed the connection instead of a greeting"
    except OSError as error:
        return str(error)
    finally:
        if writer is not None:
            writer.transport.abort()
    return None if greeting.startswith(b"RFB ") else f"greeted with {greeting!r}, which is not RFB"
