"""The kernel's own definitions: structures, requests and flags of its mode-setting interface.

Source: Linux, include/uapi/drm/drm.h, drm_mode.h and drm_fourcc.h; names are theirs.
"""

from ctypes import Structure, c_char, c_int32, c_uint16, c_uint32, c_uint64, sizeof
from enum import IntEnum, IntFlag


def fourcc(code: str) -> int:
    """Return the number of a pixel format's four letters."""
    return int.from_bytes(code.encode("ascii"), "little")


XRGB8888 = fourcc("XR24")
RGB565 = fourcc("RG16")
ARGB8888 = fourcc("AR24")


class Capability(IntEnum):
    """What DRM_IOCTL_GET_CAP tells of a driver."""

    DUMB_BUFFER = 1
    CURSOR_WIDTH = 8
    CURSOR_HEIGHT = 9


class ClientCapability(IntEnum):
    """What DRM_IOCTL_SET_CLIENT_CAP tells a driver of its user."""

    UNIVERSAL_PLANES = 2
    ATOMIC = 3
    CURSOR_PLANE_HOTSPOT = 6


class ObjectType(IntEnum):
    """The objects that have properties."""

    CRTC = 0xCCCCCCCC
    CONNECTOR = 0xC0C0C0C0
    PLANE = 0xEEEEEEEE


class Connection(IntEnum):
    """Whether a monitor is plugged in; UNKNOWN is said by connectors that cannot tell."""

    CONNECTED = 1
    DISCONNECTED = 2
    UNKNOWN = 3


class PlaneType(IntEnum):
    """The values of the property "type" of a plane."""

    OVERLAY = 0
    PRIMARY = 1
    CURSOR = 2


class ModeType(IntFlag):
    """Bits of a mode's type; the monitor names one that it prefers."""

    PREFERRED = 1 << 3


class Atomic(IntFlag):
    """Flags of DRM_IOCTL_MODE_ATOMIC, and of a page flip."""

    PAGE_FLIP_EVENT = 0x1
    TEST_ONLY = 0x100
    NONBLOCK = 0x200
    ALLOW_MODESET = 0x400


FLIP_COMPLETE = 2
"""Type of the event that is read from the card when a flip is done."""

INTERLACED = 1 << 4
"""Bit of a mode's flags."""


class GetCap(Structure):
    """struct drm_get_cap, and struct drm_set_client_cap, which is laid out alike."""

    _fields_ = (("capability", c_uint64), ("value", c_uint64))


class CardResources(Structure):
    """struct drm_mode_card_res."""

    _fields_ = (
        ("fb_id_ptr", c_uint64),
        ("crtc_id_ptr", c_uint64),
        ("connector_id_ptr", c_uint64),
        ("encoder_id_ptr", c_uint64),
        ("count_fbs", c_uint32),
        ("count_crtcs", c_uint32),
        ("count_connectors", c_uint32),
        ("count_encoders", c_uint32),
        ("min_width", c_uint32),
        ("max_width", c_uint32),
        ("min_height", c_uint32),
        ("max_height", c_uint32),
    )


class ModeInfo(Structure):
    """struct drm_mode_modeinfo."""

    _fields_ = (
        ("clock", c_uint32),
        ("hdisplay", c_uint16),
        ("hsync_start", c_uint16),
        ("hsync_end", c_uint16),
        ("htotal", c_uint16),
        ("hskew", c_uint16),
        ("vdisplay", c_uint16),
        ("vsync_start", c_uint16),
        ("vsync_end", c_uint16),
        ("vtotal", c_uint16),
        ("vscan", c_uint16),
        ("vrefresh", c_uint32),
        ("flags", c_uint32),
        ("type", c_uint32),
        ("name", c_char * 32),
    )


class Crtc(Structure):
    """struct drm_mode_crtc."""

    _fields_ = (
        ("set_connectors_ptr", c_uint64),
        ("count_connectors", c_uint32),
        ("crtc_id", c_uint32),
        ("fb_id", c_uint32),
        ("x", c_uint32),
        ("y", c_uint32),
        ("gamma_size", c_uint32),
        ("mode_valid", c_uint32),
        ("mode", ModeInfo),
    )


class Encoder(Structure):
    """struct drm_mode_get_encoder."""

    _fields_ = (
        ("encoder_id", c_uint32),
        ("encoder_type", c_uint32),
        ("crtc_id", c_uint32),
        ("possible_crtcs", c_uint32),
        ("possible_clones", c_uint32),
    )


