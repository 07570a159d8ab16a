"""A hostile server against a client in a process of its own, with little memory and little time.

The bound is stated here, for a desktop of at most `DESKTOP`: whatever the server says, the client neither takes more
than `MEMORY_BYTES` beyond what it had, nor computes for longer than `CPU_S`. Where it does, the kernel ends it.
"""

import multiprocessing
import re
import resource
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from edge.errors import RfbError
from edge.geometry import Size
from edge.rfb import Connection, TlsRequired
from tests.rfb import encode
from tests.rfb.drive import open_settings

DESKTOP = Size(1920, 1080)
MEMORY_BYTES = 96 << 20
CPU_S = 20
#: What the transport reads at once.
CHUNK_BYTES = 128 << 10
_PATIENCE_S = 100
_KEPT_BYTES = 1 << 16
_WHERE = re.compile(r"^[^:]+, byte \d+: .")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the client: the error's class and text ("" if there was none), events, answers, memory."""

    kind: str
    error: str
    events: int
    sent: bytes
    most_bytes: int


def besiege(*pieces: bytes, repeat: int = 1, **changes: object) -> Outcome:
    """Let a client read the pieces, `repeat` times over after the first one, as a server sends them."""
    [outcome] = besiege_each([pieces], repeat=repeat, **changes)
    return outcome


def besiege_each(attacks: Sequence[Sequence[bytes]], *, repeat: int = 1, **changes: object) -> list[Outcome]:
    """Try attack after attack, each against a new connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    ours, theirs = context.Pipe(duplex=False)
    client = context.Process(target=_endure, args=(theirs, attacks, repeat, changes))
    client.start()
    theirs.close()
    try:
        if not ours.poll(_PATIENCE_S):
            raise AssertionError("the client neither ends nor uses its time")
        outcomes: list[Outcome] = ours.recv()
    except EOFError:
        client.join()
        raise AssertionError(f"the client was ended, status {client.exitcode}: beyond memory or time") from None
    finally:
        client.kill()
        client.join()
    for outcome in outcomes:
        assert outcome.most_bytes < MEMORY_BYTES, f"{outcome.most_bytes >> 20} MiB"
        if outcome.error and outcome.kind != "ConnectionClosed":
            assert _WHERE.match(outcome.error), f"{outcome.error!r} does not name message and offset"
    return outcomes


def session(*messages: bytes, size: Size = DESKTOP, repeat: int = 1, **changes: object) -> Outcome:
    """Besiege a client that is past ServerInit."""
    return besiege(encode.greeting(size), b"".join(messages), repeat=repeat, **changes)


def sessions(messages: Iterable[bytes], size: Size = DESKTOP, **changes: object) -> list[Outcome]:
    """Besiege a client that is past ServerInit with one message after the other, each on its own."""
    return besiege_each([(encode.greeting(size), message) for message in messages], **changes)


def refused(saying: str, outcome: Outcome) -> None:
    """Check that the client has ended the session with an error that says it."""
    assert outcome.error, f"no error, {outcome.events} events"
    assert saying in outcome.error


def rectangle(width: int, height: int, encoding: int, data: bytes = b"", at: tuple[int, int] = (0, 0)) -> bytes:
    """An update of one rectangle, with numbers that need not make sense."""
    header = b"".join(number.to_bytes(2, "big") for number in (*at, width, height))
    return encode.update(header + encoding.to_bytes(4, "big", signed=True) + data)


def _endure(pipe: Pipe, attacks: Iterable[Sequence[bytes]], repeat: int, changes: dict[str, object]) -> None:
    """Read it all within the limits, and report."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    space = _memory("VmSize") + 4 * MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    pipe.send([_read(first, list(others) * repeat, Connection(open_settings(**changes))) for first, *others in attacks])


def _read(first: bytes, others: Iterable[bytes], connection: Connection) -> Outcome:
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmHWM")
    count, kind, text = 0, "", ""
    try:
        for piece in [first, *others]:
            events = connection.receive_data(piece)
            count += len(events)
            if any(isinstance(event, TlsRequired) for event in events):
                connection.tls_established()
            while connection.more:
                count += len(connection.receive_more())
    except RfbError as error:
        # What is documented, not what it may be derived to.
        kind = next(base.__name__ for base in type(error).__mro__ if base.__module__ == RfbError.__module__)
        text = str(error)
    sent = connection.data_to_send()
    return Outcome(kind, text, count, sent[-_KEPT_BYTES:], _memory("VmHWM") - before)


def _memory(name: str) -> int:
    """Read a line of /proc/self/status, in bytes."""
    text = Path("/proc/self/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10
