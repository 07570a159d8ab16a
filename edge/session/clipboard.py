"""The clipboard of one user, carried from one of their desktops to the next."""

from edge.rfb.commands import ClientCutText, ClipboardRequest
from edge.rfb.events import ClipboardNotified, CutTextReceived, Event, UpdateFinished
from edge.session.transport import RfbTransport


class Clipboard:
    """The text that was cut last; it is kept for the session, told to every desktop connected to, and then wiped."""

    def __init__(self) -> None:
        self.text = ""


class CarryingTransport(RfbTransport):
    """A connection that keeps `clipboard` up to date, and tells the server of it once the server can be told."""

    clipboard: Clipboard | None = None
    _told = False

    async def receive(self) -> list[Event]:
        """Wait for the next events; those of the clipboard are seen to on the way."""
        events = await super().receive()
        if self.clipboard is not None:
            for event in events:
                self._see_to(event, self.clipboard)
        return events

    def _see_to(self, event: Event, clipboard: Clipboard) -> None:
        match event:
            case CutTextReceived(text=text):
                clipboard.text = text
            case ClipboardNotified(text=True):
                self.send(ClipboardRequest())
            # The first answer comes after what the server says of its clipboard.
            case UpdateFinished() if not self._told:
                self._told = True
                if clipboard.text:
                    self.send(ClientCutText(clipboard.text))
            case _:
                pass