class Connector(Structure):
    """struct drm_mode_get_connector."""

    _fields_ = (
        ("encoders_ptr", c_uint64),
        ("modes_ptr", c_uint64),
        ("props_ptr", c_uint64),
        ("prop_values_ptr", c_uint64),
        ("count_modes", c_uint32),
        ("count_props", c_uint32),
        ("count_encoders", c_uint32),
        ("encoder_id", c_uint32),
        ("connector_id", c_uint32),
        ("connector_type", c_uint32),
        ("connector_type_id", c_uint32),
        ("connection", c_uint32),
        ("mm_width", c_uint32),
        ("mm_height", c_uint32),
        ("subpixel", c_uint32),
        ("pad", c_uint32),
    )


class PlaneResources(Structure):
    """struct drm_mode_get_plane_res."""

    _fields_ = (("plane_id_ptr", c_uint64), ("count_planes", c_uint32))


class Plane(Structure):
    """struct drm_mode_get_plane."""

    _fields_ = (
        ("plane_id", c_uint32),
        ("crtc_id", c_uint32),
        ("fb_id", c_uint32),
        ("possible_crtcs", c_uint32),
        ("gamma_size", c_uint32),
        ("count_format_types", c_uint32),
        ("format_type_ptr", c_uint64),
    )


class Property(Structure):
    """struct drm_mode_get_property."""

    _fields_ = (
        ("values_ptr", c_uint64),
        ("enum_blob_ptr", c_uint64),
        ("prop_id", c_uint32),
        ("flags", c_uint32),
        ("name", c_char * 32),
        ("count_values", c_uint32),
        ("count_enum_blobs", c_uint32),
    )


class ObjectProperties(Structure):
    """struct drm_mode_obj_get_properties."""

    _fields_ = (
        ("props_ptr", c_uint64),
        ("prop_values_ptr", c_uint64),
        ("count_props", c_uint32),
        ("obj_id", c_uint32),
        ("obj_type", c_uint32),
    )


class SetProperty(Structure):
    """struct drm_mode_obj_set_property."""

    _fields_ = (("value", c_uint64), ("prop_id", c_uint32), ("obj_id", c_uint32), ("obj_type", c_uint32))


