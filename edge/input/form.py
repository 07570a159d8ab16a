"""What the user types to sign in: a name and a code, as state without a screen."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from edge.input.keymap import Key, character_of

# A name of the broker's is at most 64 characters; a recovery code is longer than the six digits of a TOTP code.
NAME_CHARACTERS = 64
CODE_CHARACTERS = 32


class Field(StrEnum):
    """The form's fields, in the order of Tab."""

    NAME = "name"
    CODE = "code"

    @property
    def other(self) -> "Field":
        """The field that Tab goes to, in either direction."""
        return Field.CODE if self is Field.NAME else Field.NAME


@dataclass(frozen=True, slots=True)
class Submitted:
    """The user asks to be signed in as `name`."""

    name: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignInForm:
    """The form's state; keys give a new one. The code is in no repr."""

    name: str = ""
    code: str = field(default="", repr=False)
    focus: Field = Field.NAME

    def typed(self, keysym: int) -> "SignInForm | Submitted":
        """Take a key that went down; keys that mean nothing here change nothing."""
        match keysym:
            case Key.TAB | Key.ISO_LEFT_TAB | Key.UP | Key.DOWN:
                return replace(self, focus=self.focus.other)
            case Key.RETURN | Key.KP_ENTER:
                return self._entered()
            case Key.BACKSPACE:
                return self._with(self._text[:-1])
            case Key.ESCAPE:
                return self._with("")
            case _:
                character = character_of(keysym)
                return self if character is None else self._with(self._text + character)

    def refused(self) -> "SignInForm":
        """Return the form to show after a refusal: the name stays, the code is used up."""
        return SignInForm(name=self.name, focus=Field.CODE if self.name else Field.NAME)

    @property
    def _text(self) -> str:
        return self.name if self.focus is Field.NAME else self.code

    def _with(self, text: str) -> "SignInForm":
        match self.focus:
            case Field.NAME:
                return replace(self, name=text[:NAME_CHARACTERS])
            case Field.CODE:
                # Codes are read aloud and shown in groups; neither the broker nor the user counts the gaps.
                return replace(self, code=text.replace(" ", "")[:CODE_CHARACTERS])
            case _:
                assert_never(self.focus)

    def _entered(self) -> "SignInForm | Submitted":
        """Go to the first field that is empty; submit when none is."""
        name = self.name.strip()
        if not name:
            return replace(self, focus=Field.NAME)
        if not self.code:
            return replace(self, focus=Field.CODE)
        return Submitted(name, self.code)
