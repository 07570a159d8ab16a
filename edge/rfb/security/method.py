"""What a security type or subtype needs before it may be taken, and which of those offered is taken."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar, assert_never

from edge.rfb.security.policy import Security
from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream

Authenticate = Callable[[Stream, ConnectionSettings], Parser[str]]
Number = TypeVar("Number", bound=int)


class Asks(Enum):
    """What a method wants to be told."""

    NOTHING = auto()
    PASSWORD = auto()
    USER_AND_PASSWORD = auto()

    def answered_by(self, settings: ConnectionSettings) -> bool:
        """Tell whether `settings` have it."""
        match self:
            case Asks.NOTHING:
                return True
            case Asks.PASSWORD:
                return bool(settings.password)
            case Asks.USER_AND_PASSWORD:
                return bool(settings.password) and settings.user is not None
        assert_never(self)


@dataclass(frozen=True, slots=True)
class Method:
    """One way to authenticate: any one word of `bare`, or of `in_tls` inside TLS from the first byte, allows it."""

    authenticate: Authenticate
    bare: frozenset[Security]
    in_tls: frozenset[Security] = frozenset()
    asks: Asks = Asks.NOTHING

    def words(self, settings: ConnectionSettings) -> frozenset[Security]:
        """Return the words of which any one allows it on this transport."""
        return self.in_tls if settings.transport_secure else self.bare


def best(
    methods: Mapping[Number, Method], offered: Collection[int], settings: ConnectionSettings
) -> tuple[Number, Method] | None:
    """Take the first of `methods` that is offered, allowed, and asks for nothing that is not there.

    If all that are allowed ask for more, it is the first of them, whose error says what is missing; None if none is.
    """
    allowed = [
        (number, method)
        for number, method in methods.items()
        if number in offered and not settings.security.allowed.isdisjoint(method.words(settings))
    ]
    answered = (each for each in allowed if each[1].asks.answered_by(settings))
    return next(answered, allowed[0] if allowed else None)


def words_for(methods: Mapping[Number, Method], offered: Collection[int], settings: ConnectionSettings) -> str:
    """List the words of the policy that would allow something of what is offered; "" if none would."""
    words = {word for number in methods if number in offered for word in methods[number].words(settings)}
    return " or ".join(sorted(words))
