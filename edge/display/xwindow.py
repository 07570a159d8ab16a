"""A window of an X server that shows a picture: the blocking half of `edge.display.window`."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from Xlib import XK, X, Xatom, Xutil, display, error
from Xlib.protocol import event as xevent
from Xlib.protocol.rq import Event

from edge.display.base import CloseRequested, InputEvent, PointerInput
from edge.display.letterbox import Letterbox
from edge.display.xkeys import HeldKeys, Modifiers, keysym_for
from edge.errors import DisplayError
from edge.geometry import Rect, Size
from edge.pixels import Picture, blank

# Of a window's width and height, what a first picture as large as the screen may take: room for frames and panels.
SHARE_OF_SCREEN = 0.9
# The core protocol ends a request at 65,535 words; a PutImage has six of its own.
PUT_IMAGE_BYTES = (65_535 - 6) * 4
EVENTS = (
    X.KeyPressMask
    | X.KeyReleaseMask
    | X.ButtonPressMask
    | X.ButtonReleaseMask
    | X.PointerMotionMask
    | X.ExposureMask
    | X.StructureNotifyMask
    | X.FocusChangeMask
)


class XWindow:
    """Shows one picture, letter-boxed, and reads keys, pointer and the wish to close.

    Every method may block on the X server, raises `DisplayError` when that has gone, and belongs to one thread.
    OpenCV's own windows would not do: they know no key releases, keep Ctrl and the wheel to themselves, and lose
    every character that is not ASCII.
    """

    def __init__(self, title: str, name: str | None = None) -> None:
        """Open a window on the X server `name` (default: $DISPLAY); it is mapped by the first `show`."""
        try:
            self._display = display.Display(name)
        except (error.DisplayError, error.ConnectionClosedError, OSError) as reason:
            raise DisplayError(
                f"no X server answers at {name or '$DISPLAY'}: {reason}; set DISPLAY to one that does and may be used "
                "(XAUTHORITY), or choose the display headless"
            ) from reason
        screen = self._display.screen()
        self._screen = Size(screen.width_in_pixels, screen.height_in_pixels)
        bits = {form.depth: form.bits_per_pixel for form in self._display.display.info.pixmap_formats}
        if bits.get(screen.root_depth) != 32:
            self._display.close()
            raise DisplayError(
                f"the X server's screen has a depth of {screen.root_depth}; one of 24 with 32 bits a pixel is needed"
            )
        self._window = screen.root.create_window(
            0, 0, 64, 64, 0, screen.root_depth, X.InputOutput, X.CopyFromParent, background_pixel=0, event_mask=EVENTS
        )
        self._gc = self._window.create_gc()
        self._delete = self._display.intern_atom("WM_DELETE_WINDOW")
        self._window.set_wm_protocols([self._delete])
        self._window.set_wm_class("edge", "Edge")
        self._window.change_text_property(self._atom("_NET_WM_NAME"), self._atom("UTF8_STRING"), title)
        self._window.change_text_property(Xatom.WM_NAME, self._atom("UTF8_STRING"), title)
        self._window.set_wm_hints(flags=Xutil.InputHint, input=1)
        self._hide_pointer()
        self._modifiers = self._read_modifiers()
        self._held = HeldKeys()
        self._buttons = 0
        self._picture = blank(Size(1, 1))
        self._box = Letterbox(Size(1, 1), Size(64, 64))
        self._mapped = False

    @property
    def connection(self) -> int:
        """The descriptor that becomes readable when the X server says something."""
        return int(self._display.fileno())

    def close(self) -> None:
        """Take the window away."""
        try:
            self._display.close()
        except (error.ConnectionClosedError, OSError):
            return  # the X server took it away first

    def show(self, picture: Picture, damage: Sequence[Rect]) -> list[InputEvent]:
        """Copy `damage` of `picture` and put it on the screen; also returns what `read` would have."""
        size = Size(picture.shape[1], picture.shape[0])
        try:
            if size != self._box.picture:
                self._picture = picture.copy()
                self._take_size(size)
            else:
                for rect in damage:
                    self._picture[rect.slices] = picture[rect.slices]
                self._put([self._box.to_window(rect) for rect in damage])
            return self.read()
        except (error.ConnectionClosedError, OSError) as reason:
            raise DisplayError(f"the X server closed the connection: {reason}") from reason

    def read(self) -> list[InputEvent]:
        """Return what the user did since the last call."""
        inputs: list[InputEvent] = []
        try:
            # Last, because whatever is sent may read events too, which then wait here and not in the socket.
            while self._display.pending_events():
                inputs.extend(self._translate(self._display.next_event()))
        except (error.ConnectionClosedError, OSError) as reason:
            raise DisplayError(f"the X server closed the connection: {reason}") from reason
        return inputs

    def _take_size(self, size: Size) -> None:
        """Make the window as large as a new size of picture, if it was as large as the old one."""
        untouched = self._box.window == self._fitted(self._box.picture)
        window = self._fitted(size) if untouched or not self._mapped else self._box.window
        self._box = Letterbox(size, window)
        self._window.configure(width=window.width, height=window.height)
        if not self._mapped:
            self._window.map()
            self._mapped = True
        self._window.clear_area()
        self._put([self._box.rect])

    def _fitted(self, picture: Size) -> Size:
        if picture.width <= self._screen.width and picture.height <= self._screen.height:
            return picture
        room = Size(int(self._screen.width * SHARE_OF_SCREEN), int(self._screen.height * SHARE_OF_SCREEN))
        return Letterbox(picture, room).rect.size

    def _put(self, parts: Sequence[Rect]) -> None:
        """Send `parts` of the window, in the window's coordinates."""
        area = self._box.rect
        scaled = self._picture
        if area.size != self._box.picture and parts:
            shrinks = area.width < self._box.picture.width
            # OpenCV does not resize 32-bit integers, but four bytes of one.
            pixels = self._picture.view(np.uint8).reshape(*self._picture.shape, 4)
            resized = cv2.resize(
                pixels, (area.width, area.height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
            )
            scaled = np.ascontiguousarray(resized).view(np.uint32).reshape(area.size.shape)
        depth = self._display.screen().root_depth
        for part in parts:
            rows = max(1, PUT_IMAGE_BYTES // (part.width * 4)) if part else 1
            for top in range(part.y, part.bottom, rows):
                strip = Rect(part.x, top, part.width, min(rows, part.bottom - top))
                data = scaled[strip.moved(-area.x, -area.y).slices].tobytes()
                self._window.put_image(self._gc, strip.x, strip.y, strip.width, strip.height, X.ZPixmap, depth, 0, data)
                # Not flush(): python-xlib 0.33 ends that after what the socket takes at once.
                self._display.sync()

    def _translate(self, event: Event) -> Iterator[InputEvent]:
        match event:
            case xevent.KeyPress():
                yield from self._held.press(event.detail, self._keysym(event.detail, event.state))
            case xevent.KeyRelease():
                yield from self._held.release(event.detail)
            case xevent.FocusOut():
                yield from self._held.release_all()
            case xevent.MotionNotify():
                yield self._pointer(event, self._buttons)
            case xevent.ButtonPress() if event.detail <= 8:
                yield self._pointer(event, self._buttons | 1 << event.detail - 1)
            case xevent.ButtonRelease() if event.detail <= 8:
                yield self._pointer(event, self._buttons & ~(1 << event.detail - 1))
            case xevent.Expose():
                self._put([Rect(event.x, event.y, event.width, event.height) & self._box.rect])
            case xevent.ConfigureNotify():
                self._resized(Size(max(1, event.width), max(1, event.height)))
            case xevent.MappingNotify():
                self._display.refresh_keyboard_mapping(event)
                self._modifiers = self._read_modifiers()
            case xevent.ClientMessage() if event.data[1][0] == self._delete:
                yield CloseRequested()
            case _:
                pass

    def _resized(self, window: Size) -> None:
        if window != self._box.window:
            self._box = Letterbox(self._box.picture, window)
            self._window.clear_area()
            self._put([self._box.rect])

    def _pointer(self, event: Event, buttons: int) -> PointerInput:
        self._buttons = buttons
        x, y = self._box.to_picture(event.event_x, event.event_y)
        return PointerInput(x, y, buttons)

    def _keysym(self, keycode: int, state: int) -> int:
        row = [self._display.keycode_to_keysym(keycode, index) for index in range(8)]
        return keysym_for(row, state, self._modifiers)

    def _read_modifiers(self) -> Modifiers:
        """Which modifiers the keyboard gives to Num Lock and AltGr."""
        bits = {
            self._display.keycode_to_keysym(keycode, 0): 1 << index
            for index, keycodes in enumerate(self._display.get_modifier_mapping())
            for keycode in keycodes
            if keycode
        }
        default = Modifiers()
        return Modifiers(
            bits.get(XK.XK_Num_Lock, default.num_lock),
            bits.get(XK.string_to_keysym("ISO_Level3_Shift"), default.level3),
        )

    def _hide_pointer(self) -> None:
        """Show no pointer of the X server's: the picture has its own."""
        nothing = self._window.create_pixmap(1, 1, 1)
        gc = nothing.create_gc(foreground=0)
        nothing.fill_rectangle(gc, 0, 0, 1, 1)
        cursor = nothing.create_cursor(nothing, (0, 0, 0), (0, 0, 0), 0, 0)
        self._window.change_attributes(cursor=cursor)

    def _atom(self, name: str) -> int:
        return int(self._display.intern_atom(name))
