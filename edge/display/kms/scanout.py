"""Putting a buffer on the monitor, by whichever of the kernel's two interfaces the driver has.

Source: Linux, Documentation/gpu/drm-kms.rst, "Atomic Mode Setting" and "Legacy Interfaces".
"""

from collections.abc import Mapping, Sequence
from ctypes import addressof, c_uint32, c_uint64
from typing import Protocol

from edge.display.kms import uapi
from edge.display.kms.buffer import DumbBuffer
from edge.display.kms.card import Card, Property
from edge.display.kms.pipe import Pipe
from edge.display.kms.uapi import Atomic, ObjectType, Request
from edge.errors import DisplayError
from edge.geometry import Rect

# Properties count coordinates in a buffer as 16.16 fixed point.
_FIXED = 16


class Scanout(Protocol):
    """One pipe at work."""

    def start(self, buffer: DumbBuffer) -> None:
        """Set the mode and show `buffer`; blocks until that is so. Raises `DisplayError`."""

    def flip(self, buffer: DumbBuffer, damage: Sequence[Rect]) -> None:
        """Show `buffer` from the next vertical blank on, which `Card.flips` then counts; `damage` is what differs."""

    def stop(self) -> None:
        """Switch the monitor off."""


def open_scanout(card: Card, pipe: Pipe) -> Scanout:
    """Take the atomic interface where there is one."""
    return AtomicScanout(card, pipe) if card.atomic else LegacyScanout(card, pipe)


class AtomicScanout:
    """By DRM_IOCTL_MODE_ATOMIC: all or nothing, and only what is damaged is looked at by drivers that copy."""

    def __init__(self, card: Card, pipe: Pipe) -> None:
        self._card, self._pipe = card, pipe
        self._connector = card.properties(pipe.connector.id, ObjectType.CONNECTOR)
        self._crtc = card.properties(pipe.crtc_id, ObjectType.CRTC)
        self._plane = card.properties(pipe.primary.id, ObjectType.PLANE)

    def start(self, buffer: DumbBuffer) -> None:
        """Set the mode."""
        size = self._pipe.mode.size
        mode = self._card.blob(self._pipe.mode.info)
        try:
            self._commit(
                {
                    (self._pipe.connector.id, "CRTC_ID"): self._pipe.crtc_id,
                    (self._pipe.crtc_id, "MODE_ID"): mode,
                    (self._pipe.crtc_id, "ACTIVE"): 1,
                    (self._pipe.primary.id, "FB_ID"): buffer.fb_id,
                    (self._pipe.primary.id, "CRTC_ID"): self._pipe.crtc_id,
                    (self._pipe.primary.id, "SRC_X"): 0,
                    (self._pipe.primary.id, "SRC_Y"): 0,
                    (self._pipe.primary.id, "SRC_W"): size.width << _FIXED,
                    (self._pipe.primary.id, "SRC_H"): size.height << _FIXED,
                    (self._pipe.primary.id, "CRTC_X"): 0,
                    (self._pipe.primary.id, "CRTC_Y"): 0,
                    (self._pipe.primary.id, "CRTC_W"): size.width,
                    (self._pipe.primary.id, "CRTC_H"): size.height,
                },
                Atomic.ALLOW_MODESET,
            )
        finally:
            self._card.destroy_blob(mode)

    def flip(self, buffer: DumbBuffer, damage: Sequence[Rect]) -> None:
        """Flip, with the damage where the driver wants to know it."""
        changes = {(self._pipe.primary.id, "FB_ID"): buffer.fb_id}
        clips = 0
        if damage and "FB_DAMAGE_CLIPS" in self._plane:
            rects = b"".join(bytes(uapi.ModeRect(each.x, each.y, each.right, each.bottom)) for each in damage)
            clips = self._card.blob(rects)
            changes[self._pipe.primary.id, "FB_DAMAGE_CLIPS"] = clips
        try:
            self._commit(changes, Atomic.PAGE_FLIP_EVENT | Atomic.NONBLOCK)
        finally:
            if clips:
                self._card.destroy_blob(clips)

    def stop(self) -> None:
        """Switch off."""
        self._commit({(self._pipe.crtc_id, "ACTIVE"): 0}, Atomic.ALLOW_MODESET)

    def _commit(self, changes: Mapping[tuple[int, str], int], flags: Atomic) -> None:
        owners = {self._pipe.connector.id: self._connector, self._pipe.crtc_id: self._crtc}
        owners[self._pipe.primary.id] = self._plane
        objects = [each for each in owners if any(owner == each for owner, _ in changes)]
        by_object = [
            [(self._property(owners[each], name), value) for (owner, name), value in changes.items() if owner == each]
            for each in objects
        ]
        pairs = [pair for properties in by_object for pair in properties]
        numbers = (c_uint32 * len(objects))(*objects)
        counts = (c_uint32 * len(objects))(*(len(properties) for properties in by_object))
        properties = (c_uint32 * len(pairs))(*(number for number, _ in pairs))
        values = (c_uint64 * len(pairs))(*(value for _, value in pairs))
        commit = uapi.AtomicCommit(
            flags=flags,
            count_objs=len(objects),
            objs_ptr=addressof(numbers),
            count_props_ptr=addressof(counts),
            props_ptr=addressof(properties),
            prop_values_ptr=addressof(values),
        )
        self._card.request(Request.MODE_ATOMIC, commit)

    def _property(self, properties: Mapping[str, Property], name: str) -> int:
        try:
            return properties[name].id
        except KeyError:
            raise DisplayError(f"{self._card.name}: its driver is atomic and has no property {name}") from None


class LegacyScanout:
    """By the requests that came before atomic ones: SETCRTC and PAGE_FLIP."""

    def __init__(self, card: Card, pipe: Pipe) -> None:
        self._card, self._pipe = card, pipe

    def start(self, buffer: DumbBuffer) -> None:
        """Set the mode."""
        connectors = (c_uint32 * 1)(self._pipe.connector.id)
        self._card.request(
            Request.MODE_SETCRTC,
            uapi.Crtc(
                crtc_id=self._pipe.crtc_id,
                fb_id=buffer.fb_id,
                set_connectors_ptr=addressof(connectors),
                count_connectors=1,
                mode_valid=1,
                mode=uapi.ModeInfo.from_buffer_copy(self._pipe.mode.info),
            ),
        )

    def flip(self, buffer: DumbBuffer, damage: Sequence[Rect]) -> None:  # noqa: ARG002 - a legacy flip is of everything
        """Flip."""
        self._card.request(
            Request.MODE_PAGE_FLIP,
            uapi.PageFlip(crtc_id=self._pipe.crtc_id, fb_id=buffer.fb_id, flags=Atomic.PAGE_FLIP_EVENT),
        )

    def stop(self) -> None:
        """Switch off."""
        self._card.request(Request.MODE_SETCRTC, uapi.Crtc(crtc_id=self._pipe.crtc_id))
