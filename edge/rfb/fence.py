"""Fences: marks in both directions of the stream that show how far the other side has come.

Source: the rfbproto specification, ClientFence, ServerFence and the Fence pseudo-encoding.
"""

from enum import CONFORM, IntFlag

#: Bytes of a fence's payload, by the specification.
PAYLOAD_BYTES = 64


class FenceFlag(IntFlag, boundary=CONFORM):
    """How a fence stands to the messages around it; other bits are dropped, as Python keeps every value."""

    #: All messages before it have taken effect before it is answered.
    BLOCK_BEFORE = 1 << 0
    #: No message after it takes effect before it is answered.
    BLOCK_AFTER = 1 << 1
    #: The message after it takes effect at the very moment of the answer.
    SYNC_NEXT = 1 << 2
    #: Answer me.
    REQUEST = 1 << 31


#: What an answer of this client promises. It reads and answers messages in their order, so the first two hold by
#: themselves. SYNC_NEXT is left out, as commands of another thread may be queued between the answer and the message
#: after it; the specification has what is not promised cleared in the answer.
HONOURED = FenceFlag.BLOCK_BEFORE | FenceFlag.BLOCK_AFTER
