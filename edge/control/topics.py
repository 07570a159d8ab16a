"""The topics of the bus, as functions of a device's name.

    edge/v1/devices/<id>/status      device -> broker   retained, with a last will and a boot sequence
    edge/v1/devices/<id>/telemetry   device -> broker
    edge/v1/devices/<id>/reported    device -> broker   retained
    edge/v1/devices/<id>/desired     broker -> device   retained
    edge/v1/devices/<id>/jobs        broker -> device
    edge/v1/devices/<id>/replies     broker -> device   answers to the requests below
    edge/v1/sign-in/<id>             device -> broker   request, never retained
    edge/v1/ticket/<id>              device -> broker   request, never retained
    edge/v1/sign-out/<id>            device -> broker   never retained
    edge/v1/renewal/<id>             device -> broker   request, never retained

A device's name is its certificate's common name and its MQTT user name and client id; the bus's access list holds each
device to its own topics, so that the name in a topic can be believed.
"""

import re

from edge.errors import ControlError

ROOT = "edge/v1"
BROKER = "broker"  # the broker's own name on the bus; no device may have it
SIGN_IN_REQUESTS = f"{ROOT}/sign-in/+"
TICKET_REQUESTS = f"{ROOT}/ticket/+"
SIGN_OUTS = f"{ROOT}/sign-out/+"
RENEWAL_REQUESTS = f"{ROOT}/renewal/+"
STATUSES = f"{ROOT}/devices/+/status"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def device_name(text: str) -> str:
    """Return `text` if it can be the name of a device: a lower-case DNS label, and not "broker".

    Raises `ControlError` otherwise. No character that means something in a topic or an access list gets through.
    """
    if not _NAME.fullmatch(text) or text == BROKER:
        raise ControlError(
            f"{text!r} cannot name a device: use 1 to 63 of a-z, 0-9 and '-', not '-' at an end, and not {BROKER!r}"
        )
    return text


def status(device: str) -> str:
    """Where the device says that it is there."""
    return f"{ROOT}/devices/{device}/status"


def telemetry(device: str) -> str:
    """Where the device sends its figures."""
    return f"{ROOT}/devices/{device}/telemetry"


def reported(device: str) -> str:
    """Where the device says which configuration it runs."""
    return f"{ROOT}/devices/{device}/reported"


def desired(device: str) -> str:
    """Where the device finds the configuration that it shall run."""
    return f"{ROOT}/devices/{device}/desired"


def jobs(device: str) -> str:
    """Where the device finds what it shall do once, such as to let go of a session."""
    return f"{ROOT}/devices/{device}/jobs"


def replies(device: str) -> str:
    """Where the device finds the answers to its requests."""
    return f"{ROOT}/devices/{device}/replies"


def sign_in(device: str) -> str:
    """Where the device asks for a desktop in a user's name."""
    return f"{ROOT}/sign-in/{device}"


def ticket(device: str) -> str:
    """Where the device asks for a ticket in a session that is open."""
    return f"{ROOT}/ticket/{device}"


def sign_out(device: str) -> str:
    """Where the device says that its user has gone."""
    return f"{ROOT}/sign-out/{device}"


def renewal(device: str) -> str:
    """Where the device asks for its next certificate."""
    return f"{ROOT}/renewal/{device}"


def device_of(topic: str) -> str:
    """Return the device's name in a topic that one of the functions above made; raises `ControlError`."""
    match topic.split("/"):
        case ["edge", "v1", "devices", name, _] | ["edge", "v1", "sign-in" | "ticket" | "sign-out" | "renewal", name]:
            return device_name(name)
        case _:
            raise ControlError(f"{topic!r} is no topic of {ROOT}")
