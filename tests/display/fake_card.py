"""A graphics card in memory, as strict as the kernel where a client can go wrong."""

import ctypes
import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from edge.display.kms import uapi
from edge.display.kms.uapi import Atomic, Capability, ClientCapability, Connection, ObjectType, PlaneType, Request
from edge.geometry import Size
from edge.pixels import Picture

S = TypeVar("S", bound=ctypes.Structure)

CRTC, OTHER_CRTC, CONNECTOR, ENCODER, PRIMARY, OVERLAY = 41, 42, 51, 61, 71, 72
_PLANE_PROPERTIES = (
    "type", "FB_ID", "CRTC_ID", "SRC_X", "SRC_Y", "SRC_W", "SRC_H", "CRTC_X", "CRTC_Y", "CRTC_W", "CRTC_H",
    "FB_DAMAGE_CLIPS",
)  # fmt: skip
_CONNECTOR_PROPERTIES, _CRTC_PROPERTIES = ("EDID", "DPMS", "CRTC_ID"), ("ACTIVE", "MODE_ID")


def mode(size: Size, hz: int = 60, *, preferred: bool = False, interlaced: bool = False) -> uapi.ModeInfo:
    """One of a monitor's modes."""
    return uapi.ModeInfo(
        hdisplay=size.width,
        vdisplay=size.height,
        vrefresh=hz,
        type=uapi.ModeType.PREFERRED if preferred else 0,
        flags=uapi.INTERLACED if interlaced else 0,
        name=str(size).encode(),
    )


@dataclass
class _Buffer:
    size: Size
    bits: int
    pitch: int
    memory: bytearray


