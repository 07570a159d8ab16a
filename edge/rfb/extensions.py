"""What each side knows of the other: the encodings that the client has offered, what the server has announced."""

from typing import ClassVar

from edge.errors import ProtocolViolation, Unsupported
from edge.rfb.audio import AudioFormat
from edge.rfb.client_messages import ClientMessage
from edge.rfb.commands import (
    ClipboardRequest,
    Command,
    DisableAudio,
    EnableAudio,
    EnableContinuousUpdates,
    Fence,
    PointerEvent,
    PointerMotion,
    SetDesktopSize,
    SetScale,
)
from edge.rfb.encodings import EncodingNumber, encoding_name

_PLAIN_BUTTONS = 0x7F


class Extensions:
    """Kept by the parser (`announce`) and by whoever sends (`offer`), each of whom sets attributes of its own."""

    #: The announcement that a command waits for.
    NEEDED: ClassVar[dict[type[Command], EncodingNumber]] = {
        ClipboardRequest: EncodingNumber.EXTENDED_CLIPBOARD,
        Fence: EncodingNumber.FENCE,
        EnableContinuousUpdates: EncodingNumber.CONTINUOUS_UPDATES,
        SetDesktopSize: EncodingNumber.EXTENDED_DESKTOP_SIZE,
        EnableAudio: EncodingNumber.QEMU_AUDIO,
        DisableAudio: EncodingNumber.QEMU_AUDIO,
        PointerMotion: EncodingNumber.QEMU_POINTER_MOTION_CHANGE,
    }

    def __init__(self) -> None:
        #: All that was ever offered, for a server may have sent it before it read the next SetEncodings. Raw needs
        #: no offer (RFC 6143 section 7.7.1), and x11vnc sends CopyRect for a window that is dragged without one.
        self.offered: frozenset[int] = frozenset({EncodingNumber.RAW, EncodingNumber.COPY_RECT})
        self.announced: frozenset[int] = frozenset()
        #: Message types of the client that SupportedMessages lists.
        self.messages: frozenset[int] = frozenset()
        self.absolute_pointer = True
        #: That of the last EnableAudio.
        self.audio_format = AudioFormat()

    def offer(self, encodings: tuple[int, ...]) -> None:
        """Let the server use `encodings`."""
        self.offered |= frozenset(encodings)

    def check_offered(self, number: int) -> None:
        """Raise `ProtocolViolation` for an encoding that was never offered."""
        if number not in self.offered:
            raise ProtocolViolation("an encoding that this client did not offer")

    def announce(self, number: int) -> bool:
        """Note that the server knows `number`; returns whether that is new."""
        if number in self.announced:
            return False
        self.announced |= {number}
        return True

    def check(self, command: Command) -> None:
        """Raise `Unsupported` for a command that the server has not said it understands, with what is missing."""
        needed = self.NEEDED.get(type(command))
        if needed is not None and needed not in self.announced:
            offer = "" if needed in self.offered else "; offer it in SetEncodings"
            raise Unsupported(f"{type(command).__name__}: the server has not announced {encoding_name(needed)}{offer}")
        match command:
            case SetScale() if ClientMessage.SET_SCALE not in self.messages:
                raise Unsupported(
                    "the server did not list SetScale (type 8) in SupportedMessages (x11vnc does if that is offered)"
                )
            case PointerEvent() if not self.absolute_pointer:
                raise Unsupported("PointerEvent: the server has asked for motion instead of positions: PointerMotion")
            case PointerMotion() if self.absolute_pointer:
                raise Unsupported("PointerMotion: the server has asked for positions instead of motion: PointerEvent")
            case PointerEvent(buttons=buttons) | PointerMotion(buttons=buttons):
                self._check_buttons(type(command).__name__, buttons)
            case _:
                pass

    def _check_buttons(self, name: str, buttons: int) -> None:
        """Bit 7 is a button of RFC 6143, but to a server that was offered more of them it says that more follow."""
        number = EncodingNumber.EXTENDED_MOUSE_BUTTONS
        most = 0xFF if number not in self.offered else _PLAIN_BUTTONS
        if buttons > most and number not in self.announced:
            raise Unsupported(
                f"{name} of buttons beyond {most:#04x}: the server has not announced {encoding_name(number)}"
            )
