import pytest

from edge.display.base import KeyInput
from edge.display.xkeys import LOCK, SHIFT, HeldKeys, Modifiers, keysym_for

NUM, ALT_GR, GROUP_2 = 0x10, 0x80, 1 << 13
A, DIGIT = (0x61, 0x41), (0x31, 0x21)
KP_7 = (0xFF95, 0xFFB7)
CYRILLIC = (0x61, 0x41, 0x6C6, 0x6E6)
GERMAN_Q = (0x71, 0x51, 0, 0, 0x40, 0x7D9)


@pytest.mark.parametrize(
    ("row", "state", "keysym"),
    [
        (A, 0, 0x61),
        (A, SHIFT, 0x41),
        (A, LOCK, 0x41),
        (A, SHIFT | LOCK, 0x61),
        ((0x61,), SHIFT, 0x41),
        ((0x1000451,), SHIFT, 0x1000401),
        ((0xDF,), SHIFT, 0xDF),
        (DIGIT, 0, 0x31),
        (DIGIT, SHIFT, 0x21),
        (DIGIT, LOCK, 0x31),
        (KP_7, 0, 0xFF95),
        (KP_7, NUM, 0xFFB7),
        (KP_7, NUM | SHIFT, 0xFF95),
        (CYRILLIC, GROUP_2, 0x6C6),
        (CYRILLIC, GROUP_2 | SHIFT, 0x6E6),
        (A, GROUP_2, 0x61),
        (GERMAN_Q, ALT_GR, 0x40),
        (GERMAN_Q, ALT_GR | SHIFT, 0x7D9),
        (A, ALT_GR, 0x61),
        ((0x100D55C, 0x100D55C), 0, 0x100D55C),
        ((0xFFC2,), SHIFT, 0xFFC2),
        ((), 0, 0),
    ],
)
def test_the_keysym_is_chosen_by_group_level_and_locks(row: tuple[int, ...], state: int, keysym: int) -> None:
    assert keysym_for(row, state, Modifiers()) == keysym


def test_a_key_goes_up_as_what_it_went_down_as() -> None:
    held = HeldKeys()
    assert [*held.press(50, 0xFFE1), *held.press(38, 0x41)] == [KeyInput(0xFFE1, True), KeyInput(0x41, True)]
    assert [*held.release(50), *held.release(38)] == [KeyInput(0xFFE1, False), KeyInput(0x41, False)]


def test_keys_without_a_meaning_or_a_press_are_dropped() -> None:
    held = HeldKeys()
    assert [*held.press(97, 0), *held.release(97), *held.release(44)] == []


def test_losing_the_focus_releases_everything_once() -> None:
    held = HeldKeys()
    list(held.press(37, 0xFFE3))
    list(held.press(38, 0x61))
    assert set(held.release_all()) == {KeyInput(0xFFE3, False), KeyInput(0x61, False)}
    assert [*held.release(38), *held.release_all()] == []


def test_what_is_held_stays_out_of_the_repr() -> None:
    held = HeldKeys()
    list(held.press(38, 0x61))
    assert "97" not in repr(held)
    assert "38" not in repr(held)
