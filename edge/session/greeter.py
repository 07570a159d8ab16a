"""Asking who it is: the form of the greeter, and of the lock over a session."""

import asyncio

from edge.display import screens
from edge.display.page import Look, Screen
from edge.display.screens import SignInView
from edge.geometry import Size
from edge.input.form import Field, SignInForm, Submitted
from edge.session.own_screens import OwnScreens
from edge.session.wording import Message, worded


class Greeter:
    """Shows the form until a name and a code are submitted.

    `user` is typed in advance; with `remember`, it is whoever was let in last. `trouble` stands below the form while
    there is nothing to say about the last try.
    """

    def __init__(self, own: OwnScreens, user: str, *, remember: bool) -> None:
        self._own = own
        self._user, self._remember = user, remember
        self._form = SignInForm(name=user).refused()
        self._locked_for = ""
        self._keys = False
        self._message: Message = ""
        self._trouble = ""
        self._open = False
        self._submitted: asyncio.Queue[Submitted] = asyncio.Queue()

    @property
    def message(self) -> str:
        """What stands below the form."""
        return worded(self._message, self._own.look.words) or self._trouble

    @property
    def view(self) -> SignInView:
        """What is to be seen of it."""
        form = self._form
        return SignInView(
            form.name, len(form.code), form.focus is Field.CODE, self.message, self._locked_for, self._keys
        )

    def greet(self, message: Message = "") -> None:
        """Show an empty form, but for the name that the policy lets stand there."""
        self._open_for(self._user, "", message)

    def lock(self, user: str) -> None:
        """Show the form over the session of `user`."""
        self._open_for(user, user, "")

    def refuse(self, message: Message) -> None:
        """Show the form again after a refusal: the name stays, and the message says why."""
        self._message, self._open = message, True
        self._show()

    def let_in(self, user: str) -> None:
        """Note that a user is in, and close the form."""
        if self._remember:
            self._user = user
        self._form, self._message = SignInForm(), ""

    def note_trouble(self, trouble: str) -> None:
        """Say what keeps anybody from signing in, "" for nothing."""
        if trouble != self._trouble:
            self._trouble = trouble
            if self._open:
                self._show()

    async def submitted(self) -> Submitted:
        """Wait for a name and a code; the form is gone then."""
        return await self._submitted.get()

    def close(self) -> None:
        """Take no more names and codes, nor what was submitted and nobody has read yet; another has the screen."""
        self._open = False
        self._drop_submitted()

    def _open_for(self, name: str, locked_for: str, message: Message) -> None:
        self._drop_submitted()
        self._form = SignInForm(name=name).refused()
        self._locked_for, self._message, self._keys, self._open = locked_for, message, False, True
        self._show()

    def _drop_submitted(self) -> None:
        while not self._submitted.empty():
            self._submitted.get_nowait()

    def _typed(self, keysym: int, pointed: bool) -> None:
        if not self._open:
            return
        self._keys = pointed
        typed = self._form.typed(keysym)
        if isinstance(typed, Submitted):
            # The code is used up now: Enter once more must not send it again.
            self._form, self._open = SignInForm(name=typed.name).refused(), False
            self._submitted.put_nowait(typed)
            return
        if typed != self._form:
            self._message = ""
        self._form = typed
        self._show()

    def _show(self) -> None:
        self._own.show(self._draw, self._typed)

    def _draw(self, size: Size, look: Look) -> Screen:
        return screens.sign_in(size, look, self.view)
