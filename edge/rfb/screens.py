"""The screens of a desktop, and what becomes of a wish to change them.

Source: the ExtendedDesktopSize and SetDesktopSize sections of the rfbproto specification.
"""

from dataclasses import dataclass
from enum import IntEnum

from edge.geometry import Rect


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen of ExtendedDesktopSize."""

    id: int
    rect: Rect
    flags: int = 0


class ResizeReason(IntEnum):
    """Who changed the size or the screens. What the specification does not know counts as SERVER."""

    SERVER = 0
    THIS_CLIENT = 1
    OTHER_CLIENT = 2

    @classmethod
    def _missing_(cls, value: object) -> "ResizeReason":  # noqa: ARG003
        return cls.SERVER


class ResizeStatus(IntEnum):
    """What came of a SetDesktopSize."""

    DONE = 0
    PROHIBITED = 1
    OUT_OF_RESOURCES = 2
    INVALID_LAYOUT = 3
    #: QEMU leaves it to the guest, which may change the size later.
    FORWARDED = 4
    #: Any other number.
    FAILED = 0xFFFF

    @classmethod
    def _missing_(cls, value: object) -> "ResizeStatus":  # noqa: ARG003
        return cls.FAILED

    @property
    def words(self) -> str:
        """The status as a sentence for people."""
        return _STATUS_WORDS[self]


_STATUS_WORDS = {
    ResizeStatus.DONE: "the desktop has the size that was asked for",
    ResizeStatus.PROHIBITED: "the server's administrator does not allow clients to resize the desktop",
    ResizeStatus.OUT_OF_RESOURCES: "the server lacks the resources for that size",
    ResizeStatus.INVALID_LAYOUT: "the server cannot have these screens",
    ResizeStatus.FORWARDED: "the server has passed the size on to the desktop, which may take it later",
    ResizeStatus.FAILED: "the server could not resize the desktop, and gives no reason",
}
