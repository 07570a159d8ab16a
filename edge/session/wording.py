"""What a user is told, in the language of the screen."""

import math
from typing import assert_never

from edge.control.messages import SessionEnded
from edge.display.words import Words
from edge.errors import ControlError, EdgeError, SignInRefused

Message = str | EdgeError | SessionEnded
"""What there is to tell; a text is told as it is."""


def worded(message: Message, words: Words) -> str:
    """Put a message into words."""
    match message:
        case str():
            return message
        case SessionEnded(reason=ended):
            return words.endings[ended]
        case SignInRefused(reason=refusal, retry_after_s=seconds):
            text = words.refusals.get(refusal, str(message))
            return text.format(seconds=math.ceil(seconds))
        case ControlError():
            return f"{words.unreachable} ({message})"
        case EdgeError():
            return f"{words.session_over} ({message})"
        case _:
            assert_never(message)
