"""Keys of a keyboard as keysyms, by a layout: what XKB and Compose make of the kernel's key codes.

Source: libxkbcommon; X11 protocol, "Keysym encoding"; the kernel's codes are XKB's less 8.
"""

from collections.abc import Iterable, Iterator

from xkbcommon import xkb

from edge.errors import ConfigError

_XKB_OFFSET = 8
_NOTHING = 0
_CRITICAL = 10
_CONTROL, _ALT = "Control", "Mod1"
_LATIN_LETTERS = range(ord("a"), ord("z") + 1)
#: Keysyms that only hold a modifier; they are never composed, and Compose must not be reset by them.
_MODIFIERS = range(0xFFE1, 0xFFEF)
#: The lamps of a keyboard as the kernel numbers them (LED_NUML, LED_CAPSL, LED_SCROLLL), by XKB's names.
LAMPS = {0: "Num Lock", 1: "Caps Lock", 2: "Scroll Lock"}

Press = tuple[int, bool]
"""A keysym, and whether it goes down."""


class Keyboard:
    """The state of the user's keyboards, which hold their modifiers together as one.

    `layout`, `variant` and `options` are XKB's names, several layouts being parted by commas ("kr", "us,de"); `locale`
    chooses the table of dead keys and compose sequences.
    """

    def __init__(self, layout: str = "us", variant: str = "", options: str = "", locale: str = "en_US.UTF-8") -> None:
        """Compile the layout; raises `ConfigError` if XKB does not know it."""
        context = xkb.Context()
        # What a wrong name leads to would be written to stderr, in several lines.
        context.set_log_level(_CRITICAL)
        try:
            keymap = context.keymap_new_from_names(layout=layout, variant=variant or None, options=options or None)
        except xkb.XKBKeymapCreationFailure as error:
            raise ConfigError(
                f"the keyboard layout {layout!r}"
                + (f" with the variant {variant!r}" if variant else "")
                + " is not known; the names are in /usr/share/X11/xkb/rules/base.lst (package xkb-data)"
            ) from error
        self._keymap = keymap
        self._state = keymap.state_new()
        self._latin = context.keymap_new_from_names(layout="us").state_new()
        self._compose = context.compose_table_new_from_locale(locale).compose_state_new()
        self._held: dict[int, int] = {}
        """What each key that is down was sent as; 0 if it went into a composition."""

    def press(self, code: int) -> Iterator[Press]:
        """Take a key of the kernel's `code` that goes down."""
        if not self._known(code):
            return
        # The same key of two keyboards: it is held as one thing only.
        yield from self._up(code)
        keysym = self._composed(self._symbol(code))
        self._state.update_key(code + _XKB_OFFSET, xkb.XKB_KEY_DOWN)
        self._held[code] = keysym
        if keysym != _NOTHING:
            yield keysym, True

    def release(self, code: int) -> Iterator[Press]:
        """Take a key that goes up: as what it was sent when it went down, whatever it would be now."""
        if not self._known(code):
            return
        self._state.update_key(code + _XKB_OFFSET, xkb.XKB_KEY_UP)
        yield from self._up(code)

    def _up(self, code: int) -> Iterator[Press]:
        keysym = self._held.pop(code, _NOTHING)
        if keysym != _NOTHING and keysym not in self._held.values():
            yield keysym, False

    def repeat(self, code: int) -> Iterator[Press]:
        """Take the repetition of a key that is held, if the layout lets it repeat."""
        keysym = self._held.get(code, _NOTHING)
        if keysym != _NOTHING and self._keymap.key_repeats(code + _XKB_OFFSET):
            yield keysym, True

    def release_all(self, codes: Iterable[int] | None = None) -> Iterator[Press]:
        """Let go of `codes`, or of everything, as when a keyboard is pulled out or the screen is locked."""
        for code in list(self._held if codes is None else codes):
            yield from self.release(code)
        if codes is None:
            self._compose.reset()

    @property
    def lamps(self) -> frozenset[int]:
        """The lamps that are to be lit, by the kernel's numbers."""
        return frozenset(number for number, name in LAMPS.items() if self._lit(name))

    def _lit(self, name: str) -> bool:
        try:
            return bool(self._state.led_name_is_active(name))
        except xkb.XKBLEDDoesNotExist:
            return False

    def _known(self, code: int) -> bool:
        return 0 <= code <= int(self._keymap.max_keycode()) - _XKB_OFFSET

    def _symbol(self, code: int) -> int:
        """Find the keysym of a key; with Ctrl and Alt a letter is Latin, or no chord could be typed in Cyrillic."""
        keysym: int = self._state.key_get_one_sym(code + _XKB_OFFSET)
        latin: int = self._latin.key_get_one_sym(code + _XKB_OFFSET)
        foreign = keysym > 0xFF and latin in _LATIN_LETTERS
        return latin if foreign and self._active(_CONTROL) and self._active(_ALT) else keysym

    def _active(self, modifier: str) -> bool:
        return bool(self._state.mod_name_is_active(modifier, xkb.StateComponent.XKB_STATE_MODS_EFFECTIVE))

    def _composed(self, keysym: int) -> int:
        """Run a keysym through Compose: what is to be sent for it, 0 while a composition goes on or where it fails."""
        if keysym in _MODIFIERS or keysym == _NOTHING:
            return keysym
        if self._active(_CONTROL):
            # A shortcut types nothing, so a dead key before it must not take it away.
            self._compose.reset()
            return keysym
        self._compose.feed(keysym)
        match self._compose.get_status():
            case xkb.ComposeStatus.XKB_COMPOSE_COMPOSING:
                return _NOTHING
            case xkb.ComposeStatus.XKB_COMPOSE_COMPOSED:
                composed: int = self._compose.get_one_sym()
                self._compose.reset()
                return composed
            case xkb.ComposeStatus.XKB_COMPOSE_CANCELLED:
                self._compose.reset()
                return _NOTHING
            case _:
                return keysym
