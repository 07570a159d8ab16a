"""Connections that are recorded as they go."""

from concurrent.futures import Executor
from functools import partial

from edge.rfb import ConnectionSettings
from edge.rfb.commands import Command
from edge.rfb.events import Connected
from edge.session.recording import Recorder
from edge.session.transport import Endpoint, RfbTransport


class RecordedTransport(RfbTransport):
    """A connection of which `recorder` hears, once it is told, under `name`."""

    recorder: Recorder | None = None
    name = ""

    def send(self, *commands: Command) -> None:
        """Encode and write `commands` at once; never blocks."""
        super().send(*commands)
        if self.recorder is not None:
            for command in commands:
                self.recorder.sent(self.name, command)


class RecordedConnecting:
    """Opens connections to `endpoint` that `recorder` hears of: a `Connect` for `DesktopSession`."""

    def __init__(self, endpoint: Endpoint, recorder: Recorder) -> None:
        self._endpoint = endpoint
        self._recorder = recorder

    async def __call__(
        self, name: str, settings: ConnectionSettings, executor: Executor
    ) -> tuple[RfbTransport, Connected]:
        """Connect, and record from ServerInit on."""
        transport, connected = await RecordedTransport.open(self._endpoint, settings, executor)
        transport.recorder, transport.name = self._recorder, name
        self._recorder.opened(name, connected.size, settings)
        transport.connection.listen(partial(self._recorder.received, name))
        return transport, connected
