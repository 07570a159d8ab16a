"""Keys by the kernel's codes, layouts by the real libxkbcommon."""

from itertools import chain

import pytest
from evdev import ecodes

from edge.errors import ConfigError
from edge.input.keyboard import Keyboard
from edge.input.keymap import Key, keysym_of


def strike(keyboard: Keyboard, *codes: int) -> list[tuple[int, bool]]:
    """Press the keys one after the other and let go of them in the opposite order."""
    return list(
        chain(*(list(keyboard.press(code)) for code in codes), *(list(keyboard.release(c)) for c in codes[::-1]))
    )


def downs(presses: list[tuple[int, bool]]) -> list[int]:
    return [keysym for keysym, down in presses if down]


def test_a_letter_goes_down_and_up() -> None:
    assert strike(Keyboard(), ecodes.KEY_A) == [(ord("a"), True), (ord("a"), False)]


@pytest.mark.parametrize(
    ("layout", "codes", "expected"),
    [
        ("us", (ecodes.KEY_LEFTSHIFT, ecodes.KEY_2), "@"),
        ("de", (ecodes.KEY_Z,), "y"),
        ("de", (ecodes.KEY_RIGHTALT, ecodes.KEY_Q), "@"),
        ("fr", (ecodes.KEY_2,), "é"),
        ("us,ru", (ecodes.KEY_Q,), "q"),
    ],
)
def test_a_layout_says_what_a_key_means(layout: str, codes: tuple[int, ...], expected: str) -> None:
    assert downs(strike(Keyboard(layout), *codes))[-1] == keysym_of(expected)


@pytest.mark.parametrize("variant", ["", "kr104"])
def test_the_korean_keyboard_has_hangul_and_hanja(variant: str) -> None:
    keyboard = Keyboard("kr", variant)
    hangul, hanja = (
        (ecodes.KEY_HANGEUL, ecodes.KEY_HANJA) if not variant else (ecodes.KEY_RIGHTALT, ecodes.KEY_RIGHTCTRL)
    )
    assert downs(strike(keyboard, hangul)) == [Key.HANGUL]
    assert downs(strike(keyboard, hanja)) == [Key.HANGUL_HANJA]


def test_a_dead_key_waits_for_its_letter() -> None:
    keyboard = Keyboard("us", "intl")
    assert strike(keyboard, ecodes.KEY_APOSTROPHE) == []
    assert strike(keyboard, ecodes.KEY_E) == [(keysym_of("é"), True), (keysym_of("é"), False)]
    assert downs(strike(keyboard, ecodes.KEY_E)) == [ord("e")]


def test_a_dead_key_before_what_it_does_not_go_with_is_dropped_with_it() -> None:
    keyboard = Keyboard("us", "intl")
    strike(keyboard, ecodes.KEY_APOSTROPHE)
    assert strike(keyboard, ecodes.KEY_1) == []
    assert downs(strike(keyboard, ecodes.KEY_1)) == [ord("1")]


def test_shift_in_a_composition_does_not_end_it() -> None:
    keyboard = Keyboard("us", "intl")
    strike(keyboard, ecodes.KEY_APOSTROPHE)
    assert keysym_of("É") in downs(strike(keyboard, ecodes.KEY_LEFTSHIFT, ecodes.KEY_E))


def test_a_key_goes_up_as_what_it_went_down() -> None:
    keyboard = Keyboard()
    shift, letter = ecodes.KEY_LEFTSHIFT, ecodes.KEY_A
    pressed = list(
        chain(keyboard.press(shift), keyboard.press(letter), keyboard.release(shift), keyboard.release(letter))
    )
    assert pressed == [(Key.SHIFT_L, True), (ord("A"), True), (Key.SHIFT_L, False), (ord("A"), False)]


def test_letters_repeat_and_modifiers_do_not() -> None:
    keyboard = Keyboard()
    list(keyboard.press(ecodes.KEY_A))
    list(keyboard.press(ecodes.KEY_LEFTSHIFT))
    assert list(keyboard.repeat(ecodes.KEY_A)) == [(ord("a"), True)]
    assert list(keyboard.repeat(ecodes.KEY_LEFTSHIFT)) == []
    assert list(keyboard.repeat(ecodes.KEY_B)) == []


def test_caps_lock_lights_its_lamp() -> None:
    keyboard = Keyboard()
    assert keyboard.lamps == frozenset()
    strike(keyboard, ecodes.KEY_CAPSLOCK)
    assert keyboard.lamps == {ecodes.LED_CAPSL}
    assert downs(strike(keyboard, ecodes.KEY_A)) == [ord("A")]


def test_everything_that_is_held_can_be_let_go_of() -> None:
    keyboard = Keyboard()
    for code in (ecodes.KEY_LEFTCTRL, ecodes.KEY_C):
        list(keyboard.press(code))
    assert sorted(keyboard.release_all()) == [(ord("c"), False), (Key.CONTROL_L, False)]
    assert list(keyboard.release(ecodes.KEY_C)) == []
    assert downs(strike(keyboard, ecodes.KEY_C)) == [ord("c")]


def test_media_keys_have_keysyms() -> None:
    assert downs(strike(Keyboard(), ecodes.KEY_VOLUMEUP)) == [0x1008FF13]


def test_a_code_that_no_layout_has_does_nothing() -> None:
    assert strike(Keyboard(), 0x2FF, -1, 100000) == []


def test_a_layout_that_is_not_known_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'klingon'.*xkb-data"):
        Keyboard("klingon")


def test_a_key_of_two_keyboards_leaves_nothing_down() -> None:
    keyboard = Keyboard()
    presses = [*keyboard.press(ecodes.KEY_A), *keyboard.press(ecodes.KEY_LEFTSHIFT), *keyboard.press(ecodes.KEY_A)]
    presses += [*keyboard.release(ecodes.KEY_A), *keyboard.release(ecodes.KEY_A), *keyboard.release_all()]
    down = set()
    for keysym, goes_down in presses:
        (down.add if goes_down else down.discard)(keysym)
    assert not down
    assert downs(presses) == [ord("a"), Key.SHIFT_L, ord("A")]


def test_a_shortcut_after_a_dead_key_is_not_composed() -> None:
    keyboard = Keyboard("us", "intl")
    strike(keyboard, ecodes.KEY_APOSTROPHE)
    pressed = strike(keyboard, ecodes.KEY_LEFTCTRL, ecodes.KEY_LEFTALT, ecodes.KEY_L)
    assert downs(pressed) == [Key.CONTROL_L, Key.ALT_L, ord("l")]
    assert downs(strike(keyboard, ecodes.KEY_E)) == [ord("e")]


@pytest.mark.parametrize("layout", ["ru", "gr", "ru,us", "kr", "us"])
def test_a_chord_can_be_typed_on_every_layout(layout: str) -> None:
    keyboard = Keyboard(layout)
    assert downs(strike(keyboard, ecodes.KEY_LEFTCTRL, ecodes.KEY_LEFTALT, ecodes.KEY_L))[-1] == ord("l")
    assert downs(strike(keyboard, ecodes.KEY_LEFTCTRL, ecodes.KEY_LEFTALT, ecodes.KEY_F2))[-1] == 0x1008FE02


def test_a_letter_stays_the_layout_s_own_outside_of_chords() -> None:
    assert downs(strike(Keyboard("ru"), ecodes.KEY_LEFTCTRL, ecodes.KEY_L))[-1] == 0x6C4
    assert downs(strike(Keyboard("fr"), ecodes.KEY_LEFTCTRL, ecodes.KEY_LEFTALT, ecodes.KEY_Q))[-1] == ord("a")
