"""One graphics card: the kernel's requests as methods, its objects as values.

Source: Linux, Documentation/gpu/drm-kms.rst and drm-uapi.rst; include/uapi/drm/drm_mode.h.
"""

import errno
import fcntl
import mmap
import os
from ctypes import Array, Structure, addressof, c_uint8, c_uint32, c_uint64, sizeof
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.display.kms import uapi
from edge.display.kms.uapi import Capability, ClientCapability, Connection, ObjectType, Request
from edge.errors import DisplayError
from edge.geometry import Size

_MOST_OBJECTS = 1024
"""A driver that counts more of anything than this is broken."""
_EVENT_BYTES = 1024


class Device(Protocol):
    """The open file of a card; a fake one stands in for it where there is none."""

    def ioctl(self, request: Request, argument: Structure | None) -> None:
        """Make a request, whose answer is in `argument` then; raises `OSError`."""

    def map(self, offset: int, length_bytes: int) -> memoryview:
        """Map memory of a buffer, to be written to."""

    def read(self) -> bytes:
        """Read the events that are there; b"" if there are none."""

    def fileno(self) -> int:
        """Return the file's number, to wait for events."""

    def close(self) -> None:
        """Close it; the kernel then takes back whatever was made through it."""


class DeviceFile:
    """A card's node under /dev/dri."""

    def __init__(self, path: Path) -> None:
        """Open it; raises `OSError`."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)

    def ioctl(self, request: Request, argument: Structure | None) -> None:
        """Make a request; Python repeats it where a signal interrupts it."""
        fcntl.ioctl(self._descriptor, request, 0 if argument is None else argument)

    def map(self, offset: int, length_bytes: int) -> memoryview:
        """Map memory of a buffer."""
        return memoryview(mmap.mmap(self._descriptor, length_bytes, offset=offset))

    def read(self) -> bytes:
        """Read the events that are there."""
        try:
            return os.read(self._descriptor, _EVENT_BYTES)
        except BlockingIOError:
            return b""

    def fileno(self) -> int:
        """Return the file's number."""
        return self._descriptor

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to drive a monitor; `info` is what the kernel calls it."""

    size: Size
    hz: int
    preferred: bool
    interlaced: bool
    info: bytes

    @classmethod
    def of(cls, info: uapi.ModeInfo) -> "Mode":
        """Read the kernel's structure."""
        return cls(
            Size(info.hdisplay, info.vdisplay),
            info.vrefresh,
            bool(info.type & uapi.ModeType.PREFERRED),
            bool(info.flags & uapi.INTERLACED),
            bytes(info),
        )

    def __str__(self) -> str:
        return f"{self.size}@{self.hz}" + ("i" if self.interlaced else "")


@dataclass(frozen=True, slots=True)
class Connector:
    """A socket of the card, and the monitor in it."""

    id: int
    name: str
    connection: Connection
    modes: tuple[Mode, ...]
    #: Those that the present encoder and the other ones lead to, as bits by the CRTC's place in `Card.crtcs`.
    possible_crtcs: int


@dataclass(frozen=True, slots=True)
class Plane:
    """A layer of what a CRTC shows."""

    id: int
    kind: uapi.PlaneType
    formats: tuple[int, ...]
    possible_crtcs: int


@dataclass(frozen=True, slots=True)
class Property:
    """A property's number, and its value when it was read."""

    id: int
    value: int


# include/uapi/drm/drm_mode.h, DRM_MODE_CONNECTOR_*; the words are those of /sys/class/drm.
_CONNECTORS = (
    "Unknown", "VGA", "DVI-I", "DVI-D", "DVI-A", "Composite", "SVIDEO", "LVDS", "Component", "DIN", "DP", "HDMI-A",
    "HDMI-B", "TV", "eDP", "Virtual", "DSI", "DPI", "Writeback", "SPI", "USB",
)  # fmt: skip


