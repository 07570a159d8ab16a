"""The password and the user name of a connection, at the moment when a security type asks for them."""

from edge.errors import AuthenticationFailed
from edge.rfb.settings import ConnectionSettings


def password(settings: ConnectionSettings, longest_bytes: int | None = None) -> bytes:
    """Return the password; raises `AuthenticationFailed` where there is none to answer with, or more than fits."""
    if not settings.password:
        raise AuthenticationFailed("the server asks for a VNC password and none was given; give one (--password-file)")
    if longest_bytes is not None and len(settings.password) > longest_bytes:
        raise AuthenticationFailed(f"the password is longer than the {longest_bytes} bytes that fit")
    return settings.password


def user_and_password(settings: ConnectionSettings, longest_bytes: int) -> tuple[bytes, bytes]:
    """Return both, the name in UTF-8; raises `AuthenticationFailed` if one is missing or longer than fits."""
    if settings.user is None or not settings.password:
        raise AuthenticationFailed(
            "the server asks for a user name and a password, and not both were given (--user, --password-file)"
        )
    both = settings.user.encode(), settings.password
    if max(map(len, both)) > longest_bytes:
        raise AuthenticationFailed(f"the user name or the password is longer than the {longest_bytes} bytes that fit")
    return both
