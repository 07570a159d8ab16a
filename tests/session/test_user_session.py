"""What a user's session makes of answers that no broker of the same version gives."""

import pytest

from edge.control.messages import SignInGranted, encode
from edge.errors import ControlError
from edge.session.user_session import UserSession


class Bus:
    """Gives one answer to every request."""

    async def request(self, topic: str, body: bytes, *, timeout_s: float) -> bytes:
        return encode(SignInGranted(desktops=("kim",)))


async def test_answer_without_a_ticket_is_a_loss_and_no_fault_of_the_program():
    user = UserSession(Bus(), "desk-1", "kim", 1.0, lambda: 0.0)
    await user.sign_in("123456")
    user.choose("kim")
    with pytest.raises(ControlError, match="'kim' without a ticket"):
        await user.endpoint()
