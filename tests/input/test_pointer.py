"""Mice, tablets and touch screens by the kernel's events."""

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from edge.geometry import Size
from edge.input.pointer import Axis, Pointer

SCREEN = Size(1920, 1080)
TABLET = Axis(0, 32767)


def test_a_mouse_moves_from_where_the_pointer_was() -> None:
    pointer = Pointer(SCREEN)
    pointer.relative(ecodes.REL_X, 100)
    pointer.relative(ecodes.REL_Y, 30)
    assert list(pointer.report()) == [(100, 30, 0)]
    pointer.relative(ecodes.REL_X, -40)
    assert list(pointer.report()) == [(60, 30, 0)]
    assert list(pointer.report()) == []


@given(st.lists(st.tuples(st.sampled_from([ecodes.REL_X, ecodes.REL_Y]), st.integers(-(1 << 31), (1 << 31) - 1))))
def test_a_mouse_never_leaves_the_screen(moves: list[tuple[int, int]]) -> None:
    pointer = Pointer(SCREEN)
    for code, value in moves:
        pointer.relative(code, value)
    for x, y, _ in pointer.report():
        assert (0 <= x < 1920, 0 <= y < 1080) == (True, True)


@pytest.mark.parametrize(
    ("value", "place"), [(0, 0), (32767, 1919), (16384, 960), (-5, 0), (40000, 1919)], ids=str
)  # fmt: skip
def test_a_tablet_points_at_a_place(value: int, place: int) -> None:
    pointer = Pointer(SCREEN)
    pointer.absolute(ecodes.ABS_X, value, TABLET)
    assert list(pointer.report()) == [(place, 0, 0)]


def test_an_axis_of_one_value_points_at_the_first_pixel() -> None:
    assert Axis(5, 5).place(5, 100) == 0
    assert Axis(9, 3).place(5, 100) in range(100)


def test_buttons_have_the_bits_of_rfb() -> None:
    pointer = Pointer(SCREEN)
    for code, bits in ((ecodes.BTN_LEFT, 1), (ecodes.BTN_RIGHT, 5), (ecodes.BTN_MIDDLE, 7)):
        assert pointer.button(code, down=True)
        assert list(pointer.report()) == [(0, 0, bits)]
    assert pointer.button(ecodes.BTN_LEFT, down=False)
    assert list(pointer.report()) == [(0, 0, 6)]


def test_a_finger_is_the_left_button_at_its_place() -> None:
    pointer = Pointer(SCREEN)
    pointer.absolute(ecodes.ABS_X, 16384, TABLET)
    pointer.absolute(ecodes.ABS_Y, 16384, TABLET)
    pointer.button(ecodes.BTN_TOUCH, down=True)
    assert list(pointer.report()) == [(960, 540, 1)]
    pointer.button(ecodes.BTN_TOUCH, down=False)
    assert list(pointer.report()) == [(960, 540, 0)]


@pytest.mark.parametrize(
    ("code", "value", "bit"),
    [(ecodes.REL_WHEEL, 1, 8), (ecodes.REL_WHEEL, -1, 16), (ecodes.REL_HWHEEL, -1, 32), (ecodes.REL_HWHEEL, 1, 64)],
)
def test_a_step_of_a_wheel_is_a_button_pressed_and_let_go_of(code: int, value: int, bit: int) -> None:
    pointer = Pointer(SCREEN)
    pointer.relative(code, value)
    assert [buttons for _, _, buttons in pointer.report()][-2:] == [bit, 0]


def test_a_wheel_that_claims_a_million_steps_is_believed_some() -> None:
    pointer = Pointer(SCREEN)
    pointer.relative(ecodes.REL_WHEEL, 1_000_000)
    assert len(list(pointer.report())) < 100


def test_a_screen_of_another_size_keeps_the_pointer_in_its_place() -> None:
    pointer = Pointer(SCREEN)
    pointer.absolute(ecodes.ABS_X, 32767, TABLET)
    pointer.absolute(ecodes.ABS_Y, 16384, TABLET)
    list(pointer.report())
    pointer.take_size(Size(960, 540))
    pointer.relative(ecodes.REL_X, 5)
    assert list(pointer.report()) == [(959, 270, 0)]


def test_keys_and_other_axes_are_none_of_its_business() -> None:
    pointer = Pointer(SCREEN)
    assert not pointer.button(ecodes.KEY_A, down=True)
    pointer.relative(ecodes.REL_MISC, 5)
    pointer.absolute(ecodes.ABS_PRESSURE, 5, TABLET)
    assert list(pointer.report()) == []