@dataclass
class FakeCard:
    """`modes` is the monitor that is plugged in, empty for none; the rest is what its driver can do.

    `flips` counts those asked for, `damages` are the rectangles (x1, y1, x2, y2) that came with each. A flip ends when
    `vertical_blank` is called, or at once if `blank_at_once`.
    """

    modes: list[uapi.ModeInfo] = field(default_factory=lambda: [mode(Size(64, 48), preferred=True)])
    atomic: bool = True
    formats: tuple[int, ...] = (uapi.ARGB8888, uapi.XRGB8888)
    dumb: bool = True
    connector_type: int = 11
    blank_at_once: bool = True
    #: Errors that the next such requests meet.
    refusals: dict[Request, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.flips = 0
        self.damages: list[list[tuple[int, int, int, int]]] = []
        self.fb_id = 0
        self.closed = False
        self._next = 100
        self._buffers: dict[int, _Buffer] = {}
        self._framebuffers: dict[int, tuple[int, uapi.Framebuffer]] = {}
        self._blobs: dict[int, bytes] = {}
        self._active: Size | None = None
        self._pending = False
        self._client_atomic = False
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._theirs.setblocking(False)
        names = dict.fromkeys((*_PLANE_PROPERTIES, *_CONNECTOR_PROPERTIES, *_CRTC_PROPERTIES))
        self._property_ids = {name: 200 + number for number, name in enumerate(names)}

    # What a client does to it.

    def ioctl(self, request: Request, argument: ctypes.Structure) -> None:
        if (refusal := self.refusals.get(request)) is not None:
            raise OSError(refusal, os.strerror(refusal))
        getattr(self, f"_{request.name.lower()}")(argument)

    def map(self, offset: int, length_bytes: int) -> memoryview:
        memory = self._buffers[offset >> 32].memory
        if length_bytes > len(memory):
            raise OSError(errno.EINVAL, "too long")
        return memoryview(memory)

    def read(self) -> bytes:
        try:
            return self._theirs.recv(1024)
        except BlockingIOError:
            return b""

    def fileno(self) -> int:
        return self._theirs.fileno()

    def close(self) -> None:
        self.closed = True
        self._ours.close()
        self._theirs.close()

    # What its world does to it, and what the monitor shows.

    def vertical_blank(self) -> None:
        """Let the flip that was asked for happen."""
        if self._pending:
            self._pending = False
            length = ctypes.sizeof(uapi.VblankEvent)
            self._ours.send(bytes(uapi.VblankEvent(type=uapi.FLIP_COMPLETE, length=length)))

    @property
    def shown(self) -> Picture | None:
        """The picture on the monitor, None if it is off."""
        if self._active is None or not self.fb_id:
            return None
        handle, framebuffer = self._framebuffers[self.fb_id]
        buffer = self._buffers[handle]
        rows = np.frombuffer(bytes(buffer.memory), dtype=np.uint8).reshape(buffer.size.height, buffer.pitch)
        if framebuffer.pixel_format == uapi.RGB565:
            packed = rows[:, : buffer.size.width * 2].copy().view(np.uint16).astype(np.uint32)
            red, green, blue = packed >> 11, packed >> 5 & 63, packed & 31
            return (red << 19) | (green << 10) | (blue << 3)
        return rows[:, : buffer.size.width * 4].copy().view(np.uint32) & 0xFFFFFF

    @property
    def buffers(self) -> int:
        """Buffers that were not given back."""
        return len(self._buffers)

    # The requests.

    def _get_cap(self, asked: uapi.GetCap) -> None:
        asked.value = int(self.dumb) if asked.capability == Capability.DUMB_BUFFER else 64

    def _set_client_cap(self, asked: uapi.GetCap) -> None:
        if asked.capability == ClientCapability.ATOMIC:
            self._refuse_unless(self.atomic, errno.EOPNOTSUPP)
            self._client_atomic = True

    def _mode_getresources(self, found: uapi.CardResources) -> None:
        found.max_width = found.max_height = 8192
        found.count_crtcs = _fill(found.crtc_id_ptr, found.count_crtcs, (CRTC, OTHER_CRTC))
        found.count_connectors = _fill(found.connector_id_ptr, found.count_connectors, (CONNECTOR,))
        found.count_encoders = 1

    def _mode_getconnector(self, found: uapi.Connector) -> None:
        self._refuse_unless(found.connector_id == CONNECTOR, errno.ENOENT)
        found.connector_type, found.connector_type_id = self.connector_type, 1
        found.connection = Connection.CONNECTED if self.modes else Connection.DISCONNECTED
        found.count_encoders = _fill(found.encoders_ptr, found.count_encoders, (ENCODER,))
        if found.count_modes >= len(self.modes) > 0:
            ctypes.memmove(found.modes_ptr, b"".join(map(bytes, self.modes)), len(self.modes) * 68)
        found.count_modes = len(self.modes)

    def _mode_getencoder(self, found: uapi.Encoder) -> None:
        self._refuse_unless(found.encoder_id == ENCODER, errno.ENOENT)
        found.possible_crtcs = 0b10

    def _mode_getplaneresources(self, found: uapi.PlaneResources) -> None:
        found.count_planes = _fill(found.plane_id_ptr, found.count_planes, (OVERLAY, PRIMARY))

    def _mode_getplane(self, found: uapi.Plane) -> None:
        found.possible_crtcs = 0b10
        found.count_format_types = _fill(found.format_type_ptr, found.count_format_types, self.formats)

    def _mode_obj_getproperties(self, found: uapi.ObjectProperties) -> None:
        names = {
            ObjectType.PLANE: _PLANE_PROPERTIES,
            ObjectType.CRTC: _CRTC_PROPERTIES,
            ObjectType.CONNECTOR: _CONNECTOR_PROPERTIES,
        }[ObjectType(found.obj_type)]
        room = found.count_props
        found.count_props = _fill(found.props_ptr, room, [self._property_ids[name] for name in names])
        kind = PlaneType.PRIMARY if found.obj_id == PRIMARY else PlaneType.OVERLAY
        values = [kind if name == "type" else 0 for name in names]
        if room >= len(values):
            array = (ctypes.c_uint64 * len(values))(*values)
            ctypes.memmove(found.prop_values_ptr, array, ctypes.sizeof(array))

    def _mode_getproperty(self, found: uapi.Property) -> None:
        found.name = next(name for name, number in self._property_ids.items() if number == found.prop_id).encode()

    def _mode_create_dumb(self, made: uapi.CreateDumb) -> None:
        # Rows are padded, as drivers do.
        made.pitch = -(-made.width * made.bpp // 8 // 64) * 64 + 64
        made.size, made.handle = made.pitch * made.height, self._number()
        self._buffers[made.handle] = _Buffer(
            Size(made.width, made.height), made.bpp, made.pitch, bytearray(b"\xee" * made.size)
        )

    def _mode_map_dumb(self, asked: uapi.MapDumb) -> None:
        self._refuse_unless(asked.handle in self._buffers, errno.ENOENT)
        asked.offset = asked.handle << 32

    def _mode_destroy_dumb(self, gone: uapi.DestroyDumb) -> None:
        self._refuse_unless(self._buffers.pop(gone.handle, None) is not None, errno.ENOENT)

    def _mode_addfb2(self, made: uapi.Framebuffer) -> None:
        buffer = self._buffers.get(made.handles[0])
        self._refuse_unless(buffer is not None and made.pixel_format in self.formats, errno.EINVAL)
        assert buffer is not None
        self._refuse_unless(made.pitches[0] == buffer.pitch and made.height <= buffer.size.height, errno.EINVAL)
        made.fb_id = self._number()
        self._framebuffers[made.fb_id] = (made.handles[0], uapi.Framebuffer.from_buffer_copy(made))

    def _mode_rmfb(self, gone: uapi.DestroyDumb) -> None:
        self._refuse_unless(self._framebuffers.pop(gone.handle, None) is not None, errno.ENOENT)
        if self.fb_id == gone.handle:
            self.fb_id, self._active = 0, None

    def _mode_createpropblob(self, made: uapi.CreateBlob) -> None:
        made.blob_id = self._number()
        self._blobs[made.blob_id] = ctypes.string_at(made.data, made.length)

    def _mode_destroypropblob(self, gone: uapi.DestroyDumb) -> None:
        self._refuse_unless(self._blobs.pop(gone.handle, None) is not None, errno.ENOENT)

    def _mode_setcrtc(self, asked: uapi.Crtc) -> None:
        self._refuse_unless(asked.crtc_id == OTHER_CRTC, errno.EINVAL)
        if not asked.mode_valid:
            self._active = None
            return
        connectors = (ctypes.c_uint32 * asked.count_connectors).from_address(asked.set_connectors_ptr)
        self._refuse_unless(list(connectors) == [CONNECTOR], errno.EINVAL)
        self._set_mode(asked.mode, asked.fb_id)

    def _mode_page_flip(self, asked: uapi.PageFlip) -> None:
        self._refuse_unless(asked.flags == Atomic.PAGE_FLIP_EVENT, errno.EINVAL)
        self._flip(asked.fb_id, 0)

    def _mode_atomic(self, commit: uapi.AtomicCommit) -> None:
        self._refuse_unless(self._client_atomic, errno.EOPNOTSUPP)
        changes = self._changes(commit)
        if commit.flags & Atomic.ALLOW_MODESET:
            if not changes["ACTIVE"]:
                self._active = None
                return
            info = uapi.ModeInfo.from_buffer_copy(self._blobs[changes["MODE_ID"]])
            self._refuse_unless(changes["CRTC_ID"] == OTHER_CRTC, errno.EINVAL)
            width, height = changes["SRC_W"] >> 16, changes["SRC_H"] >> 16
            self._refuse_unless((width, height) == (info.hdisplay, info.vdisplay), errno.EINVAL)
            self._set_mode(info, changes["FB_ID"])
        else:
            self._flip(changes["FB_ID"], changes.get("FB_DAMAGE_CLIPS", 0))

    def _changes(self, commit: uapi.AtomicCommit) -> dict[str, int]:
        counts = (ctypes.c_uint32 * commit.count_objs).from_address(commit.count_props_ptr)
        total = sum(counts)
        numbers = (ctypes.c_uint32 * total).from_address(commit.props_ptr)
        values = (ctypes.c_uint64 * total).from_address(commit.prop_values_ptr)
        names = {number: name for name, number in self._property_ids.items()}
        return {names[number]: value for number, value in zip(numbers, values, strict=True)}

    def _set_mode(self, info: uapi.ModeInfo, fb_id: int) -> None:
        self._refuse_unless(bytes(info) in map(bytes, self.modes), errno.EINVAL)
        size = Size(info.hdisplay, info.vdisplay)
        framebuffer = self._framebuffers[fb_id][1]
        self._refuse_unless((framebuffer.width, framebuffer.height) == (size.width, size.height), errno.ENOSPC)
        self._active, self.fb_id, self._pending = size, fb_id, False

    def _flip(self, fb_id: int, clips: int) -> None:
        self._refuse_unless(not self._pending, errno.EBUSY)
        self._refuse_unless(self._active is not None and fb_id in self._framebuffers, errno.EINVAL)
        data = self._blobs.get(clips, b"")
        rects = (uapi.ModeRect * (len(data) // 16)).from_buffer_copy(data)
        self.damages.append([(each.x1, each.y1, each.x2, each.y2) for each in rects])
        self.flips += 1
        self.fb_id, self._pending = fb_id, True
        if self.blank_at_once:
            self.vertical_blank()

    def _number(self) -> int:
        self._next += 1
        return self._next

    @staticmethod
    def _refuse_unless(allowed: bool, number: int) -> None:
        if not allowed:
            raise OSError(number, os.strerror(number))


def _fill(address: int, room: int, numbers: Iterable[int]) -> int:
    """Write numbers where there is room for all of them, as the kernel does, and return how many there are."""
    array = (ctypes.c_uint32 * len(tuple(numbers)))(*numbers)
    if room >= len(array) > 0:
        ctypes.memmove(address, array, ctypes.sizeof(array))
    return len(array)