class Card:
    """A card that can scan out memory that the processor has drawn ("dumb buffers"); the kernel checks the rest.

    `atomic` says which of the kernel's two interfaces its driver has. Methods raise `DisplayError` with the request
    that failed and why.
    """

    def __init__(self, device: Device, name: str) -> None:
        """Take over an open card; raises `DisplayError` if it has no screen, or no dumb buffers."""
        self.name = name
        self._device = device
        if not self.capability(Capability.DUMB_BUFFER):
            raise DisplayError(f"{name} has no dumb buffers: it cannot show what the processor draws")
        self._announce(ClientCapability.UNIVERSAL_PLANES)
        self.atomic = self._announce(ClientCapability.ATOMIC)
        found = uapi.CardResources()
        self.request(Request.MODE_GETRESOURCES, found)
        crtcs, connectors = _numbers(found.count_crtcs), _numbers(found.count_connectors)
        again = uapi.CardResources(
            crtc_id_ptr=addressof(crtcs),
            count_crtcs=len(crtcs),
            connector_id_ptr=addressof(connectors),
            count_connectors=len(connectors),
        )
        self.request(Request.MODE_GETRESOURCES, again)
        self.crtcs = tuple(crtcs[: again.count_crtcs])
        self._connectors = tuple(connectors[: again.count_connectors])
        if not self.crtcs or not self._connectors:
            raise DisplayError(f"{name} has no connector to plug a monitor into: it renders only")
        self.most = Size(found.max_width, found.max_height)

    def request(self, request: Request, argument: Structure | None = None) -> None:
        """Make a request; raises `DisplayError`."""
        try:
            self._device.ioctl(request, argument)
        except OSError as error:
            advice = ""
            if error.errno in (errno.EACCES, errno.EPERM):
                advice = (
                    "; another program has the screen (stop it, or switch to its console), "
                    "or the user is not in the group video"
                )
            raise DisplayError(f"{self.name}: {request.name}: {os.strerror(error.errno or 0)}{advice}") from error

    def capability(self, capability: Capability) -> int:
        """Ask for one of the driver's capabilities; 0 for one that it does not know."""
        asked = uapi.GetCap(capability=capability)
        try:
            self._device.ioctl(Request.GET_CAP, asked)
        except OSError:
            return 0
        return int(asked.value)

    def _announce(self, capability: ClientCapability) -> bool:
        try:
            self._device.ioctl(Request.SET_CLIENT_CAP, uapi.GetCap(capability=capability, value=1))
        except OSError:
            return False
        return True

    def connectors(self) -> list[Connector]:
        """Look at every connector again; the kernel asks the monitors."""
        return [self._connector(number) for number in self._connectors]

    def _connector(self, number: int) -> Connector:
        while True:
            counted = uapi.Connector(connector_id=number)
            self.request(Request.MODE_GETCONNECTOR, counted)
            modes = (uapi.ModeInfo * _checked(counted.count_modes))()
            encoders = _numbers(counted.count_encoders)
            found = uapi.Connector(
                connector_id=number,
                modes_ptr=addressof(modes),
                count_modes=len(modes),
                encoders_ptr=addressof(encoders),
                count_encoders=len(encoders),
            )
            self.request(Request.MODE_GETCONNECTOR, found)
            # A monitor that was plugged in between the two requests has more modes than there was room for.
            if found.count_modes <= len(modes) and found.count_encoders <= len(encoders):
                break
        possible = 0
        for encoder in encoders[: found.count_encoders]:
            asked = uapi.Encoder(encoder_id=encoder)
            self.request(Request.MODE_GETENCODER, asked)
            possible |= asked.possible_crtcs
        kind = _CONNECTORS[found.connector_type] if found.connector_type < len(_CONNECTORS) else "Unknown"
        try:
            connection = Connection(found.connection)
        except ValueError:
            connection = Connection.UNKNOWN
        return Connector(
            number,
            f"{kind}-{found.connector_type_id}",
            connection,
            tuple(Mode.of(mode) for mode in modes[: found.count_modes]),
            possible,
        )

    def planes(self) -> list[Plane]:
        """List the planes of every kind."""
        counted = uapi.PlaneResources()
        self.request(Request.MODE_GETPLANERESOURCES, counted)
        numbers = _numbers(counted.count_planes)
        found = uapi.PlaneResources(plane_id_ptr=addressof(numbers), count_planes=len(numbers))
        self.request(Request.MODE_GETPLANERESOURCES, found)
        return [self._plane(number) for number in numbers[: found.count_planes]]

    def _plane(self, number: int) -> Plane:
        counted = uapi.Plane(plane_id=number)
        self.request(Request.MODE_GETPLANE, counted)
        formats = _numbers(counted.count_format_types)
        found = uapi.Plane(plane_id=number, format_type_ptr=addressof(formats), count_format_types=len(formats))
        self.request(Request.MODE_GETPLANE, found)
        kind = self.properties(number, ObjectType.PLANE).get("type")
        return Plane(
            number,
            uapi.PlaneType(kind.value) if kind else uapi.PlaneType.OVERLAY,
            tuple(formats[: found.count_format_types]),
            found.possible_crtcs,
        )

    def properties(self, number: int, kind: ObjectType) -> dict[str, Property]:
        """Read an object's properties by name."""
        counted = uapi.ObjectProperties(obj_id=number, obj_type=kind)
        self.request(Request.MODE_OBJ_GETPROPERTIES, counted)
        numbers, values = _numbers(counted.count_props), (c_uint64 * _checked(counted.count_props))()
        found = uapi.ObjectProperties(
            obj_id=number,
            obj_type=kind,
            props_ptr=addressof(numbers),
            prop_values_ptr=addressof(values),
            count_props=len(numbers),
        )
        self.request(Request.MODE_OBJ_GETPROPERTIES, found)
        properties = {}
        for each, value in zip(numbers[: found.count_props], values, strict=False):
            asked = uapi.Property(prop_id=each)
            self.request(Request.MODE_GETPROPERTY, asked)
            properties[asked.name.decode("ascii", "replace")] = Property(each, value)
        return properties

    def map(self, offset: int, length_bytes: int) -> memoryview:
        """Map memory of a dumb buffer; raises `DisplayError`."""
        try:
            return self._device.map(offset, length_bytes)
        except OSError as error:
            raise DisplayError(f"{self.name}: cannot map a buffer of {length_bytes} bytes: {error.strerror}") from error

    def blob(self, data: bytes) -> int:
        """Hand data to the kernel, and return its number."""
        copy = (c_uint8 * len(data)).from_buffer_copy(data)
        made = uapi.CreateBlob(data=addressof(copy), length=len(data))
        self.request(Request.MODE_CREATEPROPBLOB, made)
        return int(made.blob_id)

    def destroy_blob(self, number: int) -> None:
        """Take it back."""
        self.request(Request.MODE_DESTROYPROPBLOB, uapi.DestroyDumb(handle=number))

    def flips(self) -> int:
        """Read what events there are, and count the flips that are done."""
        done, data = 0, self._device.read()
        while len(data) >= sizeof(uapi.VblankEvent):
            event = uapi.VblankEvent.from_buffer_copy(data)
            done += event.type == uapi.FLIP_COMPLETE
            data = data[max(event.length, sizeof(uapi.VblankEvent)) :]
        return done

    def fileno(self) -> int:
        """Return the number of the card's file, which is readable when a flip is done."""
        return self._device.fileno()

    def close(self) -> None:
        """Give the screen back: the kernel's console shows again."""
        self._device.close()


def _checked(count: int) -> int:
    if count > _MOST_OBJECTS:
        raise DisplayError(f"the graphics driver counts {count} objects of one kind, more than {_MOST_OBJECTS}")
    return count


def _numbers(count: int) -> "Array[c_uint32]":
    return (c_uint32 * _checked(count))()