class Framebuffer(Structure):
    """struct drm_mode_fb_cmd2."""

    _fields_ = (
        ("fb_id", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("pixel_format", c_uint32),
        ("flags", c_uint32),
        ("handles", c_uint32 * 4),
        ("pitches", c_uint32 * 4),
        ("offsets", c_uint32 * 4),
        ("modifier", c_uint64 * 4),
    )


class PageFlip(Structure):
    """struct drm_mode_crtc_page_flip."""

    _fields_ = (
        ("crtc_id", c_uint32),
        ("fb_id", c_uint32),
        ("flags", c_uint32),
        ("reserved", c_uint32),
        ("user_data", c_uint64),
    )


class ClipRect(Structure):
    """struct drm_clip_rect."""

    _fields_ = (("x1", c_uint16), ("y1", c_uint16), ("x2", c_uint16), ("y2", c_uint16))


class ModeRect(Structure):
    """struct drm_mode_rect, of which the property FB_DAMAGE_CLIPS is an array."""

    _fields_ = (("x1", c_int32), ("y1", c_int32), ("x2", c_int32), ("y2", c_int32))


class DirtyFramebuffer(Structure):
    """struct drm_mode_fb_dirty_cmd."""

    _fields_ = (
        ("fb_id", c_uint32),
        ("flags", c_uint32),
        ("color", c_uint32),
        ("num_clips", c_uint32),
        ("clips_ptr", c_uint64),
    )


class CreateDumb(Structure):
    """struct drm_mode_create_dumb."""

    _fields_ = (
        ("height", c_uint32),
        ("width", c_uint32),
        ("bpp", c_uint32),
        ("flags", c_uint32),
        ("handle", c_uint32),
        ("pitch", c_uint32),
        ("size", c_uint64),
    )


class MapDumb(Structure):
    """struct drm_mode_map_dumb."""

    _fields_ = (("handle", c_uint32), ("pad", c_uint32), ("offset", c_uint64))


class DestroyDumb(Structure):
    """struct drm_mode_destroy_dumb; also the one number of DRM_IOCTL_MODE_RMFB and of a blob to destroy."""

    _fields_ = (("handle", c_uint32),)


class Cursor2(Structure):
    """struct drm_mode_cursor2."""

    _fields_ = (
        ("flags", c_uint32),
        ("crtc_id", c_uint32),
        ("x", c_int32),
        ("y", c_int32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("handle", c_uint32),
        ("hot_x", c_int32),
        ("hot_y", c_int32),
    )


class AtomicCommit(Structure):
    """struct drm_mode_atomic."""

    _fields_ = (
        ("flags", c_uint32),
        ("count_objs", c_uint32),
        ("objs_ptr", c_uint64),
        ("count_props_ptr", c_uint64),
        ("props_ptr", c_uint64),
        ("prop_values_ptr", c_uint64),
        ("reserved", c_uint64),
        ("user_data", c_uint64),
    )


class CreateBlob(Structure):
    """struct drm_mode_create_blob."""

    _fields_ = (("data", c_uint64), ("length", c_uint32), ("blob_id", c_uint32))


class VblankEvent(Structure):
    """struct drm_event_vblank, what is read from a card when a flip is done."""

    _fields_ = (
        ("type", c_uint32),
        ("length", c_uint32),
        ("user_data", c_uint64),
        ("tv_sec", c_uint32),
        ("tv_usec", c_uint32),
        ("sequence", c_uint32),
        ("crtc_id", c_uint32),
    )


_WRITE, _READ = 1, 2


def _number(direction: int, number: int, size_bytes: int) -> int:
    """_IOC of asm-generic/ioctl.h for the type 'd'."""
    return direction << 30 | size_bytes << 16 | ord("d") << 8 | number


class Request(IntEnum):
    """The requests that are made of a card, by the kernel's names less DRM_IOCTL_."""

    SET_MASTER = _number(0, 0x1E, 0)
    DROP_MASTER = _number(0, 0x1F, 0)
    GET_CAP = _number(_READ | _WRITE, 0x0C, sizeof(GetCap))
    SET_CLIENT_CAP = _number(_WRITE, 0x0D, sizeof(GetCap))
    MODE_GETRESOURCES = _number(_READ | _WRITE, 0xA0, sizeof(CardResources))
    MODE_GETCRTC = _number(_READ | _WRITE, 0xA1, sizeof(Crtc))
    MODE_SETCRTC = _number(_READ | _WRITE, 0xA2, sizeof(Crtc))
    MODE_GETENCODER = _number(_READ | _WRITE, 0xA6, sizeof(Encoder))
    MODE_GETCONNECTOR = _number(_READ | _WRITE, 0xA7, sizeof(Connector))
    MODE_GETPROPERTY = _number(_READ | _WRITE, 0xAA, sizeof(Property))
    MODE_RMFB = _number(_READ | _WRITE, 0xAF, sizeof(DestroyDumb))
    MODE_PAGE_FLIP = _number(_READ | _WRITE, 0xB0, sizeof(PageFlip))
    MODE_DIRTYFB = _number(_READ | _WRITE, 0xB1, sizeof(DirtyFramebuffer))
    MODE_CREATE_DUMB = _number(_READ | _WRITE, 0xB2, sizeof(CreateDumb))
    MODE_MAP_DUMB = _number(_READ | _WRITE, 0xB3, sizeof(MapDumb))
    MODE_DESTROY_DUMB = _number(_READ | _WRITE, 0xB4, sizeof(DestroyDumb))
    MODE_GETPLANERESOURCES = _number(_READ | _WRITE, 0xB5, sizeof(PlaneResources))
    MODE_GETPLANE = _number(_READ | _WRITE, 0xB6, sizeof(Plane))
    MODE_ADDFB2 = _number(_READ | _WRITE, 0xB8, sizeof(Framebuffer))
    MODE_OBJ_GETPROPERTIES = _number(_READ | _WRITE, 0xB9, sizeof(ObjectProperties))
    MODE_OBJ_SETPROPERTY = _number(_READ | _WRITE, 0xBA, sizeof(SetProperty))
    MODE_CURSOR2 = _number(_READ | _WRITE, 0xBB, sizeof(Cursor2))
    MODE_ATOMIC = _number(_READ | _WRITE, 0xBC, sizeof(AtomicCommit))
    MODE_CREATEPROPBLOB = _number(_READ | _WRITE, 0xBD, sizeof(CreateBlob))
    MODE_DESTROYPROPBLOB = _number(_READ | _WRITE, 0xBE, sizeof(DestroyDumb))
